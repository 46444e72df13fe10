import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, HOME_URL } = process.env
const local = ISSUER.startsWith('http://127.0.0.1') ? { execute: [oidc.allowInsecureRequests] } : {}
const told = { client_secret: CLIENT_SECRET, id_token_signed_response_alg: 'ES256' } // RS256 if you leave it out
const gapura = await oidc.discovery(new URL(ISSUER), CLIENT_ID, told, oidc.ClientSecretBasic(CLIENT_SECRET), local)

export async function start(session) {
  session.login = { verifier: oidc.randomPKCECodeVerifier(), state: oidc.randomState(), nonce: oidc.randomNonce() }
  const { verifier, state, nonce } = session.login
  const code_challenge = await oidc.calculatePKCECodeChallenge(verifier)
  const sent = { redirect_uri: `${HOME_URL}/callback`, scope: 'openid profile', code_challenge_method: 'S256' }
  return oidc.buildAuthorizationUrl(gapura, { ...sent, code_challenge, state, nonce }).href
}

export async function finish(session, url) {
  const { verifier: pkceCodeVerifier, state: expectedState, nonce: expectedNonce } = session.login
  const tokens = await oidc.authorizationCodeGrant(gapura, url, { pkceCodeVerifier, expectedState, expectedNonce })
  session.id_token = tokens.id_token
  session.citizen = await oidc.fetchUserInfo(gapura, tokens.access_token, tokens.claims().sub)
}

export function leave(session) {
  const back = { post_logout_redirect_uri: `${HOME_URL}/`, id_token_hint: session.id_token }
  return oidc.buildEndSessionUrl(gapura, back).href
}
