import passport from 'passport'
import Strategy from 'passport-openidconnect'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, HOME_URL } = process.env
const gapura = {
  issuer: ISSUER,
  authorizationURL: `${ISSUER}/authorize`,
  tokenURL: `${ISSUER}/token`,
  userInfoURL: `${ISSUER}/userinfo`,
  skipUserProfile: false, // the name is at userinfo, not in the ID token
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  callbackURL: `${HOME_URL}/callback`,
  scope: ['profile'],
}
passport.use('gapura', new Strategy(gapura, (issuer, profile, done) => done(null, profile)))
