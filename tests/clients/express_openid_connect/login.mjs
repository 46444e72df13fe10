import { auth } from 'express-openid-connect'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, HOME_URL } = process.env
export const login = auth({
  issuerBaseURL: ISSUER,
  baseURL: HOME_URL,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  secret: `${CLIENT_SECRET}-cookie`,
  authRequired: false,
  idpLogout: true,
  authorizationParams: { response_type: 'code', scope: 'openid profile' },
})
