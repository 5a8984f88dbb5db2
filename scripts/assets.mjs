// Copies the browser's part of the npm packages to server/static/vendor/, so that the server needs no CDN and no bundler.
//
//   htmx/   htmx.min.js, hx-ws.min.js
//   dsfr/   dsfr.min.css, dsfr.module.min.js, utility/utility.min.css, icons/, artwork/{light,dark,system}.svg
//
// The Marianne and Spectral fonts and DSFR's favicon (a Marianne) are reserved to the State: they are copied, and the
// @font-face rules kept, only with STATE_IDENTITY=on (environment or .env), for an approved .gouv.fr site.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const vendor = join(root, "server/static/vendor")
const packages = join(root, "node_modules")

if (existsSync(join(root, ".env"))) process.loadEnvFile(join(root, ".env"))
const stateIdentity = /^(on|1|true|yes)$/i.test(process.env.STATE_IDENTITY ?? "")

const withoutMaps = text => text.replace(/\n?\/[/*][#@] sourceMappingURL=.*/g, "")
const withoutFonts = css => css.replace(/@font-face\s*\{[^}]*\}/g, "")

function write(name, text) {
  mkdirSync(dirname(join(vendor, name)), { recursive: true })
  writeFileSync(join(vendor, name), text)
}

const read = source => readFileSync(join(packages, source), "utf8")
const script = (source, name) => write(name, withoutMaps(read(source)))
const style = (source, name) => write(name, withoutMaps(stateIdentity ? read(source) : withoutFonts(read(source))))
const copy = (source, name) => cpSync(join(packages, source), join(vendor, name), { recursive: true })

rmSync(vendor, { recursive: true, force: true })

script("htmx.org/dist/htmx.min.js", "htmx/htmx.min.js")
script("htmx.org/dist/ext/hx-ws.min.js", "htmx/hx-ws.min.js")
copy("htmx.org/LICENSE", "htmx/LICENSE")

script("@gouvfr/dsfr/dist/dsfr.module.min.js", "dsfr/dsfr.module.min.js")
style("@gouvfr/dsfr/dist/dsfr.min.css", "dsfr/dsfr.min.css")
style("@gouvfr/dsfr/dist/utility/utility.min.css", "dsfr/utility/utility.min.css") // refers to ../icons/
copy("@gouvfr/dsfr/dist/icons", "dsfr/icons")
for (const theme of ["light", "dark", "system"])
  copy(`@gouvfr/dsfr/dist/artwork/${theme}.svg`, `dsfr/artwork/${theme}.svg`) // the display settings
copy("@gouvfr/dsfr/LICENSE.md", "dsfr/LICENSE.md")

if (stateIdentity) {
  copy("@gouvfr/dsfr/dist/fonts", "dsfr/fonts")
  copy("@gouvfr/dsfr/dist/favicon", "dsfr/favicon")
}
