"""Who is signed in at a citizen's page; whoever is not signs in first and comes back to where they wanted to go.

The session is asked at every page, so one that was ended elsewhere shows nothing from then on (row 78).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, g, request

from idp.accounts import sessions
from idp.accounts.assurance import Acr, Reached, acr_of
from idp.accounts.sessions import SessionRow
from idp.web import current, home_zone, languages, pages

# Where a sign-in that began at one of our own pages may lead back to: a path of ours and nothing else.
OWN_PAGE = re.compile(
    r"/(services|consents|receipts|disclosures|notifications|security|account)(/[a-z0-9_/-]{1,150})?"
)
FIRST_PAGE = "/services"


@dataclass(frozen=True)
class Citizen:
    """The citizen of this request, and how surely they are known now."""

    citizen_id: UUID
    session: SessionRow
    acr: Acr


def citizen() -> Citizen:
    """Raises `current.Elsewhere`, the way to the sign-in page, where nobody is signed in."""
    found = find()
    if found is None:
        raise current.Elsewhere(pages.see_other("/login?" + urlencode({"onward": _page_at_hand()})))
    return found


def _page_at_hand() -> str:
    """The page that was asked for, or the one whose form was sent: that is the nearest above it."""
    page, doors = request.path, current_app.url_map.bind("")
    while not doors.test(page or "/", "GET"):
        page = page.rpartition("/")[0]
    return page


def own_page(path: str | None) -> str:
    """The page to go on to after a sign-in of our own."""
    return path if path and OWN_PAGE.fullmatch(path) else FIRST_PAGE


def find_session() -> SessionRow | None:
    """This browser's live session, as it stands; looking is no use of it."""
    key = current.session_key()
    if key is None:
        return None
    return sessions.find(current.gate().database.hot(), key.citizen_id, key.session_id, key.secret_digest)


def find() -> Citizen | None:
    """For a page that anybody may see, and that says more to a citizen."""
    gate, key, row = current.gate(), current.session_key(), find_session()
    if key is None or row is None:
        return None
    sessions.touch(gate.database.hot(), row)
    g.session, g.form_secret = row, key.secret
    with current.reading() as db:
        profile = gate.vault.find_profile(db, row.citizen_id)
    if profile:
        languages.use_zone(home_zone.of(profile.values))
    return Citizen(row.citizen_id, row, acr_of(Reached(row.ial, row.aal, row.amr, row.authenticated_at), row.now))
