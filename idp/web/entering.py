"""The moment a citizen is signed in: a session for this browser, the cookies that say so, and the way on.

A new secret at every sign-in (row 72). Who signs in again keeps the session, so nothing of it ends and no
application is told of a sign-out. Where somebody else is signed in, nobody takes their place unasked (C011). A
browser that is not shared is remembered, so that strangers' wrong guesses do not keep the citizen out at home.
"""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from idp.accounts import sessions
from idp.accounts.assurance import aal_of
from idp.accounts.devices import read_user_agent
from idp.accounts.login import SignedIn
from idp.accounts.sessions import NewSession
from idp.accounts.states import SessionEnd
from idp.authorization.look import SessionKey
from idp.errors import PageError
from idp.revocation import session as revocation
from idp.web import current, known_browsers, session_cookie, sign_in, signed_in
from idp.web.sign_in import Screening


def enter(
    outcome: SignedIn, screen: Screening | None, *, proved_at: datetime, shared_device: bool, onward: str | None
) -> Response:
    """Sign this citizen in here, and lead the browser on: to the application, or to the page it asked for."""
    make_way(outcome.citizen_id, screen, onward)
    again = f"/login?{urlencode(_way(screen, onward))}"
    started = begin(outcome, proved_at=proved_at, shared_device=shared_device, again_at=again)
    return lead_on(outcome, started, screen, shared_device=shared_device, onward=onward)


def begin(outcome: SignedIn, *, proved_at: datetime, shared_device: bool, again_at: str) -> NewSession:
    """The citizen's session in this browser, new or renewed. Nobody else's is there: `make_way` saw to it.

    `proved_at`: when the password was proved. Was it changed since, or the account closed or suspended, `again_at`
    is where a citizen proves who they are once more.
    """
    with current.writing() as db:
        started = _again(db, outcome, shared_device) or _anew(db, outcome, proved_at, shared_device)
    if started is None:
        raise PageError("page_expired", 400, "the account or its password was changed meanwhile", again_at)
    return started


def make_way(citizen_id: UUID, screen: Screening | None, onward: str | None) -> None:
    """Tell whoever proved to be this citizen that somebody else is signed in here, and lead to where that one can
    be signed out. Two people at one device share no session, and neither ends the other's by mistake.
    """
    there = signed_in.find_session()
    if there is None or there.citizen_id == citizen_id:
        return
    way = f"/login/account?{urlencode(_way(screen, onward))}"
    raise PageError("signed_in_as_another", 409, "another citizen is signed in at this browser", way)


def _way(screen: Screening | None, onward: str | None) -> dict[str, str]:
    """What the next page of this sign-in must know: its story, or the page of ours that it is for."""
    return {"handle": screen.story.handle} if screen is not None else {"onward": signed_in.own_page(onward)}


def _again(db: Session, outcome: SignedIn, shared_device: bool) -> NewSession | None:
    """The same citizen in the same browser: the session goes on under a new secret."""
    session = signed_in.find_session()
    if (
        session is None
        or session.citizen_id != outcome.citizen_id
        or session.on_shared_device is not shared_device
    ):
        return None
    return sessions.renew(db, session, aal=aal_of(outcome.amr), amr=outcome.amr, reauthenticated=True)


def _anew(db: Session, outcome: SignedIn, proved_at: datetime, shared_device: bool) -> NewSession | None:
    before = current.session_key()
    if before is not None:
        revocation.end(db, before.citizen_id, before.session_id, SessionEnd.LOGGED_OUT)
    return sessions.start(
        db, current.gate().vault, citizen_id=outcome.citizen_id, aal=aal_of(outcome.amr), amr=outcome.amr,
        shared_device=shared_device, device=read_user_agent(request.headers.get("User-Agent")),
        proved_at=proved_at,
    )  # fmt: skip


def lead_on(
    outcome: SignedIn, session: NewSession, screen: Screening | None, *, shared_device: bool, onward: str | None
) -> Response:
    """Give the browser its session, new or renewed, and the next address."""
    key = SessionKey(outcome.citizen_id, session.session_id, session.secret)
    cookies = cookies_of(key, session, shared_device=shared_device)
    if screen is not None:
        return sign_in.onward(screen, key, cookies)
    return Response(status=303, headers=[("Location", signed_in.own_page(onward)), *cookies])


def cookies_of(key: SessionKey, session: NewSession, *, shared_device: bool) -> list[tuple[str, str]]:
    """The headers that sign this browser in, and remember it where it is the citizen's own."""
    gate = current.gate()
    cookies = [session_cookie.setting(gate, key, session.authenticated_at)]
    if not shared_device:
        known = known_browsers.read(gate.sealer, current.exchange().cookie(known_browsers.COOKIE), gate.clock())
        cookies.append(known_browsers.remember(gate.sealer, known, key.citizen_id, session.authenticated_at))
    return cookies
