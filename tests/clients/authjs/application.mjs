// A small Express application, for the test: only login.mjs beside it is a recipe.
import { ExpressAuth, getSession } from '@auth/express'
import express from 'express'

import { configuration } from './login.mjs'
import { home } from '../home.mjs'

const application = express()
application.use(/^\/auth\/(.*)/, ExpressAuth(configuration)) // it wants an unnamed part, which Express 5 has only so
application.get('/', async (request, answer) => answer.send(home((await getSession(request, configuration))?.user)))
application.listen(Number(new URL(process.env.HOME_URL).port), '127.0.0.1')
