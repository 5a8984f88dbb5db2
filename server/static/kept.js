// What this browser keeps, and for whom. localStorage is written before a request leaves, survives the page, and is
// seen by the other tabs; where it is refused or full, the page's own memory stands in for it.

const PREFIX = "grille:"
const MONTH = 30 * 24 * 3600e3
const memory = new Map()

// Nobody's page keeps nothing: what is kept belongs to the person who was signed in.
export const person = document.body.dataset.person ?? ""

const storage = what => {
  try {
    return what(localStorage)
  } catch {
    return undefined
  }
}

export const put = (name, value) => {
  const text = JSON.stringify(value)
  const isWritten = storage(local => (local.setItem(PREFIX + name, text), true))
  if (isWritten) memory.delete(name)
  else memory.set(name, text)
}

const read = text => {
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

export const get = name => read(memory.get(name) ?? storage(local => local.getItem(PREFIX + name)))

export const drop = name => {
  memory.delete(name)
  storage(local => local.removeItem(PREFIX + name))
}

export const names = start => {
  const stored = storage(local => Object.keys(local)) ?? []
  const ours = stored.filter(name => name.startsWith(PREFIX)).map(name => name.slice(PREFIX.length))
  return [...new Set([...ours, ...memory.keys()])].filter(name => name.startsWith(start))
}

// Whether closing the page would lose something.
export const isFragile = () => memory.size > 0

// Tells `what(name, before, after)` of each thing another tab changed.
export const onChangeElsewhere = what =>
  addEventListener("storage", ({ key, oldValue, newValue }) => {
    // Others keep things here too (DSFR its theme), and not as JSON.
    if (key?.startsWith(PREFIX)) what(key.slice(PREFIX.length), read(oldValue), read(newValue))
  })

export const forget = whom => {
  for (const kind of ["gesture", "draft"]) names(`${kind}:${whom}:`).forEach(drop)
}

// Nothing stays for ever on a phone that may change hands.
for (const kind of ["gesture:", "draft:"]) {
  for (const name of names(kind)) if (!(Date.now() - get(name)?.at < MONTH)) drop(name)
}

// Signing out forgets, once it has happened: a sign-out that the network swallowed, or the server refused, forgets
// nothing.
const leaving = get("leaving")
if (leaving && !document.querySelector(".gc-refusal")) {
  if (leaving !== person) forget(leaving)
  drop("leaving")
}
