// Half-typed texts: kept while one types, for each form and the wording it starts from, until its gesture is acknowledged.

import { drop, get, names, person, put } from "./kept.js"

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
const lines = text => text.replace(/\r\n?/g, "\n")

// Every gesture by htmx is kept, unless the form says "never"; a plain form, only if it says "keep".
export const isKept = form =>
  Boolean(person) && form.dataset.outbox !== "never" && (form.dataset.outbox === "keep" || form.hasAttribute("hx-post"))

const path = form => new URL(form.getAttribute("action"), location.href).pathname

// One form of the site, wherever it is drawn: its address and what it says without being asked (a choice, a thread).
export const identity = form => {
  const hidden = [...form.querySelectorAll("input[type=hidden]:not([name=key], [name=base], [name=wording])")]
  return [path(form), ...hidden.map(({ name, value }) => `${name}=${value}`)].join("&")
}

export const base = form => form.querySelector("input[type=hidden]:is([name=base], [name=wording])")?.value ?? ""

export const found = wanted => [...document.forms].find(form => isKept(form) && identity(form) === wanted)


// ── Fields ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const isSilent = ({ name, type }) => !name || ["hidden", "submit", "button", "fieldset"].includes(type)

const fields = form => [...form.elements].filter(field => !isSilent(field))

const isTicked = field => ["radio", "checkbox"].includes(field.type)

const written = field => [...(field.options ?? [])].find(option => option.defaultSelected) ?? field.options?.[0]

const isChanged = field =>
  isTicked(field) ? field.checked !== field.defaultChecked
  : field.options ? field.value !== written(field)?.value
  : field.value !== field.defaultValue

const isTyped = field => !isTicked(field) && !field.options

// {name: [values]}
export const read = form => {
  const visible = new Set(fields(form).map(({ name }) => name))
  const values = {}
  for (const [name, value] of new FormData(form)) {
    if (visible.has(name)) (values[name] ??= []).push(lines(String(value)))
  }
  return values
}

export const fill = (form, values) => {
  for (const field of fields(form)) {
    if (!(field.name in values)) continue
    if (isTicked(field)) field.checked = values[field.name].includes(field.value)
    else field.value = values[field.name][0]
  }
}

const label = field => {
  const copy = (field.labels?.[0] ?? field).cloneNode(true)
  copy.querySelectorAll?.("span").forEach(span => span.remove())
  return copy.textContent.trim()
}

// What a person wrote, to be shown again: [label, text].
export const texts = (form, among) =>
  fields(form)
    .filter(field => isTyped(field) && field.value.trim() && (!among || field.name in among))
    .map(field => [label(field), field.value])

// Whether all of this is in front of the person's eyes.
export const shows = (form, values) => {
  const now = read(form)
  return Object.entries(values).every(([name, value]) => same(now[name], value))
}


// ── Drafts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const all = (wanted = "") => names(`draft:${person}:${wanted}`).map(name => ({ name, ...get(name) }))
const place = (wanted, number) => `draft:${person}:${wanted}:${number}`

// Half written again, after a refusal.
export const keep = ({ page, form, base, values, typed }) =>
  put(place(form, base), { page, form, base, values, typed, at: Date.now() })

const forget = (wanted, number) => drop(place(wanted, number))

// What was sent needs no draft; what was written since keeps its own.
export const isSent = ({ form, base, values }) => {
  const draft = get(place(form, base))
  if (draft && Object.entries(draft.values).every(([name, value]) => same(values[name] ?? [], value))) forget(form, base)
}

document.addEventListener("input", ({ target }) => {
  const form = target.form
  if (!form || !isKept(form)) return
  // A form the server gives back holds what was typed before: the draft goes on from there.
  const before = get(place(identity(form), base(form)))?.values ?? {}
  const now = read(form)
  const values = {}
  for (const field of fields(form)) {
    if (isChanged(field) || field.name in before) values[field.name] = now[field.name] ?? []
  }
  keep({ page: location.pathname, form: identity(form), base: base(form), values, typed: texts(form, values) })
})

const note = (form, template) => {
  const copy = document.getElementById(template).content.firstElementChild.cloneNode(true)
  form.querySelector(".gc-draft")?.remove()
  form.prepend(copy)
  const shut = form.closest("details")
  if (shut) shut.open = true
  return copy
}

const onClick = (said, action, what) =>
  said.querySelector(`[data-do=${action}]`).addEventListener("click", ({ currentTarget }) => {
    const form = currentTarget.form
    what()
    said.remove()
    fields(form)[0]?.focus()
  })

const take = (form, values) => {
  const before = new Map(fields(form).map(field => [field, isTicked(field) ? field.checked : field.value]))
  fill(form, values)
  return () => before.forEach((value, field) => (isTicked(field) ? (field.checked = value) : (field.value = value)))
}

// The draft of this very wording goes back into the fields; one of an earlier wording is offered beside the new text.
const restore = form => {
  const mine = get(place(identity(form), base(form)))
  if (mine) {
    const untouched = new Set(fields(form).filter(field => !isChanged(field)).map(({ name }) => name))
    const values = Object.fromEntries(Object.entries(mine.values).filter(([name]) => untouched.has(name)))
    if (!Object.keys(values).length || shows(form, values)) return
    const undo = take(form, values)
    onClick(note(form, "draft-found"), "forget", () => (undo(), forget(identity(form), base(form))))
    return
  }
  const [older] = all(`${identity(form)}:`).sort((one, other) => other.at - one.at)
  if (!older || shows(form, older.values)) return
  const said = note(form, "draft-older")
  said.querySelector("[data-base]").textContent = older.base
  write(said.querySelector("[data-typed]"), older.typed)
  onClick(said, "take", () => {
    take(form, older.values)
    drop(older.name)
    fields(form)[0]?.dispatchEvent(new Event("input", { bubbles: true }))
  })
  onClick(said, "forget", () => drop(older.name))
}

export const write = (list, typed) =>
  list.replaceChildren(
    ...typed.flatMap(([term, text]) => {
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")]
      dt.textContent = term
      dd.textContent = text
      return [dt, dd]
    }),
  )

const met = new WeakSet()

const look = () => {
  for (const form of document.forms) {
    if (met.has(form) || !isKept(form)) continue
    met.add(form)
    restore(form)
  }
}

// A form within reach: drawn, if only in a fold, at this stage and for this seat.
const isDrawn = element => !element || (getComputedStyle(element).display !== "none" && isDrawn(element.parentElement))

export const isAtHand = form => Boolean(form) && isDrawn(form)

// Begun on this page, in a form that is not there any more: a stage that moved on, a thread that was hidden.

export const strays = () =>
  all().filter(({ page, form, typed }) => page === location.pathname && typed.length && !isAtHand(found(form)))

// A new text brings a new ballot; but a reason half written is not taken from anyone's hands. The vote will be for the
// text that was read, and the answer to it shows what changed.
export const isBeingFilled = ballot =>
  [...ballot.querySelectorAll("input:not([type=hidden]), textarea")].some(
    input => input === document.activeElement || input.value !== input.defaultValue,
  )

document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  for (let index = tasks.length - 1; index >= 0; index--) {
    const { type, target } = tasks[index]
    if (type === "partial" && target?.id?.startsWith("ballot-") && isBeingFilled(target)) tasks.splice(index, 1)
  }
})

document.addEventListener("htmx:after:swap", look)
document.addEventListener("DOMContentLoaded", look) // after the outbox, which says what was sent
