const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const gapura = {
  id: 'gapura',
  name: 'Gapura',
  type: 'oidc',
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  authorization: { params: { scope: 'openid profile' } },
  checks: ['pkce', 'state', 'nonce'],
  profile: (claims) => ({ id: claims.sub, name: claims.name }), // no e-mail: it may be missing
}
// Without this `sub` is a number that Auth.js draws anew at each sign-in.
const jwt = ({ token, account }) => (account ? { ...token, sub: account.providerAccountId } : token)
const session = ({ session, token }) => ({ ...session, user: { sub: token.sub, name: token.name } })
export const configuration = { providers: [gapura], callbacks: { jwt, session }, secret: CLIENT_SECRET, trustHost: true }
