"""Who looked at my data: every release and refusal, newest first, by day, with what, what for, on which basis.

Where the holder of the data asked about a token, the row names it too: it learned what the application may have.
A row names no third person. What a statute hides until a day is not in the list before it, and the foot says so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from consent import disclosures
from consent.decision import Reason
from consent.disclosures import Disclosure
from idp.claims.notice_words import in_language
from idp.clients.registry import Client, Registry
from idp.web import current, languages, look_basis, pages, permits, signed_in
from idp.web.look_basis import ByLaw

blueprint = Blueprint("citizen_disclosures", __name__)

ROWS = 20
MONTHS = 12
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Look:
    """One row. `given`: whether anything left; `basis`: why, or why not; `asked_by`: the data provider that
    looked, if it is another agency than the application's own.
    """

    at: datetime
    agency: str
    service: str
    labels: str
    purpose: str
    basis: str
    given: bool
    consent_id: UUID | None
    asked_by: str | None


@dataclass(frozen=True)
class Day:
    """The looks of one day in the citizen's time zone."""

    at: datetime
    looks: tuple[Look, ...]


@dataclass(frozen=True)
class Month:
    """A choice of the filter. `value`: 2026-11."""

    value: str
    name: str
    since: datetime
    until: datetime


@blueprint.get("/disclosures")
def show() -> Response:
    citizen = signed_in.citizen()
    gate, months = current.gate(), _months(citizen.session.now)
    registry = gate.registry.get()
    seen_by = _clients_of(request.args.get("agency", ""), registry)
    month = next((month for month in months if month.value == request.args.get("month")), None)
    with current.reading() as db:
        found = disclosures.list_for(
            db, citizen.citizen_id, before=_cursor(), limit=ROWS + 1,
            since=month.since if month else None, until=month.until if month else None,
            client_nos=[client.client_no for client in seen_by] if seen_by else None,
        )  # fmt: skip
        seen = disclosures.last_seen(db, citizen.citizen_id)
        by_law = look_basis.by_law(db, citizen.citizen_id)
    return pages.render(
        "citizen/disclosures.html",
        days=_by_day([_look(row, by_law) for row in found[:ROWS]]),
        months=months,
        month=month,
        this_month=month == months[0] and not seen_by,
        agencies=_agencies(registry.by_no[number] for number in seen if number in registry.by_no),
        agency=seen_by[0].agency_code if seen_by else None,
        older=_older(found[ROWS - 1], seen_by, month) if len(found) > ROWS else None,
    )


def _clients_of(agency_code: str, registry: Registry) -> list[Client]:
    if not agency_code:
        return []
    return [client for client in registry.by_no.values() if client.agency_code == agency_code]


def _cursor() -> UUID | None:
    try:
        return UUID(request.args["before"])
    except (KeyError, ValueError):
        return None


def _older(last: Disclosure, seen_by: list[Client], month: Month | None) -> str:
    kept = {"agency": seen_by[0].agency_code if seen_by else "", "month": month.value if month else ""}
    return "?" + urlencode(
        {"before": str(last.disclosure_id), **{name: value for name, value in kept.items() if value}}
    )


def _agencies(clients: Iterable[Client]) -> list[tuple[str, str]]:
    """Code and name of each agency that has seen something, by name."""
    names = {client.agency_code: in_language(client.agency_name, languages.current()) for client in clients}
    return sorted(names.items(), key=lambda agency: agency[1].casefold())


def _look(row: Disclosure, by_law: Mapping[UUID, ByLaw]) -> Look:
    gate, language = current.gate(), languages.current()
    client, catalogue = gate.registry.get().by_no[row.client_no], gate.attributes.get()
    purpose = gate.purposes.get().by_no.get(row.purpose_no)
    labels = [permits.label_of(catalogue.by_no[number]) for number in sorted(row.attribute_nos)]
    reason = Reason(row.reason)
    return Look(
        at=row.disclosed_at,
        agency=in_language(client.agency_name, language),
        service=in_language(client.name, language),
        labels=permits.listed(labels),
        purpose=in_language(purpose.sentence, language) if purpose else "",
        basis=look_basis.of(row, by_law),
        given=reason.permits,
        consent_id=row.consent_id,
        asked_by=_asked_by(row, client),
    )


def _asked_by(row: Disclosure, client: Client) -> str | None:
    if row.source_agency_no is None or row.source_agency_no == client.agency_no:
        return None
    name = current.gate().registry.get().agency_names.get(row.source_agency_no)
    return in_language(name, languages.current()) if name else None


def _by_day(looks: list[Look]) -> list[Day]:
    days: dict[str, list[Look]] = {}
    for look in looks:
        days.setdefault(languages.day(look.at), []).append(look)
    return [Day(found[0].at, tuple(found)) for found in days.values()]


def _months(now: datetime) -> list[Month]:
    """This month and those before it, as the citizen's own calendar has them."""
    zone = ZoneInfo(languages.zone())
    local = now.astimezone(zone)
    counted = [divmod(local.year * 12 + local.month - 1 - back, 12) for back in range(-1, MONTHS)]
    starts = [datetime(year, month + 1, 1, tzinfo=zone) for year, month in counted]
    return [
        Month(f"{start:%Y-%m}", languages.month(start), start.astimezone(UTC), after.astimezone(UTC))
        for after, start in pairwise(starts)
    ]
