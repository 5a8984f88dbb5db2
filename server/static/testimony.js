// For citizens, who have no session: what they write is kept on their device until it is sent, and a tap or a form that
// meets no network waits for it. Without this file, both screens are plain forms.

import { drop, get, names, put } from "./kept.js"

const DAY = 24 * 3600e3 // then a draft is forgotten: the device may be a counter's
const PATIENCE = 4_000 // milliseconds
const AGAIN = 5_000

const place = `temoignage:${location.pathname}`
const form = document.querySelector("form[data-testimony]")

for (const name of names("temoignage:")) if (!(Date.now() - get(name)?.at < DAY)) drop(name)


// ── Drafts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const over = "BroadcastChannel" in window ? new BroadcastChannel("temoignage") : undefined

const isTicked = field => ["radio", "checkbox"].includes(field.type)
const fields = () => [...form.elements].filter(field => field.name && !["hidden", "submit"].includes(field.type))

const written = () =>
  fields().map(field => [field.name, isTicked(field) ? field.value : "", isTicked(field) ? field.checked : field.value])

const fill = values => {
  for (const field of fields()) {
    const value = isTicked(field) ? field.value : ""
    const [, , said] = values.find(([name, which]) => name === field.name && which === value) ?? []
    const holds = isTicked(field) ? "checked" : "value"
    if (said === undefined || field[holds] === said) continue
    field[holds] = said
    const shut = field.closest("details")
    if (shut) shut.open = true
  }
}

const keepDrafts = () => {
  const drawn = written()
  const draft = get(place)
  let isOver = false
  if (draft && draft.revision !== form.dataset.revision) drop(place)
  else if (draft && JSON.stringify(draft.values) !== JSON.stringify(drawn)) {
    fill(draft.values)
    const said = form.querySelector("[data-part=found]")
    said.hidden = false
    said.querySelector("[data-do=forget]").addEventListener("click", () => {
      fill(drawn)
      drop(place)
      said.remove()
      form.elements[0]?.focus()
    })
  }
  form.addEventListener("input", () => {
    if (isOver) return
    put(place, { at: Date.now(), revision: form.dataset.revision, values: written() })
  })
  // Sent, or withdrawn, in another tab: what is typed in this one is nobody's draft.
  over?.addEventListener("message", ({ data }) => {
    if (data !== place) return
    isOver = true
    drop(place)
  })
}

if (form?.dataset.testimony === "tell") keepDrafts()

if (document.querySelector("[data-testimony-over]")) {
  drop(place)
  over?.postMessage(place)
}

// What one copies: a tap selects all of it.
document.querySelector("#link")?.addEventListener("focus", ({ target }) => target.select())


// ── Waiting for the network ────────────────────────────────────────────────────────────────────────────────────────

const answers = async () => {
  if (!navigator.onLine) return false
  try {
    await fetch("/sante/vivant", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    return true
  } catch {
    return false
  }
}

let waiting // the button that was pressed, while nobody answers
let isLeaving = false

const leave = async button => {
  if (!(await answers()) || waiting !== button) return
  waiting = undefined
  isLeaving = true // the browser sends it, as it would without this file: the same form, under the same key
  form.requestSubmit(button)
  isLeaving = false
}

form?.addEventListener("submit", event => {
  if (isLeaving) return
  event.preventDefault()
  waiting = event.submitter
  const button = waiting
  leave(button).then(() => {
    if (waiting !== button) return
    const said = form.querySelector(".gc-witness__waits")
    said.textContent = said.dataset.offline
  })
})

const retry = () => waiting && leave(waiting)

addEventListener("online", retry)
setInterval(retry, AGAIN)
