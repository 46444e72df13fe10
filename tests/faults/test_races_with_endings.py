"""Tokens raced by what ends them (DESIGN §6.1, C022): whoever wins, only 200 or 400 is answered, and once the end
is acknowledged nothing that came out of the race works.
"""

from functools import partial
from typing import Any

import httpx

from tests.faults.races import a_code, race, rounds
from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, sign_in

SCOPE = "openid profile"


def refresh(client: SampleClient, token: str) -> httpx.Response:
    return client.token({"grant_type": "refresh_token", "refresh_token": token})


def revoke(client: SampleClient, token: str) -> httpx.Response:
    return client.http.post(
        client.metadata["revocation_endpoint"], data={"token": token}, auth=(client.client_id, str(client.secret))
    )


def ended(client: SampleClient, answers: list[httpx.Response], refresh_token: str) -> None:
    """Each answer of the race was 200 or `invalid_grant`, and its tokens are dead now."""
    for answer in answers:
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 400:
            assert answer.json()["error"] == "invalid_grant"
        else:
            assert client.userinfo(answer.json()["access_token"]).status_code == 401
            assert refresh(client, answer.json()["refresh_token"]).status_code == 400
    assert refresh(client, refresh_token).status_code == 400


def button(browser: Browser, path: str, name: str) -> Any:
    """The act of pressing a button of a page that is open already."""
    page = browser.get(path)
    form = next(form for form in page.forms if any(name == one[2] for one in form.buttons))
    return partial(browser.submit, page, form, press=name)


@rounds(10)
def test_redeeming_and_refreshing_while_the_consent_is_withdrawn(running: Running, rounds: int) -> None:
    """(C022, row 52) Seen to fail: with `withdrawn_at` and the family's end no longer asked."""
    client, citizen, browser = running.client(), running.citizen(2), running.browser()
    racers = [running.client() for _ in range(3)]
    for _ in range(rounds):
        tokens = sign_in(browser, client, citizen, scope=SCOPE)
        held = tokens.answer["refresh_token"]
        ((consent_id,),) = running.rows(
            "SELECT c.consent_id FROM consent.consents AS c JOIN idp.clients AS k USING (client_no)"
            " WHERE k.client_id = %(client_id)s AND c.withdrawn_at IS NULL ORDER BY c.given_at DESC LIMIT 1",
            client_id=client.client_id,
        )
        visit, code = a_code(browser, client, SCOPE)
        withdraw = button(browser, f"/consents/{consent_id}/withdraw", "withdraw-confirm")
        done, *answers = race([
            withdraw, partial(racers[0].redeem, visit, code),
            *(partial(refresh, one, held) for one in racers[1:]),
        ])  # fmt: skip
        assert isinstance(done, Page)
        assert done.status == 200, done.html[:500]
        assert client.userinfo(tokens.access_token).status_code == 401
        ended(client, answers, held)


@rounds(8)
def test_redeeming_and_refreshing_while_the_citizen_signs_out(running: Running, rounds: int) -> None:
    """(C022, C053) Whoever got tokens is in the list that the sign-out reads. Seen to fail: with the ends of
    session and family no longer asked.
    """
    client, citizen, browser = running.client(), running.citizen(6), running.browser()
    racers = [running.client() for _ in range(3)]
    for _ in range(rounds):
        held = sign_in(browser, client, citizen, scope=SCOPE).answer["refresh_token"]
        visit, code = a_code(browser, client)
        sign_out = button(browser, "/logout", "logout-confirm")
        done, *answers = race([
            sign_out, partial(racers[0].redeem, visit, code),
            *(partial(refresh, one, held) for one in racers[1:]),
        ])  # fmt: skip
        assert done.status == 200, done.html[:500]
        ended(client, answers, held)


@rounds(15)
def test_refreshing_while_the_client_gives_the_family_back(running: Running, rounds: int) -> None:
    """(C022, C024) Seen to fail: with `ended_at IS NULL` no longer asked by refresh."""
    client, browser, racers = running.client(), running.browser(), [running.client() for _ in range(6)]
    sign_in(browser, client, running.citizen(6), scope=SCOPE)
    for _ in range(rounds):
        visit, code = a_code(browser, client)
        held = client.redeem(visit, code).json()["refresh_token"]
        revoked, again, *answers = race([
            *(partial(revoke, one, held) for one in racers[:2]),
            *(partial(refresh, one, held) for one in racers[2:]),
        ])  # fmt: skip
        assert (revoked.status_code, again.status_code) == (200, 200)
        ended(client, answers, held)
