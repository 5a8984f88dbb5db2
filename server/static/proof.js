// A page that asks for a proof: solves ALTCHA's challenge with its own worker, then sends the form again.
// Where a browser cannot (no worker, or no `crypto.subtle` outside of https), the wait that the page tells is the proof.

const WORKERS = 4

const form = document.getElementById("proof")
const state = document.getElementById("proof-state")
const waits = state.textContent
const until = Date.now() + form.dataset.seconds * 1000
const challenge = JSON.parse(form.dataset.challenge)

function solve() {
  const step = Math.max(1, Math.min(navigator.hardwareConcurrency || 1, WORKERS))
  const workers = Array.from({ length: step }, () => new Worker(form.dataset.worker))
  const found = workers.map((worker, counterStart) => new Promise((resolve, reject) => {
    worker.onerror = reject
    worker.onmessage = ({ data }) => data && !data.error ? resolve(data) : reject(data)
    worker.postMessage({ type: "work", challenge, counterStart, counterStep: step })
  }))
  return Promise.any(found).finally(() => workers.forEach(worker => worker.terminate()))
}

async function prove() {
  state.textContent = form.dataset.works
  const solution = await solve()
  form.elements.altcha.value = btoa(JSON.stringify({ challenge, solution }))
  state.textContent = form.dataset.done
  form.requestSubmit()
}

function wait() {
  state.textContent = waits
  setTimeout(() => { state.textContent = form.dataset.ready }, Math.max(0, until - Date.now()))
}

if (window.Worker && window.crypto?.subtle) prove().catch(wait)
else wait()
