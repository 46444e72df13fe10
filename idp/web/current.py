"""What a page door asks of the request at hand: the process's parts, the browser, who is signed in, a transaction.

Flask-SQLAlchemy binds one session to the request; it commits when `writing()` is left, and nothing is answered
before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy
from flask import Flask, current_app, g, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from idp.authorization.look import SessionKey
from idp.database import lost_is_away
from idp.exchange import Request
from idp.gate import Gate
from idp.web import session_cookie
from idp.web.session_cookie import Browser


class RequestSessions(SQLAlchemy):
    """Flask-SQLAlchemy over the engine of this process's `Database`, with its role and limits."""

    def _make_engine(self, _: str | None, __: dict[str, Any], app: Flask) -> sqlalchemy.Engine:
        found: Gate = app.extensions["gapura"]
        return found.database.engine


sessions = RequestSessions(session_options={"expire_on_commit": False})


def install(app: Flask) -> None:
    """Give an application its request-bound sessions; `app.extensions["gapura"]` is set before."""
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://"  # the engine itself is made elsewhere
    sessions.init_app(app)


class Elsewhere(Exception):
    """The page at hand is not for this browser now: the response that leads it on."""

    def __init__(self, response: BaseResponse) -> None:
        super().__init__("elsewhere")
        self.response = response


def gate() -> Gate:
    found: Gate = current_app.extensions["gapura"]
    return found


def exchange() -> Request:
    """The request as doors read it."""
    if "exchange" not in g:
        g.exchange = Request(request.environ)
    found: Request = g.exchange
    return found


def browser() -> Browser:
    """This browser; `remember_browser` gives it its secret with the answer."""
    if "browser" not in g:
        g.browser = session_cookie.browser(exchange())
    found: Browser = g.browser
    return found


def session_key() -> SessionKey | None:
    return session_cookie.read(gate(), exchange())


@contextmanager
def writing() -> Iterator[Session]:
    """The request's session as one transaction: committed on leaving, rolled back on an exception."""
    with lost_is_away():
        try:
            yield sessions.session()
            sessions.session.commit()
        except BaseException:
            sessions.session.rollback()
            raise


@contextmanager
def reading() -> Iterator[Session]:
    with gate().database.reading() as db:
        yield db


def now() -> datetime:
    """The database's time."""
    return gate().now()
