// What a page adds to htmx: where the socket resumes, what is said when the network fails, one key per gesture.
// Without this file everything still works: a reload is always right.

const notice = () => document.getElementById("notice")

const tell = sentence => {
  const paragraph = document.createElement("p")
  paragraph.textContent = sentence
  notice()?.replaceChildren(paragraph)
}

const hush = () => notice()?.replaceChildren()

document.addEventListener("keydown", ({ key }) => key === "Escape" && hush())
document.addEventListener("click", ({ target }) => target.closest("#notice") && hush())


// ── The socket ─────────────────────────────────────────────────────────────────────────────────────────────────────

// Each frame leaves its gesture's number in #cursor. htmx reconnects to `connection.url`, sometimes without an event
// (a tab that comes back): the address is therefore kept up to date after every frame, not only before a connection.
const resume = ({ detail: { connection } }) => {
  const marks = [...document.querySelectorAll("#cursor [data-geste]")].map(mark => Number(mark.dataset.geste))
  const seen = Math.max(...marks)
  if (Number.isFinite(seen)) connection.url = connection.url.replace(/depuis=\d+/, `depuis=${seen}`)
}

const connected = state => ({ target }) => target.setAttribute("data-connection", state)

document.addEventListener("htmx:ws:after:message:incoming", resume)
document.addEventListener("htmx:ws:before:connection", resume)
document.addEventListener("htmx:ws:after:connection", connected("open"))
document.addEventListener("htmx:ws:close", event => {
  const { connection, code } = event.detail
  connected(connection.config.reconnectCodes.includes(code) ? "closed" : "ended")(event)
})

// Leaving closes the socket for good; a page the browser kept in memory would come back deaf.
addEventListener("pageshow", event => {
  if (event.persisted && document.querySelector("[data-connection]")) location.reload()
})


// ── What is being written

// A new text brings a new ballot; but a reason half written is not taken from anyone's hands. The vote will be for the
// text that was read, and the answer to it shows what changed.
const isBeingFilled = ballot =>
  [...ballot.querySelectorAll("input:not([type=hidden]), textarea")].some(
    input => input === document.activeElement || input.value !== input.defaultValue,
  )

document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  for (let index = tasks.length - 1; index >= 0; index--) {
    const { type, target } = tasks[index]
    if (type === "partial" && target?.id?.startsWith("ballot-") && isBeingFilled(target)) tasks.splice(index, 1)
  }
})


// ── The gestures ───────────────────────────────────────────────────────────────────────────────────────────────────

// The gesture nobody answered yet, for each thing it is about (`/indicateurs/k3f9`): sent again unchanged, it keeps its
// key and counts once; anything else said of that thing makes it a new one.
const unanswered = new Map()

const subject = ctx => new URL(ctx.request.action, location.href).pathname.split("/", 3).join("/")

// `randomUUID` exists only over https: on a workshop's local network there is http://192.168.x.
const newKey = () =>
  crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("")

const isGesture = ctx => ctx?.request && !/^(GET|HEAD)$/i.test(ctx.request.method)

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!isGesture(ctx)) return
  const said = `${ctx.request.action} ${new URLSearchParams(ctx.request.body)}`
  const waiting = unanswered.get(subject(ctx))
  const key = waiting?.said === said ? waiting.key : newKey()
  unanswered.set(subject(ctx), { said, key })
  ctx.request.headers["Idempotency-Key"] = key
})

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!isGesture(ctx)) return
  if (ctx.response.status < 500) unanswered.delete(subject(ctx))
  if (ctx.response.status < 400) hush()
})

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx?.request && ctx.text === undefined) tell(notice()?.dataset.offline)
})
