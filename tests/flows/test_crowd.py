"""When more sign in at once than can be: they are told to come back, and hops do not wait behind them."""

import re
import threading
from collections.abc import Callable

import pytest
from werkzeug.test import Client

from idp.accounts.password_hashing import ADMITTED
from idp.app import create_app
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.web import shells
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
    person, door = a_person(gate), Client(front)
    typed = {"identifier": person.nik, "password": person.password}

    def press() -> tuple[int, str, str]:
        token = _Forms(door.get("/login").text).forms[0].fields["csrf_token"][0]
        answer = door.post("/login", data={**typed, "csrf_token": token})
        return answer.status_code, answer.headers.get("Retry-After", ""), answer.text

    admitted = front._gate.hashing._admitted
    for _ in range(ADMITTED):
        assert admitted.acquire(blocking=False)
    status, wait, page = press()
    assert (status, wait) == (503, "2")
    assert "Sedang banyak yang masuk." in page
    assert re.search(rf'name="identifier"[^>]*value="{person.nik}"', page)
    assert person.password not in page
    admitted.release()
    assert press()[0] == 303


def test_hops_beyond_the_threads_of_hops_wait_their_turn(front: shells.Front, gate: Gate) -> None:
    """More at once would contend for the interpreter; the server's further threads are for sign-ins."""
    most, inside, both = 0, 0, threading.Lock()
    answer = front._doors["GET", "/userinfo"]

    def counted(request: object, answer: Callable[..., object] = answer) -> object:
        nonlocal most, inside
        with both:
            inside += 1
            most = max(most, inside)
        try:
            threading.Event().wait(0.02)
            return answer(request)
        finally:
            with both:
                inside -= 1

    front._doors["GET", "/userinfo"] = counted  # type: ignore[assignment]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(Client(front).get("/userinfo").status_code))
        for _ in range(4 * gate.settings.web_threads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [401] * len(threads)
    assert most == gate.settings.web_threads
