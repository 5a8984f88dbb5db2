// The timer: what is left of the point under way, by the server's clock; said aloud when a point starts and when it ends.
// Without this file one still reads until when it lasts.

const timer = () => document.querySelector("#timer [data-timer]")
const part = name => timer().querySelector(`[data-part=${name}]`)

// The server's time when this page's stopwatch was at zero. The page and each frame bring the server's time, a little
// late: the furthest is the truest. The device's own clock is not asked, it may be wrong.
let origin = -Infinity

const now = () => {
  for (const { dataset } of document.querySelectorAll("#cursor [data-now]")) {
    origin = Math.max(origin, Number(dataset.now) - performance.now())
  }
  return origin + performance.now()
}

const two = number => String(number).padStart(2, "0")

const written = seconds => {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return (hours ? `${hours}:${two(minutes)}` : minutes) + `:${two(seconds % 60)}`
}

const say = sentence => (document.getElementById("timer-said").textContent = sentence)

let known // the timer that was shown last, and whether its time was over

const announce = (id, isOver) => {
  if (known && id && timer().checkVisibility()) {
    const { dataset } = document.getElementById("timer-said")
    if (id !== known.id) say(part("title").parentElement.textContent.trim())
    else if (isOver && !known.isOver) say(`${dataset.over} ${part("title").textContent}`)
  }
  known = { id, isOver }
}

const show = left => {
  const isOver = left <= 0
  timer().toggleAttribute("data-over", isOver)
  part("over").hidden = !isOver
  const text = isOver ? "" : written(Math.ceil(left / 1000))
  if (part("left").textContent !== text) part("left").textContent = text
  announce(timer().dataset.timer, isOver)
}

let next

const tick = () => {
  clearTimeout(next)
  if (!document.getElementById("timer")) return
  const left = timer() ? Date.parse(timer().dataset.ends) - now() : NaN
  if (timer()) show(left)
  else announce("", false)
  next = setTimeout(tick, left > 0 ? (left % 1000) + 20 : 1000)
}

document.addEventListener("htmx:ws:after:message:incoming", tick)
document.addEventListener("visibilitychange", tick)
tick()
