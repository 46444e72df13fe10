"""An acknowledged withdrawal is never followed by anything that carries what was withdrawn (DESIGN §6.1): not at
any door, not from any worker process, not for a request that began a moment after the answer.

Seen to fail: with `withdrawn_at` not asked at use, not asked at redemption, and with families neither ended nor
asked for it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from idp.gate import Gate
from tests import local_http
from tests.faults.races import rounds
from tests.faults.standing import SCOPE, Standing, a_standing, an_application
from tests.faults.test_hostile_input import memory
from tests.running import Running
from tests.sample_client import SampleClient, sign_in

EACH = 8  # fresh connections to each door: of two processes both answer


def test_nothing_of_it_leaves_by_any_door_of_any_process(running: Running, gate: Gate) -> None:
    """(row 52, C038)"""
    assert len(memory(running.instance)) > 3, "more than one worker process serves"
    standing = a_standing(running, gate, an_application(running))
    for ask in doors(standing).values():
        assert ask(), "all of it works before"
    standing = a_standing(running, gate, standing.client)
    visits = [standing.client.visit(SCOPE) for _ in range(EACH)]
    codes = [standing.client.code(visit, standing.browser.get(visit.url)) for visit in visits]
    standing.press(f"/consents/{standing.consent_id()}/withdraw", "withdraw-confirm")
    for name, ask in doors(standing).items():
        assert not any(ask() for _ in range(EACH)), name
    for visit, code in zip(visits, codes, strict=True):
        assert fresh(standing.client).redeem(visit, code).json()["error"] == "invalid_grant"
    silent = standing.browser.get(standing.client.visit(SCOPE, prompt="none").url)
    assert silent.answer["error"] == "consent_required"


def fresh(client: SampleClient) -> SampleClient:
    """The same client on a connection of its own."""
    again = object.__new__(SampleClient)
    vars(again).update(vars(client) | {"http": local_http.Client(timeout=15)})
    return again


def doors(standing: Standing) -> dict[str, Callable[[], bool]]:
    """Each door that answers with something of the consent; whether it does."""

    def on_its_own(ask: Callable[[Standing], bool]) -> Callable[[], bool]:
        return lambda: ask(Standing(**vars(standing) | {"client": fresh(standing.client)}))

    return {
        "userinfo, introspection": on_its_own(lambda one: one.reads(one.bound)),
        "the same of a token that outlives the session": on_its_own(lambda one: one.reads(one.offline)),
        "refresh": on_its_own(lambda one: one.refreshes(one.bound)),
        "refresh that outlives the session": on_its_own(lambda one: one.refreshes(one.offline)),
    }


class Hammer:
    """Asks one door without a pause, each time noting when it began and whether it was answered."""

    def __init__(self, act: Callable[[httpx.Client], bool]) -> None:
        self.answered: list[float] = []
        self.asked, self._act, self._over = 0, act, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            with local_http.Client(timeout=15) as line:  # a connection each: whichever process takes it
                began = time.monotonic()
                self.asked += 1
                if self._act(line):
                    self.answered.append(began)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@rounds(6, 200)
def test_no_request_that_begins_after_the_answer_gets_anything(running: Running, gate: Gate, rounds: int) -> None:
    """(row 52, C038) Under load: six that ask without a pause while the citizen presses."""
    client = an_application(running)
    standing = a_standing(running, gate, client)
    for _ in range(rounds):
        tokens = sign_in(standing.browser, client, standing.citizen, scope=SCOPE)
        page = standing.browser.get(f"/consents/{standing.consent_id()}/withdraw")
        hammers = [Hammer(act) for act in asking(client, tokens) for _ in range(2)]
        until(hammers, lambda hammer: len(hammer.answered) > 2)
        done = standing.browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
        acknowledged = time.monotonic()
        until(hammers, lambda hammer: hammer.asked > len(hammer.answered) + 3)
        for hammer in hammers:
            hammer.stop()
        assert done.status == 200
        for hammer in hammers:
            assert max(hammer.answered) < acknowledged


def asking(client: SampleClient, tokens: Any) -> list[Callable[[httpx.Client], bool]]:
    secret, held = (client.client_id, str(client.secret)), {"token": tokens.access_token}
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    bearer = {"Authorization": f"Bearer {tokens.access_token}"}
    return [
        lambda line: line.get(client.metadata["userinfo_endpoint"], headers=bearer).status_code == 200,
        lambda line: bool(
            line.post(client.metadata["introspection_endpoint"], data=held, auth=secret).json()["active"]
        ),
        lambda line: line.post(client.metadata["token_endpoint"], data=renewal, auth=secret).status_code == 200,
    ]


def until(hammers: list[Hammer], holds: Callable[[Hammer], bool]) -> None:
    """Each was answered while the consent stood; each went on asking afterwards."""
    ends = time.monotonic() + 10
    while not all(map(holds, hammers)):
        assert time.monotonic() < ends
        time.sleep(0.02)
