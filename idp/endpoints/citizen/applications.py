"""The portal's first page: every application, by search, by life event, and where I was last.

Needs no sign-in: people look for a service before they have an account. One tap on a row begins the sign-in there.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext

from consent import disclosures
from idp.claims.notice_words import in_language
from idp.clients import catalogue
from idp.clients.catalogue import Entry
from idp.web import current, languages, pages, signed_in
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_applications", __name__)

ROWS = 40
CONTINUED = 3
EVENT_NAMES = {
    "birth": lazy_gettext("Melahirkan"),
    "school": lazy_gettext("Sekolah dan kuliah"),
    "work": lazy_gettext("Bekerja"),
    "marriage": lazy_gettext("Menikah"),
    "health": lazy_gettext("Sakit dan berobat"),
    "business": lazy_gettext("Usaha"),
    "moving": lazy_gettext("Pindah rumah"),
    "retirement": lazy_gettext("Pensiun"),
    "death": lazy_gettext("Keluarga meninggal"),
    "disaster": lazy_gettext("Bencana"),
}


@dataclass(frozen=True)
class Service:
    """One row."""

    name: str
    agency: str
    purpose: str
    start: str


@blueprint.get("/")
def root() -> Response:
    return pages.see_other("/services")


@blueprint.get("/services")
def show() -> Response:
    gate, citizen = current.gate(), signed_in.find()
    entries = catalogue.entries(gate.registry.get(), gate.purposes.get(), gate.open_states, gate.issuer)
    query = request.args.get("q", "").strip()[: catalogue.LONGEST_QUERY]
    event = request.args.get("event", "")
    event = event if event in EVENT_NAMES else ""
    found = catalogue.search([entry for entry in entries if not event or event in entry.events], query)
    services = sorted(map(_service, found.entries), key=lambda one: (one.agency.casefold(), one.name.casefold()))
    page = _page()
    return pages.render(
        "citizen/applications.html",
        query=query,
        event=event,
        events=[
            (name, label) for name, label in EVENT_NAMES.items() if any(name in one.events for one in entries)
        ],
        instead=found.instead,
        continued=_continued(citizen, entries) if not query and not event and page == 0 else [],
        services=services[page * ROWS : (page + 1) * ROWS],
        further=_further(query, event, page) if len(services) > (page + 1) * ROWS else None,
    )


def _page() -> int:
    text = request.args.get("page", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _further(query: str, event: str, page: int) -> str:
    kept = {"q": query, "event": event, "page": str(page + 1)}
    return "?" + urlencode({name: value for name, value in kept.items() if value})


def _service(entry: Entry) -> Service:
    language = languages.current()
    return Service(
        name=in_language(entry.client.name, language),
        agency=in_language(entry.client.agency_name, language),
        purpose=in_language(entry.purpose, language),
        start=entry.start,
    )


def _continued(citizen: Citizen | None, entries: list[Entry]) -> list[Service]:
    """Where the citizen was last. On a shared device nobody learns who was where (experience.md §1.1)."""
    if citizen is None or citizen.session.on_shared_device:
        return []
    with current.reading() as db:
        seen = disclosures.last_seen(db, citizen.citizen_id)
    known = [entry for entry in entries if entry.client.client_no in seen]
    latest = sorted(known, key=lambda entry: seen[entry.client.client_no], reverse=True)
    return [_service(entry) for entry in latest[:CONTINUED]]
