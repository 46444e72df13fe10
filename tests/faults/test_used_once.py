"""What works once works once (DESIGN §6.2), over HTTP, with two server processes and eight clients behind a
barrier.

Seen to fail: with `first_use` of the redemption always true, all eight get tokens and a replay ends nothing.
"""

from collections import Counter
from functools import partial

import httpx

from tests.faults.races import RACERS, a_code, race, rounds
from tests.running import Running
from tests.sample_client import sign_in


@rounds(25)
def test_a_code_works_for_one_of_many_at_once(running: Running, rounds: int) -> None:
    """(C018, C022, row 15)"""
    browser, clients = running.browser(), [running.client() for _ in range(RACERS)]
    sign_in(browser, clients[0], running.citizen(6), scope="openid profile")
    for _ in range(rounds):
        visit, code = a_code(browser, clients[0])
        before = replays(running)
        answers = race([partial(one.redeem, visit, code) for one in clients])
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: RACERS - 1}
        assert {a.json()["error"] for a in answers if a.status_code == 400} == {"invalid_grant"}
        assert replays(running) == before + RACERS - 1, "each of them is on record"
        won = next(answer.json() for answer in answers if answer.status_code == 200)
        assert clients[0].userinfo(won["access_token"]).status_code == 401, "the replay killed what the code gave"


def test_a_replay_ends_everything_of_the_code_and_leaves_a_trace(running: Running) -> None:
    """(C019)"""
    browser, client = running.browser(), running.client()
    sign_in(browser, client, running.citizen(6), scope="openid profile")
    visit, code = a_code(browser, client)
    first = client.redeem(visit, code).json()
    before = replays(running)
    assert client.redeem(visit, code).json()["error"] == "invalid_grant"
    assert client.userinfo(first["access_token"]).status_code == 401
    asked = client.http.post(
        client.metadata["introspection_endpoint"], data={"token": first["access_token"]},
        auth=(client.client_id, str(client.secret)),
    )  # fmt: skip
    assert asked.json() == {"active": False}
    assert (
        client.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}).status_code == 400
    )
    assert replays(running) == before + 1


def replays(running: Running) -> int:
    ((count,),) = running.rows("SELECT count(*) FROM idp.audit_events WHERE action = 'token.code_replayed'")
    return int(count)


@rounds(25)
def test_two_refreshes_at_once_get_the_same_successor(running: Running, rounds: int) -> None:
    """(C020, C021, row 49)"""
    browser, clients = running.browser(), [running.client() for _ in range(RACERS)]
    token = sign_in(browser, clients[0], running.citizen(6), scope="openid profile").answer["refresh_token"]
    for _ in range(rounds):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answers = race([partial(one.token, form) for one in clients])
        assert {answer.status_code for answer in answers} == {200}
        (token,) = {answer.json()["refresh_token"] for answer in answers}


def test_a_superseded_token_gives_nothing_once_its_successor_was_used_and_the_family_lives(
    running: Running,
) -> None:
    """(C020, C021, row 49)"""
    browser, client = running.browser(), running.client()
    first = sign_in(browser, client, running.citizen(6), scope="openid profile").answer["refresh_token"]

    def refresh(token: str) -> httpx.Response:
        return client.token({"grant_type": "refresh_token", "refresh_token": token})

    second = refresh(first).json()["refresh_token"]
    assert refresh(first).json()["refresh_token"] == second, "the answer was lost: the same again"
    third = refresh(second).json()["refresh_token"]
    assert refresh(first).json()["error"] == "invalid_grant", "two generations back"
    assert refresh(second).json()["refresh_token"] == third
    assert refresh(third).status_code == 200, "the family lives"
