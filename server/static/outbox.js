// The outbox: every gesture is written down before it leaves, sent in order, one at a time, and forgotten only when the
// server gives it a number. What is refused comes back with its text (outbox_panel.js shows all this).

import { base, found, identity, isBeingFilled, isKept, isSent, keep, read, shows, texts } from "./drafts.js"
import { drop, get, names, onChangeElsewhere, person, put } from "./kept.js"

const ANSWER = 20_000 // milliseconds: later than that, it is as if nobody had answered
const SLOW = 3_000 // from then on the person is told that it waits
const SURE = 23 * 3600e3 // the server knows a key again for a day; past that, nobody knows if the gesture arrived
const PATIENCE = 60_000
const FAULTS = 5 // a server that breaks so many times on one gesture does not hold up the others

const listeners = new Set()
const changed = () => listeners.forEach(listener => listener())
export const onChange = listener => listeners.add(listener)


// ── What is kept ───────────────────────────────────────────────────────────────────────────────────────────────────

const place = key => `gesture:${person}:${key}`
const save = gesture => put(place(gesture.key), gesture)
const still = gesture => get(place(gesture.key))

const inOrder = (one, other) => one.order - other.order || (one.key < other.key ? -1 : 1)

export const all = () => (person ? names(place("")).map(get).filter(Boolean).sort(inOrder) : [])

const queue = () => all().filter(({ state }) => state !== "returned")

// What is shown as waiting: what left a second ago is only on its way.
export const waiting = () => queue().filter(({ state }) => state === "kept")
export const returned = () => all().filter(({ state }) => state === "returned")
export const ofOthers = () => (person ? 0 : names("gesture:").length)

// `randomUUID` exists only over https: on a workshop's local network there is http://192.168.x.
const newKey = () =>
  crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("")

const plainText = element => {
  const copy = element?.cloneNode(true)
  copy?.querySelectorAll(".fr-sr-only").forEach(hidden => hidden.remove())
  return copy?.textContent.replace(/\s+/g, " ").trim() ?? ""
}

const thing = action => action.split("/", 3).join("/")

const describe = (form, submitter, body) => {
  const around = form.closest(".gc-card") ?? document.querySelector("main")
  const named = [".gc-chip", ".gc-card__title, .gc-heading__title"].map(where => plainText(around.querySelector(where)))
  return {
    action: new URL(form.getAttribute("action"), location.href).pathname,
    body: String(body),
    label: plainText(submitter ?? form.querySelector("[type=submit]")),
    about: named.filter(Boolean).join(" · "),
    page: location.pathname,
    form: identity(form),
    base: base(form),
    values: read(form),
    typed: texts(form),
    isPlain: !form.hasAttribute("hx-post"),
  }
}

// Said again unchanged, it is the same gesture; said otherwise, another, and it waits for its turn.
const add = (gesture, key) => {
  const before = queue()
  const last = before.filter(({ action }) => thing(action) === thing(gesture.action)).at(-1)
  if (last && last.action === gesture.action && last.body === gesture.body) return last
  const order = Math.max(Date.now(), ...before.map(({ order }) => order + 1))
  const added = { ...gesture, key: key || newKey(), person, at: Date.now(), order, state: "leaving" }
  save(added)
  return added
}


// ── Where a gesture comes from ─────────────────────────────────────────────────────────────────────────────────────

const forms = new Map() // key → the form on this page, and htmx's own request if it waits for the answer
const settled = new Set()

const isGesture = ctx => ctx?.request && !/^(GET|HEAD)$/i.test(ctx.request.method)

// Moving a room on is of the moment: it is not kept. Tried again at once, it is still the same gesture.
const moments = new Map()

const ofTheMoment = ctx => {
  const said = String(new URLSearchParams(ctx.request.body))
  const tried = moments.get(ctx.request.action)
  const key = tried?.said === said ? tried.key : newKey()
  moments.set(ctx.request.action, { said, key })
  return key
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!isGesture(ctx)) return
  const { request } = ctx
  const form = request.form
  if (person) request.headers["X-Personne"] = person
  if (!form || !isKept(form)) {
    request.headers["Idempotency-Key"] = ofTheMoment(ctx)
    return
  }
  const gesture = add(describe(form, request.submitter, new URLSearchParams(request.body)))
  request.headers["Idempotency-Key"] = gesture.key
  request.timeout = 0 // the outbox counts the time
  ctx.fetch = () =>
    new Promise((resolve, reject) => {
      const hushed = () => reject(new DOMException("", "AbortError"))
      if (settled.has(gesture.key) || forms.has(gesture.key)) return hushed()
      forms.set(gesture.key, { form, ctx, resolve, hushed })
      flush()
    })
})

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (isGesture(ctx) && ctx.response.status < 500) moments.delete(ctx.request.action)
})

// A browser writes CRLF when it sends a form itself: the same gesture by either way is the same text.
const sentByTheBrowser = (form, submitter) => {
  const body = new URLSearchParams()
  for (const [name, value] of new FormData(form, submitter)) {
    if (name !== "key") body.append(name, String(value).replace(/\r\n?|\n/g, "\r\n"))
  }
  return body
}

document.addEventListener("submit", event => {
  const { target: form, submitter } = event
  if (event.defaultPrevented || !isKept(form) || form.hasAttribute("hx-post")) return
  event.preventDefault()
  if ([...forms.values()].some(known => known.form === form)) return
  const gesture = add(describe(form, submitter, sentByTheBrowser(form, submitter)), form.elements.key?.value)
  forms.set(gesture.key, { form })
  form.setAttribute("aria-busy", "true")
  flush()
})

// The page the server would have shown: the same key and the same text are one gesture, and it answers as the first time.
const submitAgain = gesture => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: gesture.action, hidden: true })
  for (const [name, value] of [["key", gesture.key], ...new URLSearchParams(gesture.body)]) {
    const field = Object.assign(document.createElement("textarea"), { name })
    field.value = value
    form.append(field)
  }
  document.body.append(form)
  form.submit()
}


// ── Sending ────────────────────────────────────────────────────────────────────────────────────────────────────────

const alone = async what => {
  if (navigator.locks) return navigator.locks.request("grille:outbox", () => what())
  // Without https there are no locks: a tab says that it sends, and the key counts a gesture once should two believe it.
  const me = newKey()
  const isFree = () => !(get("sender")?.until > Date.now()) || get("sender")?.tab === me
  if (!isFree()) return again(500)
  const hold = () => put("sender", { tab: me, until: Date.now() + 2 * ANSWER })
  hold()
  await new Promise(soon => setTimeout(soon, 50))
  if (!isFree()) return again(500)
  try {
    return await what(hold)
  } finally {
    drop("sender")
  }
}

let isSending = false
let isAwaited = false
let isNobody = false
let misses = 0
let timer

const again = delay => {
  clearTimeout(timer)
  timer = setTimeout(flush, delay)
}

const pause = () => Math.max(0, Math.min((get("pause") ?? 0) - Date.now(), 10 * PATIENCE))

export const flush = async () => {
  isAwaited = true
  if (isSending || !person) return
  isSending = true
  clearTimeout(timer)
  try {
    while (isAwaited) {
      isAwaited = false
      await alone(drain)
    }
  } finally {
    isSending = false
    changed()
  }
}

// Now, whatever the timer, the server or the past said.
export const retry = async gesture => {
  drop("pause")
  isNobody = false
  misses = 0
  if (gesture) save({ ...gesture, state: "kept", tried: undefined, faults: 0, why: undefined, isReopened: false })
  changed()
  await flush()
}

const drain = async hold => {
  let gesture
  while ((gesture = queue()[0])) {
    if (isNobody || pause() || (await attempt(gesture)) === "waits") {
      queue().forEach(stays)
      const growing = Math.min(PATIENCE, 1000 * 2 ** misses++) * (0.75 + Math.random() / 2)
      if (!isNobody) again(Math.max(pause(), growing))
      return
    }
    misses = 0
    hold?.()
  }
}

const stays = gesture => {
  if (gesture.state !== "kept") save({ ...gesture, state: "kept" })
  const here = forms.get(gesture.key)
  if (!here) return
  forms.delete(gesture.key)
  here.hushed?.()
  isSent(gesture) // the outbox has it now
  empty(here.form, gesture)
  changed()
}

// Ready for something else, unless it already says something else.
const empty = (form, { values, typed }) => {
  if (!form.hasAttribute("hx-post") || !shows(form, values)) return
  form.reset()
  if (typed.length) form.closest("details.gc-ballot__more")?.removeAttribute("open")
}

const asProgram = ({ key }) => ({ Accept: "application/json", "Idempotency-Key": key, "X-Personne": person })

const attempt = async gesture => {
  let here = forms.get(gesture.key)
  if (here?.ctx && !here.form.isConnected) {
    here.hushed()
    forms.delete(gesture.key)
    here = undefined
  }
  if (Date.now() - gesture.tried > SURE) return comesBack(gesture, "doubt")
  save({ ...gesture, tried: gesture.tried ?? Date.now() })
  const slow = setTimeout(() => {
    if (still(gesture)) save({ ...still(gesture), state: "kept" })
    changed()
  }, SLOW)
  const limit = new AbortController()
  const late = setTimeout(() => limit.abort(), ANSWER)
  let response
  try {
    response = await fetch(gesture.action, {
      method: "POST",
      // How long it waited: what was said before a text changed is not said of the text that came after.
      headers: { ...(here?.ctx?.request.headers ?? asProgram(gesture)), "X-Attente": Math.max(0, Date.now() - gesture.at) },
      body: new URLSearchParams(gesture.body),
      keepalive: gesture.body.length < 50_000, // a page that closes lets it finish
      signal: limit.signal,
    })
  } catch {
    return "waits"
  } finally {
    clearTimeout(slow)
    clearTimeout(late)
  }
  return heard(gesture, response, here)
}

const heard = async (gesture, response, here) => {
  const { status } = response
  const now = still(gesture)
  if (!now) return "gone" // forgotten while it was on its way: it may have arrived all the same
  if (response.ok && response.headers.has("X-Geste")) return arrived(now, response, here)
  if (status === 401) {
    isNobody = true
    return "waits"
  }
  if (status === 429 || status === 503) {
    const asked = response.headers.get("Retry-After")
    const seconds = Number(asked) || (Date.parse(asked) - Date.now()) / 1000
    if (seconds > 0) put("pause", Date.now() + seconds * 1000)
    return "waits"
  }
  if (status === 500) {
    if ((now.faults ?? 0) + 1 >= FAULTS) return comesBack(now, "broken")
    save({ ...now, faults: (now.faults ?? 0) + 1 })
    return "waits"
  }
  if (status < 400 || status > 500 || status === 408 || status === 425) return "waits" // not our server's answer
  if (here?.ctx && here.form.isConnected) {
    leaves(now)
    here.resolve(response) // the form is still there, as typed: htmx shows what the server says of it
    return "refused"
  }
  const { raison, champs } = here?.ctx ? {} : await response.json().catch(() => ({}))
  return comesBack(now, Object.values(champs ?? {}).join(" ") || raison || "refused", here)
}

const leaves = gesture => {
  settled.add(gesture.key)
  forms.delete(gesture.key)
  drop(place(gesture.key))
}

// The plain form this very gesture was sent from, when one still looks at it.
const formOf = (gesture, here) => {
  const form = gesture.isPlain && (here?.form ?? found(gesture.form))
  return form && (here || form.inert) ? form : undefined
}

const arrived = (gesture, response, here) => {
  leaves(gesture)
  isSent(gesture)
  returned().filter(old => old.isReopened && old.form === gesture.form).forEach(leaves)
  if (here?.ctx) here.resolve(response)
  else if (formOf(gesture, here)) submitAgain(gesture)
  else refresh(gesture)
  if (gesture.state === "kept") document.dispatchEvent(new CustomEvent("outbox:arrived"))
  changed()
  return "arrived"
}

const comesBack = (gesture, why, here) => {
  // In doubt, it is not sent once more unless the person says so: the server may know its key no longer.
  const form = why === "doubt" ? undefined : formOf(gesture, here)
  const waits = forms.get(gesture.key)
  forms.delete(gesture.key)
  waits?.hushed?.()
  if (!form) waits?.form.removeAttribute("aria-busy")
  save({ ...gesture, state: "returned", why, isReopened: Boolean(form) })
  if (gesture.typed.length) keep(gesture)
  if (form) submitAgain(gesture) // the server's own page: both texts, or what to correct
  changed()
  return "refused"
}

// The person's own ballot, unless something is being written in it or still waits for it.
const refresh = ({ action }) => {
  const [, indicator] = action.match(/^\/indicateurs\/([^/]+)\/vote/) ?? []
  const ballot = indicator && document.querySelector(`[id^="ballot-${indicator}-"][hx-morph-skip]`)
  if (!ballot || isBeingFilled(ballot) || queue().some(other => thing(other.action) === thing(action))) return
  htmx.ajax("GET", `/indicateurs/${indicator}/bulletin`, { target: ballot, swap: "outerHTML" })
}


// ── What one does with it ──────────────────────────────────────────────────────────────────────────────────────────

export const discard = gesture => {
  isSent(gesture)
  forms.get(gesture.key)?.hushed?.()
  leaves(gesture)
  changed()
}

export const reopen = gesture => {
  save({ ...gesture, state: "returned", isReopened: true })
  changed()
}

// Taken back into its form before it left; said anew, it will be another gesture.
export const takeBack = (gesture, form) => {
  discard(gesture)
  if (form.elements.key) form.elements.key.value = newKey()
}

export const isSignedOut = () => isNobody

onChangeElsewhere((name, before, after) => {
  if (name.startsWith(place(""))) {
    const here = before && forms.get(before.key)
    if (here && (!after || after.state === "returned")) {
      forms.delete(before.key)
      here.hushed?.()
      empty(here.form, before)
    }
    if (!after && before) refresh(before)
  }
  changed()
})

queue().forEach(isSent)

// A refused text that the page shows in its form has come back for good.
for (const gesture of returned()) {
  const form = gesture.isReopened && found(gesture.form)
  if (form && shows(form, gesture.values)) leaves(gesture)
}

const comesAround = () => {
  misses = 0
  flush()
}

addEventListener("online", comesAround)
document.addEventListener("htmx:ws:after:connection", comesAround)
document.addEventListener("visibilitychange", () => document.hidden || comesAround())
flush()
