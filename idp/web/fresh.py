"""What every change of an authenticator has in common: it asks for a sign-in of the last five minutes, second
factor included (protocol.md §6 row 92), and once done it ends what rested on the old one, tells the citizen on
every channel, and goes on in this browser under a new secret (row 72).
"""

from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from idp.accounts import sessions, totp
from idp.accounts.assurance import aal_of
from idp.authorization.look import SessionKey
from idp.errors import PageError
from idp.revocation import account
from idp.revocation.account import Change
from idp.signals import notifications
from idp.web import current, known_browsers, languages, pages, session_cookie, signed_in
from idp.web.signed_in import Citizen

FRESH = timedelta(minutes=5)
Headers = list[tuple[str, str]]


def citizen(page: str) -> Citizen:
    """The citizen, if they proved lately who they are; else the way to prove it and come back to `page`."""
    found = signed_in.citizen()
    session = found.session
    if session.authenticated_at <= session.now - FRESH:
        raise current.Elsewhere(pages.see_other("/login?" + urlencode({"onward": page})))
    with current.reading() as db:
        has_app = totp.is_set_up(db, found.citizen_id)
    # By what was proved, not by the session's level: for a day after a recovery that is basic whatever was proved.
    if has_app and aal_of(session.amr) < 2:
        raise current.Elsewhere(pages.see_other("/login/second?" + urlencode({"onward": page})))
    return found


def changed(db: Session, citizen: Citizen, change: Change, told: str) -> Headers:
    """All that goes with a change, in its transaction; the cookies that this browser goes on with."""
    gate, session = current.gate(), citizen.session
    account.credential_changed(db, citizen.citizen_id, session.session_id, change)
    renewed = sessions.renew(
        db, session, aal=aal_of(session.amr), amr=session.amr, reauthenticated=False
    )  # no new auth_time: nothing was proved again for applications (row 94)
    if renewed is None:
        raise PageError("page_expired", 400, "the session ended or was renewed meanwhile")
    notifications.warn(db, gate.vault, citizen.citizen_id, told, languages.current())
    key = SessionKey(citizen.citizen_id, renewed.session_id, renewed.secret)
    cookies = [session_cookie.setting(gate, key, session.now)]
    if not session.on_shared_device:
        # Known again: the change made every browser that knew the citizen a stranger, and this one is no stranger.
        known = known_browsers.read(gate.sealer, current.exchange().cookie(known_browsers.COOKIE), gate.clock())
        cookies.append(known_browsers.remember(gate.sealer, known, citizen.citizen_id, session.now))
    return cookies
