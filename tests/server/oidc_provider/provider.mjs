// An OpenID Connect provider that we did not write, for tests: it lets in whom they name, and ends when they do.
//
// It is given on the command line, as JSON, the two addresses of the site and its secret; it prints its own address.
// Two clients: `simple`, whose profile is plain JSON, and `signed`, for whom everything is signed with a curve.

import { generateKeyPairSync } from "node:crypto"
import { createServer } from "node:http"
import { Provider } from "oidc-provider"

// The first releases of node 20 do not have it.
URL.parse ??= (address) => (URL.canParse(address) ? new URL(address) : null)

const { secret, back, farewell } = JSON.parse(process.argv[2])
const MINUTE = 60
const PEOPLE = {
  alix: { given_name: "Alix", family_name: "Morvan", email: "alix.morvan@demo.example" },
}

function key(kind, options, alg) {
  return { ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }), use: "sig", alg }
}

function client(id, more) {
  return {
    client_id: id,
    client_secret: secret,
    redirect_uris: [back],
    post_logout_redirect_uris: [farewell],
    token_endpoint_auth_method: "client_secret_post",
    ...more,
  }
}

function configuration() {
  return {
    clients: [
      client("simple", { id_token_signed_response_alg: "RS256" }),
      client("signed", { id_token_signed_response_alg: "ES256", userinfo_signed_response_alg: "ES256" }),
    ],
    jwks: { keys: [key("rsa", { modulusLength: 2048 }, "RS256"), key("ec", { namedCurve: "P-256" }, "ES256")] },
    cookies: { keys: ["only for tests"] },
    pkce: { required: () => true },
    acrValues: ["pwd", "mfa"],
    claims: { openid: ["sub"], profile: ["given_name", "family_name"], email: ["email"], acr: null },
    ttl: { AccessToken: MINUTE, AuthorizationCode: MINUTE, IdToken: MINUTE, Interaction: 600, Session: 600, Grant: 600 },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    loadExistingGrant: consented,
  }
}

// Nobody is asked whether the site may know them: that is not what is tried here.
async function consented({ oidc }) {
  const { session, client } = oidc
  if (!session.accountId) return undefined
  const known = session.grantIdFor(client.clientId)
  if (known) return provider.Grant.find(known)
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope("openid profile email")
  await grant.save()
  return grant
}

// `?sub=alix&acr=mfa`: that person, with that level. `?error=…`: nobody, for that reason.
async function interact(request, response, { sub, acr, error }) {
  const result = error ? { error, error_description: "said by the test" } : { login: { accountId: sub, acr } }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

let provider
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, provider.issuer)
  if (pathname.startsWith("/interaction/")) interact(request, response, Object.fromEntries(searchParams))
  else provider.callback()(request, response)
})
server.listen(0, "127.0.0.1", () => {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, configuration())
  console.log(provider.issuer)
})

// The test holds the other end: when it goes, whatever the reason, so do we.
process.stdin.on("end", () => process.exit()).resume()
