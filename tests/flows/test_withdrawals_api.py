"""An agency's program reads which of its permissions ended, from a cursor on, and answers (DESIGN §7).

Seen to fail: with all clients for the agency's own in `_own`; with the agency in a cursor not compared; with the
scope not asked; without `machine_lives`.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from idp.endpoints.agency import withdrawals_api
from idp.gate import Gate
from tests import local_http
from tests.people import ARRIVES_WITHIN_SECONDS
from tests.running import Running
from tests.sample_client import sign_in
from tests.withdrawing import Withdrawn

MACHINE = "dukcapil-data"  # of the agency of surat-keterangan
MINE, ANOTHERS = "surat-keterangan", "bantuan-beras"


def machine_token(running: Running, scope: str = "withdrawals") -> str:
    secret = next(one for one in running.demo["data_providers"] if one["client_id"] == MACHINE)["client_secret"]
    form = {"grant_type": "client_credentials", "scope": scope}
    answer = local_http.post(f"{running.issuer}/token", data=form, auth=(MACHINE, secret))
    return str(answer.json()["access_token"])


class Program:
    """The agency's, with its token."""

    def __init__(self, running: Running, token: str) -> None:
        self.home, self.headers = f"{running.issuer}/agency-api/withdrawals", {"Authorization": f"Bearer {token}"}

    def get(self, **query: str) -> httpx.Response:
        return local_http.get(self.home, params=query, headers=self.headers)

    def answer(self, consent_id: object, **said: Any) -> httpx.Response:
        return local_http.post(f"{self.home}/{consent_id}", json=said, headers=self.headers)

    def post(self, consent_id: object, body: bytes, kind: str = "application/json") -> httpx.Response:
        headers = self.headers | {"Content-Type": kind}
        return local_http.post(f"{self.home}/{consent_id}", content=body, headers=headers)

    def walk(self, after: str | None = None) -> Iterator[dict[str, Any]]:
        """Every item from a cursor on."""
        while True:
            page = self.get(**({"after": after} if after else {})).json()
            yield from page["withdrawals"]
            after = page["next"]
            if not page["more"]:
                return

    def find(self, over: Withdrawn) -> dict[str, Any]:
        """The item of this withdrawal, once the worker has numbered it."""
        deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
        while not (found := [one for one in self.walk() if one["consent_id"] == str(over.consent_id)]):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert len(found) == 1
        return found[0]


@pytest.fixture
def program(running: Running) -> Program:
    return Program(running, machine_token(running))


@pytest.fixture
def withdrawn(running: Running, gate: Gate) -> Callable[[str], Withdrawn]:
    return lambda client_id: Withdrawn(running, gate, client_id, "openid profile nik")


Withdraws = Callable[[str], Withdrawn]


def test_a_program_reads_what_ended_and_answers(
    running: Running, gate: Gate, program: Program, withdrawn: Withdraws
) -> None:
    over = withdrawn(MINE)
    item = program.find(over)
    client = gate.registry.get().by_id[MINE]
    due, ended = (datetime.fromisoformat(item.pop(name)) for name in ("due_at", "ended_at"))
    assert due - ended == timedelta(hours=72)
    assert item.pop("state") in ("withdrawn", "told")
    assert item == {
        "id": str(over.consent_id),
        "consent_id": str(over.consent_id),
        "client_id": MINE,
        "sub": gate.sub(over.person.citizen_id, client),
        "purpose": "population-records",
        "attributes": ["name", "birthdate", "nik"],
        "by_law": ["nik"],
        "reason": "withdrawn",
    }
    assert program.answer(over.consent_id, state="acknowledged").json()["state"] == "acknowledged"
    assert "Instansi berhenti memakai data pada" in over.own_page()
    kept = program.answer(over.consent_id, state="kept", statute="UU 43/2009")
    assert (kept.json()["state"], kept.json()["statute"]) == ("kept", "UU 43/2009")
    assert "UU 43/2009" in over.own_page()
    assert program.answer(over.consent_id, state="deleted").json()["state"] == "deleted"
    assert program.find(over)["state"] == "deleted"
    done = [action for action in over.trail() if action != "withdrawal.told"]
    assert done == ["withdrawal.acknowledged", "withdrawal.kept", "withdrawal.deleted"]


def test_an_answer_given_again_is_the_first_and_another_is_refused(program: Program, withdrawn: Withdraws) -> None:
    """(C012)"""
    over = withdrawn(MINE)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: program.answer(over.consent_id, state="deleted"), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    before = over.state()
    assert program.answer(over.consent_id, state="acknowledged").json()["state"] == "deleted"
    refused = program.answer(over.consent_id, state="kept", statute="UU 43/2009")
    assert (refused.status_code, refused.json()["error"]) == (409, "invalid_request")
    assert over.state() == before
    assert over.trail().count("withdrawal.deleted") == 1


def test_who_keeps_the_cursor_is_told_everything_once(program: Program, withdrawn: Withdraws) -> None:
    first = withdrawn(MINE)
    program.find(first)
    cursor = program.get().json()["next"]
    while (page := program.get(after=cursor).json())["withdrawals"]:
        cursor = page["next"]
    second = withdrawn(MINE)
    program.find(second)
    page = program.get(after=cursor).json()
    assert [one["consent_id"] for one in page["withdrawals"]] == [str(second.consent_id)]
    assert program.get(after=page["next"]).json()["withdrawals"] == []


def test_another_agencys_permissions_are_as_absent_as_none(program: Program, withdrawn: Withdraws) -> None:
    theirs = withdrawn(ANOTHERS)
    mine = withdrawn(MINE)
    program.find(mine)
    assert {one["client_id"] for one in program.walk()} == {MINE}
    before = theirs.state()[1:]
    real, invented = program.answer(theirs.consent_id, state="deleted"), program.answer(uuid4(), state="deleted")
    assert real.status_code == invented.status_code == 404
    assert real.content == invented.content
    assert theirs.state()[1:] == before


def test_a_cursor_that_we_did_not_give_this_agency_is_refused(gate: Gate, program: Program) -> None:
    registry = gate.registry.get().by_id
    good = program.get().json()["next"]
    theirs = withdrawals_api._cursor(gate, registry[ANOTHERS], 0)
    own = withdrawals_api._cursor(gate, registry[MINE], 2**63 - 1)
    assert program.get(after=own).json()["withdrawals"] == []
    for forged in (theirs, "x", "0", "1;DROP", good[:-1], f"{good}=", "A" * 9000, good.swapcase()):
        answer = program.get(after=forged)
        assert answer.status_code in (400, 414)
        assert answer.json()["error"] == "invalid_request"
    twice = local_http.get(f"{program.home}?after={good}&after={good}", headers=program.headers)
    assert twice.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"7", b'"deleted"', b"{}", b'{"state":' + b"[" * 900, b"x" * 5000),
        *(b'{"state": %s}' % state for state in (b"null", b"[]", b"{}", b"7", b'"withdrawn"', b'"DELETED"')),
        b'{"state": "\xff"}',
        b'{"state": "deleted", "state": "kept"}',
        b'{"state": "deleted", "more": 1}',
        b'{"state": "deleted", "statute": "UU 43/2009"}',
        b'{"state": "deleted", "statute": 7}',
        b'{"state": "kept"}',
        *(
            b'{"state": "kept", "statute": %s}' % statute
            for statute in (b"null", b'""', b"7", b'["UU 43/2009"]', b'"\\u202e UU 1"', b'"\\ud800 UU 43"')
        ),
    ],
)
def test_what_is_no_answer_is_refused_and_changes_nothing(program: Program, body: bytes) -> None:
    """(row 109) Before the id is looked at: whose it is tells nobody."""
    answer = program.post(uuid4(), body)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"] == "invalid_request"


def test_a_body_that_is_not_json_says_so(program: Program) -> None:
    assert program.post(uuid4(), b"state=deleted", "application/x-www-form-urlencoded").status_code == 415
    assert program.post("x", b"{}").status_code == 404


def test_only_an_agencys_own_token_of_this_scope_opens_the_door(running: Running) -> None:
    citizens = sign_in(running.browser(), running.client(MINE), running.citizen(6), scope="openid profile")
    for token, status in (
        ("x", 401),
        (citizens.access_token, 403),
        (machine_token(running, "may_i"), 403),
    ):
        program = Program(running, token)
        for answer in (program.get(), program.answer(uuid4(), state="deleted")):
            assert answer.status_code == status
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    bare = local_http.get(f"{running.issuer}/agency-api/withdrawals")
    assert (bare.status_code, "error" in bare.headers["WWW-Authenticate"]) == (401, False)


def test_a_token_of_before_a_suspension_opens_nothing(running: Running) -> None:
    """(C048) Its officer still answers by the link."""
    program = Program(running, machine_token(running))
    assert program.get().status_code == 200
    running.command("clients", "suspend", MACHINE)
    try:
        assert program.get().status_code == 401
    finally:
        running.command("clients", "resume", MACHINE)
