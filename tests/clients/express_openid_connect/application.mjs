// A small Express application, for the test: only login.mjs beside it is a recipe.
import express from 'express'

import { login } from './login.mjs'
import { home } from '../home.mjs'

const application = express()
application.use(login)
application.get('/', async (request, answer) => {
  answer.send(home(request.oidc.isAuthenticated() ? await request.oidc.fetchUserInfo() : undefined))
})
application.listen(Number(new URL(process.env.HOME_URL).port), '127.0.0.1')
