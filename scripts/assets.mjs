// Copies the browser's part of the npm packages to server/static/vendor/, so that the server needs no CDN and no bundler.
//
//   htmx/   htmx.min.js, hx-ws.min.js
//   altcha/ pbkdf2.js: the worker that solves its challenges, without the rest
//   dsfr/   dsfr.min.css, dsfr.module.min.js, utility/utility.min.css, icons/, artwork/{light,dark,system}.svg
//
// Of DSFR's style, only what our pages name is kept: the whole is 133 KB compressed, more than a page with its text.
//
// The Marianne and Spectral fonts and DSFR's favicon (a Marianne) are reserved to the State: they are copied, and the
// @font-face rules kept, only with STATE_IDENTITY=on (environment or .env), for an approved .gouv.fr site.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, extname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const vendor = join(root, "server/static/vendor")
const packages = join(root, "node_modules")

if (existsSync(join(root, ".env"))) process.loadEnvFile(join(root, ".env"))
const stateIdentity = /^(on|1|true|yes)$/i.test(process.env.STATE_IDENTITY ?? "")

const withoutMaps = text => text.replace(/\n?\/[/*][#@] sourceMappingURL=.*/g, "")
const withoutFonts = css => css.replace(/@font-face\s*\{[^}]*\}/g, "")

// --- what our pages name ------------------------------------------------------------------------------------------------

const pages = ["templates", "server/static"].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true })
    .filter(name => [".html", ".js"].includes(extname(name)) && !name.startsWith("vendor"))
    .map(name => readFileSync(join(root, folder, name), "utf8")))
const named = new Set(pages.flatMap(page => page.match(/[a-z0-9]+(?:[-_]+[a-z0-9]+)*/g)))

// A component is kept whole: `fr-btn--sm` keeps all that `fr-btn` may be. An icon is kept by its name alone.
const component = name => name.match(/^[a-z0-9]+(?:-[a-z0-9]+)*/)[0]
const components = new Set([...named].filter(name => name.startsWith("fr-")).map(component))
// Put on elements by DSFR's script.
for (const state of ["fr-collapse", "fr-collapsing", "fr-no-scroll", "fr-scroll-divider", "fr-transition-none"]) components.add(state)

const icon = name => name.replace(/^fr-icon-/, "")
const isKept = name => name.startsWith("fr-icon-") ? named.has(icon(name)) || named.has(name) : components.has(component(name))
const isUsed = selector => (selector.replace(/:not\([^)]*\)/g, "").match(/(?<=\.)fr-[\w-]+/g) ?? []).every(isKept)

// The rules of a style sheet: what is before each pair of braces, and what is between.
function* rules(css) {
  let start = 0, open = 0, depth = 0, quote = ""
  for (let at = 0; at < css.length; at++) {
    const letter = css[at]
    if (quote) quote = letter === quote ? "" : quote
    else if (letter === '"' || letter === "'") quote = letter
    else if (letter === "{" && depth++ === 0) open = at
    else if (letter === "}" && --depth === 0) {
      yield [css.slice(start, open), css.slice(open + 1, at)]
      start = at + 1
    }
  }
}

function onlyUsed(css) {
  let kept = ""
  for (let [before, between] of rules(css)) {
    if (/^@(media|supports)/.test(before)) between = onlyUsed(between)
    else if (!before.startsWith("@")) before = splitAtCommas(before).filter(isUsed).join()
    if (before && between) kept += `${before}{${between}}`
  }
  return kept
}

// Colours and lengths that no rule asks for any more: those that only other ones asked for go with them.
function withoutIdleNames(css, elsewhere) {
  const asked = new Set((css + elsewhere).match(/(?<=var\(\s*)--[\w-]+/g))
  const kept = css.replace(/(?<=[{;])(--[\w-]+):(?:[^;{}"']|"[^"]*"|'[^']*')*(?:;|(?=\}))/g, (said, name) => asked.has(name) ? said : "")
  return kept === css ? css : withoutIdleNames(kept, elsewhere)
}

// A selector's own commas, not those between parentheses.
const splitAtCommas = selectors => selectors.match(/(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[^,(])+/g)

// --- the files ----------------------------------------------------------------------------------------------------------

function write(name, text) {
  mkdirSync(dirname(join(vendor, name)), { recursive: true })
  writeFileSync(join(vendor, name), text)
}

const ours = readFileSync(join(root, "server/static/app.css"), "utf8")
const read = source => readFileSync(join(packages, source), "utf8")
const script = (source, name) => write(name, withoutMaps(read(source)))
// DSFR for browsers of today, and for paper; what it says to Internet Explorer is left out.
const whole = source => ["main", "print"].map(part => withoutMaps(read(`${source}.${part}.min.css`))).join("")
const notice = css => `${css.match(/\/\*!.*?\*\//s)[0]}\n`
const used = css => onlyUsed((stateIdentity ? css : withoutFonts(css)).replace(/\/\*.*?\*\//gs, "").replace(/@charset[^;]*;/g, ""))
const copy = (source, name) => cpSync(join(packages, source), join(vendor, name), { recursive: true })

rmSync(vendor, { recursive: true, force: true })

script("htmx.org/dist/htmx.min.js", "htmx/htmx.min.js")
script("htmx.org/dist/ext/hx-ws.min.js", "htmx/hx-ws.min.js")
copy("htmx.org/LICENSE", "htmx/LICENSE")

script("altcha/dist/workers/pbkdf2.js", "altcha/pbkdf2.js")
copy("altcha/LICENSE.txt", "altcha/LICENSE.txt")

script("@gouvfr/dsfr/dist/dsfr.module.min.js", "dsfr/dsfr.module.min.js")
const dsfr = whole("@gouvfr/dsfr/dist/dsfr"), utility = whole("@gouvfr/dsfr/dist/utility/utility")
write("dsfr/dsfr.min.css", notice(dsfr) + withoutIdleNames(used(dsfr), ours + used(utility)))
write("dsfr/utility/utility.min.css", notice(utility) + used(utility)) // refers to ../icons/
copy("@gouvfr/dsfr/dist/icons", "dsfr/icons")
for (const theme of ["light", "dark", "system"])
  copy(`@gouvfr/dsfr/dist/artwork/${theme}.svg`, `dsfr/artwork/${theme}.svg`) // the display settings
copy("@gouvfr/dsfr/LICENSE.md", "dsfr/LICENSE.md")

if (stateIdentity) {
  copy("@gouvfr/dsfr/dist/fonts", "dsfr/fonts")
  copy("@gouvfr/dsfr/dist/favicon", "dsfr/favicon")
}
