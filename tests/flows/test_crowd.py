"""More sign in at once than can be: the browser knocks again, then the citizen is told to; hops find a thread."""

import re

import pytest
from werkzeug.test import TestResponse

from idp.app import create_app
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.web import rate_limits, shells
from idp.web.rate_limits import GUESSES_OF_A_NETWORK
from tests.one_process import OneProcess
from tests.people import a_person
from tests.running import Running
from tests.sample_client import _Forms


@pytest.fixture
def front(running: Running, gate: Gate) -> shells.Front:
    """One more web process of the running server."""
    made = create_app(gate.settings, EmbeddedPostgres(running.instance).url("gapura_web"))
    assert isinstance(made, shells.Front)
    return made


def test_who_finds_the_queue_full_keeps_what_was_typed_and_gets_in_later(front: shells.Front, gate: Gate) -> None:
    person, door = a_person(gate), OneProcess(front, gate.issuer)
    typed = {"identifier": person.nik, "password": person.password}

    token = _Forms(door.get("/login").text).forms[0].fields["csrf_token"][0]

    def knock(address: str) -> TestResponse:
        return door.post(address, data={**typed, "csrf_token": token})

    admitted = front._gate.hashing._admitted
    for _ in range(gate.settings.web_threads - 1):  # one is left to the hops
        assert admitted.acquire(blocking=False)
    assert not admitted.acquire(blocking=False)
    answer, knocks = knock("/login"), 0
    while answer.status_code == 307:
        answer, knocks = knock(answer.headers["Location"]), knocks + 1
    assert 1 < knocks < 20, "a browser takes at most 20"
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Sedang banyak yang masuk." in answer.text
    assert re.search(rf'name="identifier"[^>]*value="{person.nik}"', answer.text)
    assert person.password not in answer.text
    waits = knock("/login").headers["Location"]
    admitted.release()
    assert knock(waits).status_code == 303


def test_a_full_queue_spends_no_printed_code(front: shells.Front, gate: Gate) -> None:
    """Where the network has guessed too often a code stands beside the password: it is for one sign-in."""
    person, door, at = a_person(gate, codes=True), OneProcess(front, gate.issuer), {"REMOTE_ADDR": "198.51.100.83"}
    with gate.database.writing() as db:
        while rate_limits.spend(db, gate.vault, GUESSES_OF_A_NETWORK, at["REMOTE_ADDR"], gate.now()):
            pass
    token = _Forms(door.get("/login", environ_base=at).text).forms[0].fields["csrf_token"][0]
    typed = {"identifier": person.nik, "password": person.password, "code": person.codes[0]}

    def press() -> TestResponse:
        return door.post("/login", data={**typed, "csrf_token": token}, environ_base=at)

    admitted = front._gate.hashing._admitted
    taken = [admitted.acquire(blocking=False) for _ in range(gate.settings.web_threads - 1)]
    assert press().status_code == 307
    for _ in taken:
        admitted.release()
    assert press().status_code == 303
