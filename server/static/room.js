// What a page adds to htmx: where the socket resumes, what is said when the network fails; the rest in the files below.
// Without this file everything still works: a reload is always right.

import "./drafts.js"
import "./outbox.js"
import "./outbox_panel.js"

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


// ── The notice ─────────────────────────────────────────────────────────────────────────────────────────────────────

const isGesture = ctx => ctx?.request && !/^(GET|HEAD)$/i.test(ctx.request.method)

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (isGesture(ctx) && ctx.response.status < 400) hush()
})

// Help while one types is not asked for without a network; when it does not come, nobody misses it.
document.addEventListener("htmx:config:request", event => {
  if (event.detail.ctx.sourceElement.dataset.quiet && !navigator.onLine) event.preventDefault()
})

// A gesture that is kept says so by itself: this is for the others.
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx?.request && ctx.text === undefined && !ctx.sourceElement.dataset.quiet) tell(notice()?.dataset.offline)
})
