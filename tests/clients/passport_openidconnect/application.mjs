// A small Express application, for the test: only login.mjs beside it is a recipe.
import express from 'express'
import session from 'express-session'
import passport from 'passport'

import './login.mjs'
import { home } from '../home.mjs'

passport.serializeUser((profile, done) => done(null, { sub: profile.id, name: profile.displayName }))
passport.deserializeUser((citizen, done) => done(null, citizen))

const application = express()
application.use(session({
  name: process.env.CLIENT_ID, secret: process.env.CLIENT_SECRET, resave: false, saveUninitialized: false,
}))
application.use(passport.session())
application.get('/', (request, answer) => answer.send(home(request.user)))
application.get('/login', passport.authenticate('gapura'))
application.get('/callback', passport.authenticate('gapura', { successRedirect: '/', failureRedirect: '/' }))
application.listen(Number(new URL(process.env.HOME_URL).port), '127.0.0.1')
