// A small Express application, for the test: only login.mjs beside it is a recipe.
import express from 'express'
import session from 'express-session'

import { finish, leave, start } from './login.mjs'
import { home } from '../home.mjs'

const application = express()
application.use(session({
  name: process.env.CLIENT_ID, secret: process.env.CLIENT_SECRET, resave: false, saveUninitialized: false,
}))
application.get('/', (request, answer) => answer.send(home(request.session.citizen)))
application.get('/login', async (request, answer) => answer.redirect(await start(request.session)))
application.get('/callback', async (request, answer) => {
  await finish(request.session, new URL(request.originalUrl, process.env.HOME_URL))
  answer.redirect('/')
})
application.get('/logout', (request, answer) => {
  const onward = leave(request.session)
  request.session.destroy(() => answer.redirect(onward))
})
application.listen(Number(new URL(process.env.HOME_URL).port), '127.0.0.1')
