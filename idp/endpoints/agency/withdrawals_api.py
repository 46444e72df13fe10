"""GET /agency-api/withdrawals, POST /agency-api/withdrawals/<id>: an agency's program reads which
permissions ended, and answers (DESIGN §7).

The list is read from a cursor on, in the order in which it came to be; one who keeps the last `next` misses
nothing and is told nothing twice. An answer given twice is the first one. All of it is the caller's own agency's.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from consent import history
from consent.history import Ending
from idp.claims.catalogue import WITHDRAWALS
from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.gate import Gate
from idp.signals import delivery
from idp.signals.delivery import LISTED, Withdrawal
from idp.signals.withdrawal_clock import Answer, Verdict, read_statute
from idp.tokens import use
from idp.web import bearer, current, machines
from keys.errors import CannotOpen
from keys.sealing import Kind

LONGEST_ANSWER = 4096  # bytes
blueprint = Blueprint("agency_withdrawals_api", __name__, url_prefix="/agency-api/withdrawals")


@blueprint.get("")
def show() -> Response:
    """What ended, from a cursor on: at most 100, and where the next begin."""
    gate, client = current.gate(), _caller()
    after = _position(gate, client)
    with current.reading() as db:
        found = delivery.list_of_clients(db, _own(gate, client), after)
        items = _described(db, gate, [withdrawal for _, withdrawal in found])
    last = found[-1][0] if found else after
    return _json({"withdrawals": items, "next": _cursor(gate, client, last), "more": len(found) == LISTED})


@blueprint.post("/<uuid:consent_id>")
def answer(consent_id: UUID) -> Response:
    """The agency's answer to one: `{"state": "acknowledged" | "deleted" | "kept", "statute"}`."""
    gate, client = current.gate(), _caller()
    said, statute = _answer(machines.document(machines.body(current.exchange(), LONGEST_ANSWER)))
    with current.writing() as db:
        found = delivery.find_of_clients(db, _own(gate, client), consent_id)
        if found is None:
            raise OAuthError(Code.INVALID_REQUEST, "no permission of this agency ended under this id", 404)
        verdict = delivery.answer(db, found, said, statute, by="api", actor_no=client.client_no)
        now = delivery.find(db, found.citizen_id, found.consent_id) or found
        (item,) = _described(db, gate, [now])
    if verdict is Verdict.CONTRADICTS:
        raise OAuthError(Code.INVALID_REQUEST, "another answer was given before, and stands", 409)
    return _json(item)


def _caller() -> Client:
    gate = current.gate()
    client, token = machines.caller(gate, current.exchange(), WITHDRAWALS)
    open_states = list(gate.open_states)
    if not use.machine_lives(gate.database.hot(), token, open_states, asking_no=client.client_no):
        raise bearer.invalid_token()
    return client


def _own(gate: Gate, client: Client) -> list[int]:
    """All applications of the caller's agency: the one that asks is seldom the one that citizens sign in to."""
    return [one.client_no for one in gate.registry.get().by_no.values() if one.agency_no == client.agency_no]


def _position(gate: Gate, client: Client) -> int:
    """What `after` says; 0 without it. A cursor of another agency is none."""
    query = current.exchange().query
    if "after" in query.doubled:
        raise OAuthError(Code.INVALID_REQUEST, "after came more than once")
    if "after" not in query.single:
        return 0
    try:
        payload = gate.sealer.open(Kind.WITHDRAWALS_CURSOR, query.single["after"], gate.clock())
    except CannotOpen:
        payload = b""
    if payload[:4] != client.agency_no.to_bytes(4):
        raise OAuthError(Code.INVALID_REQUEST, "after is no cursor of ours; leave it out to begin anew")
    return int.from_bytes(payload[4:])


def _cursor(gate: Gate, client: Client, event_no: int) -> str:
    """Sealed: how fast the numbers grow tells what happens in other agencies."""
    payload = client.agency_no.to_bytes(4) + event_no.to_bytes(8)
    return gate.sealer.seal(Kind.WITHDRAWALS_CURSOR, payload, gate.clock())


def _answer(document: object) -> tuple[Answer, str | None]:
    if not isinstance(document, dict) or not {"state"} <= document.keys() <= {"state", "statute"}:
        raise OAuthError(Code.INVALID_REQUEST, "the body is an object with state and, where it is kept, statute")
    state, statute = document["state"], document.get("statute")
    if state not in list(Answer):
        raise OAuthError(Code.INVALID_REQUEST, f"state is none of {', '.join(Answer)}")
    named = read_statute(statute) if isinstance(statute, str) else None
    if (state == Answer.KEPT) is not (named is not None) or (statute is not None and named is None):
        mend = "statute names the law, in 4 to 200 characters that can be seen, where state is kept and only there"
        raise OAuthError(Code.INVALID_REQUEST, mend)
    return Answer(state), named


def _described(db: Session, gate: Gate, found: list[Withdrawal]) -> list[dict[str, Any]]:
    endings = history.endings_of(db, [(one.citizen_id, one.of_consent) for one in found])
    return [_item(gate, one, endings[one.consent_id]) for one in found]


def _item(gate: Gate, found: Withdrawal, ending: Ending) -> dict[str, Any]:
    """`id`, by which it is answered, is the consent's, or where only a part was taken back that of the act. `sub`
    is the one of the application in `client_id`; `by_law` are those of `attributes` that a law gives.
    """
    client, clock = gate.registry.get().by_no[found.client_no], found.clock
    attributes = gate.attributes.get().by_no
    item = {
        "id": str(found.consent_id),
        "consent_id": str(found.of_consent),
        "client_id": client.client_id,
        "sub": gate.sub(found.citizen_id, client),
        "purpose": gate.purposes.get().by_no[ending.purpose_no].code,
        "attributes": [attributes[number].name for number in sorted(ending.attribute_nos)],
        "by_law": [attributes[number].name for number in sorted(ending.law_nos)],
        "reason": ending.act,
        "ended_at": _written(clock.withdrawn_at),
        "due_at": _written(clock.due_at),
        "state": clock.state,
    }
    return item | ({"statute": clock.kept_under} if clock.kept_under else {})


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _json(said: dict[str, Any]) -> Response:
    response = Response(json.dumps(said, ensure_ascii=False), content_type=machines.JSON)
    response.headers["Cache-Control"] = "no-store"
    return response
