// What the person sees of the outbox: how much waits, what, why something came back, and what one may do with it.

import { fill, found, isAtHand, strays, write } from "./drafts.js"
import { drop, isFragile, person, put } from "./kept.js"
import {
  all, discard, isSignedOut, ofOthers, onChange, reopen, retry, returned, takeBack, waiting,
} from "./outbox.js"

const panel = document.getElementById("outbox")
const part = name => panel.querySelector(`[data-part=${name}]`)
const copyOf = template => document.getElementById(template).content.firstElementChild.cloneNode(true)
const say = (where, sentence) => where.textContent === sentence || (where.textContent = sentence)

const device = matchMedia("(max-width: 62em), (pointer: coarse)").matches ? "phone" : "desk"

const counted = (name, number) => {
  const sentence = number && panel.dataset[name + (number > 1 ? "Many" : "One")]
  return sentence ? sentence.replace("{number}", number).replace("{device}", panel.dataset[device]) : ""
}


// ── The bar ────────────────────────────────────────────────────────────────────────────────────────────────────────

const toggle = part("toggle")

const open = isOpen => {
  toggle.setAttribute("aria-expanded", isOpen)
  part("list").hidden = !isOpen
}

toggle.addEventListener("click", () => open(part("list").hidden))

panel.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || part("list").hidden) return
  open(false)
  toggle.focus()
})

part("retry").addEventListener("click", () => retry())

let farewell

document.addEventListener("outbox:arrived", () => {
  clearTimeout(farewell)
  panel.dataset.arrived = "yes"
  farewell = setTimeout(() => (delete panel.dataset.arrived, draw()), 8000)
})

const stateOf = ({ waits, back, left, others }) =>
  back ? "returned" : waits || others ? "waiting" : left ? "draft" : panel.dataset.arrived ? "arrived" : ""

const sentence = ({ waits, back, left, others }) =>
  [counted("waiting", waits), counted("returned", back), counted("draft", left), counted("others", others)]
    .filter(Boolean)
    .join("\u202f; ")

const draw = () => {
  const [waits, back] = [waiting(), returned()]
  const isBack = ({ form, base }) => back.some(gesture => gesture.form === form && gesture.base === base)
  const left = strays().filter(draft => !isBack(draft))
  const counts = { waits: waits.length, back: back.length, left: left.length, others: ofOthers() }
  const isEmpty = !waits.length && !back.length && !left.length
  const isOnItsWay = waits.length > 0 && !isSignedOut()
  panel.dataset.state = stateOf(counts)
  say(part("said"), panel.dataset.state === "arrived" ? panel.dataset.sent : sentence(counts))
  toggle.hidden = isEmpty
  if (isEmpty) open(false)
  part("retry").hidden = part("soon").hidden = !isOnItsWay
  part("sign-in").hidden = !counts.others && (isOnItsWay || !waits.length)
  list([...back, ...waits, ...left])
  tidy(waits)
  waits.forEach(mark)
}


// ── What waits, in its list ────────────────────────────────────────────────────────────────────────────────────────

const list = gestures => {
  const items = part("items")
  const before = new Map([...items.children].map(item => [item.dataset.key, item]))
  const after = gestures.map(gesture => {
    const known = before.get(gesture.key ?? gesture.name)
    return known?.dataset.drawn === appearance(gesture) ? known : item(gesture)
  })
  const hadFocus = items.contains(document.activeElement) && !after.some(kept => kept.contains(document.activeElement))
  const isSame = after.length === items.children.length && after.every((kept, index) => items.children[index] === kept)
  if (!isSame) items.replaceChildren(...after)
  if (hadFocus) (toggle.hidden ? document.getElementById("contenu") : toggle).focus()
}

// Back into its form: here, or on its own page.
const mayBeTaken = ({ state, typed, form, page }) =>
  state === "returned" && typed.length > 0 && (page !== location.pathname || isAtHand(found(form)))

const appearance = gesture => JSON.stringify([gesture.state, gesture.why, mayBeTaken(gesture)])

const item = gesture => {
  const drawn = copyOf("outbox-item")
  const spot = name => drawn.querySelector(`[data-part=${name}]`)
  drawn.dataset.key = gesture.key ?? gesture.name
  drawn.dataset.drawn = appearance(gesture)
  drawn.dataset.state = gesture.key ? gesture.state : "draft"
  if (gesture.key) {
    say(spot("label"), gesture.label)
    say(spot("about"), gesture.about)
  }
  if (gesture.why) say(spot("why"), panel.dataset[gesture.why] ?? gesture.why)
  else spot("why").remove()
  if (gesture.typed.length) write(spot("typed"), gesture.typed)
  else spot("typed").remove()
  offer(drawn, "take", mayBeTaken(gesture), () => take(gesture))
  offer(drawn, "copy", gesture.typed.length > 0, event => copy(gesture, event.currentTarget))
  offer(drawn, "again", gesture.state === "returned", () => retry(gesture))
  offer(drawn, "drop", true, () => (gesture.key ? discard(gesture) : (drop(gesture.name), draw())))
  return drawn
}

const offer = (drawn, action, isPossible, what) => {
  const button = drawn.querySelector(`[data-do=${action}]`)
  if (isPossible) button.addEventListener("click", what)
  else button.remove()
}

// Back into its form, here or on its own page, where its draft will be found.
const take = gesture => {
  const form = found(gesture.form)
  reopen(gesture)
  if (!isAtHand(form)) return location.assign(gesture.page)
  fill(form, gesture.values)
  form.closest("details")?.setAttribute("open", "")
  open(false)
  const field = form.querySelector("textarea, input:not([type=hidden])")
  field?.focus()
  field?.dispatchEvent(new Event("input", { bubbles: true }))
}

const copy = async ({ typed }, button) => {
  const text = typed.map(([, written]) => written).join("\n\n")
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without https there is no clipboard: the text is selected, ready for the person's own gesture.
    getSelection().selectAllChildren(button.closest("li").querySelector("[data-part=typed]"))
    document.execCommand("copy")
  }
  button.textContent = button.dataset.done
}


// ── What waits, in its place ───────────────────────────────────────────────────────────────────────────────────────

const tidy = waits => {
  for (const note of document.querySelectorAll(".gc-waiting")) {
    if (!waits.some(({ key }) => key === note.dataset.key)) note.remove()
  }
  for (const choice of document.querySelectorAll(".gc-ballot__choice--waiting")) {
    choice.classList.remove("gc-ballot__choice--waiting")
  }
  for (const form of document.querySelectorAll("form[inert]")) {
    if (!waits.some(({ form: wanted }) => found(wanted) === form)) form.inert = false
  }
}

const mark = gesture => {
  const [, indicator] = gesture.action.match(/^\/indicateurs\/([^/]+)\/vote/) ?? []
  const form = indicator ? undefined : found(gesture.form)
  const ballot = indicator && document.querySelector(`[id^="ballot-${indicator}-"][hx-morph-skip]`)
  const where = form ?? ballot
  if (!where) return
  const ofTheSame = ({ action }) => action.startsWith(`/indicateurs/${indicator}/vote`)
  const isLast = !waiting().some(other => other.order > gesture.order && ofTheSame(other))
  if (ballot && !isLast) return ballot.querySelector(`.gc-waiting[data-key="${gesture.key}"]`)?.remove()
  if (ballot && gesture.action.endsWith("/vote")) {
    const choice = new URLSearchParams(gesture.body).get("choice")
    ballot.querySelectorAll(`input[name=choice][value="${CSS.escape(choice)}"]`).forEach(({ form }) => {
      const button = form.closest("details")?.querySelector("summary") ?? form.querySelector(".gc-ballot__choice")
      button?.classList.add("gc-ballot__choice--waiting")
    })
  }
  const hadFocus = form?.contains(document.activeElement)
  if (gesture.isPlain && form && !form.inert) lock(form, gesture)
  if (document.querySelector(`.gc-waiting[data-key="${gesture.key}"]`)) return
  const note = copyOf(ballot ? "outbox-ballot" : "outbox-form")
  note.dataset.key = gesture.key
  note.querySelector("[data-part=label]")?.replaceChildren(gesture.label)
  const back = note.querySelector("[data-do=back]")
  if (gesture.isPlain) {
    back.addEventListener("click", () => {
      takeBack(gesture, form)
      form.querySelector("textarea, input:not([type=hidden])")?.focus()
    })
  } else back?.remove()
  if (ballot) ballot.append(note)
  else form.before(note)
  if (gesture.isPlain && hadFocus) back.focus()
}

const lock = (form, gesture) => {
  fill(form, gesture.values)
  form.removeAttribute("aria-busy")
  form.inert = true
}


// ── Leaving ────────────────────────────────────────────────────────────────────────────────────────────────────────

// The next person on this phone must find nothing: signing out says what it will erase, and asks.
document.addEventListener("submit", event => {
  const form = event.target
  if (new URL(form.action, location.href).pathname !== "/deconnexion" || form.dataset.isSure || !person) return
  put("leaving", person)
  if (!all().length) return
  event.preventDefault()
  drop("leaving")
  open(true)
  const asked = part("leaving")
  asked.hidden = false
  asked.querySelector("[data-do=leave]").onclick = () => {
    form.dataset.isSure = "yes"
    put("leaving", person)
    form.submit()
  }
  asked.querySelector("[data-do=stay]").onclick = () => {
    asked.hidden = true
    toggle.focus()
  }
  asked.querySelector("[data-do=leave]").focus()
})

addEventListener("beforeunload", event => isFragile() && all().length && event.preventDefault())

onChange(draw)
document.addEventListener("htmx:after:swap", draw)
document.addEventListener("htmx:ws:after:message:incoming", draw)
draw()
