"""What a person or an application is told while the database does not write, does not log, or has hung up: never
that something is done which is not.

Seen to fail: with caches that ask the database every 30 s and are believed for a minute.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from idp.clients import registration
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from tests import local_http
from tests.clients.programs import AGREEMENT
from tests.faults.standing import OFFLINE, SCOPE, Standing, a_standing, an_application
from tests.running import Running
from tests.sample_client import Page

SECOND = 1.0


@pytest.fixture
def standing(running: Running, gate: Gate) -> Standing:
    return a_standing(running, gate, an_application(running))


@contextmanager
def account(running: Running, role: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(EmbeddedPostgres(running.instance).url(role), autocommit=True) as connection:
        yield connection


def hang_up(connection: psycopg.Connection[Any]) -> int:
    """End every other connection of this account; how many there were."""
    return len(connection.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
        " WHERE usename = current_user AND pid <> pg_backend_pid()"
    ).fetchall())  # fmt: skip


@contextmanager
def writing_refused(running: Running) -> Iterator[None]:
    """The web's account is led to a server that only reads, as after a failover to a standby."""
    with account(running, "gapura_web") as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
        hang_up(connection)
        try:
            yield
        finally:
            connection.execute("ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
            hang_up(connection)


@contextmanager
def locked(running: Running, table: str, mode: str) -> Iterator[None]:
    """Nobody writes into this table: its disk is full, as far as the others can tell."""
    with psycopg.connect(EmbeddedPostgres(running.instance).url("gapura_owner")) as connection:
        connection.execute("SET ROLE gapura_owner")
        connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
        try:
            yield
        finally:
            connection.rollback()


def pressed(standing: Standing, page: Page, name: str) -> Page:
    return standing.browser.submit(page, page.form("csrf_token"), press=name)


def test_nothing_is_called_done_that_was_not_written(running: Running, standing: Standing) -> None:
    """(C023, row 113)"""
    client, consent_id = standing.client, standing.consent_id()
    withdraw = standing.browser.get(f"/consents/{consent_id}/withdraw")
    sign_out = standing.browser.get("/logout")
    token = {"token": standing.offline.answer["refresh_token"]}

    def revoke() -> httpx.Response:
        return client.http.post(
            client.metadata["revocation_endpoint"], data=token, auth=(client.client_id, str(client.secret))
        )

    with writing_refused(running):
        for _ in range(3):
            refused = revoke()
            assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
        for page, name in ((withdraw, "withdraw-confirm"), (sign_out, "logout-confirm")):
            answer = pressed(standing, page, name)
            assert (answer.status, "retry-after" in answer.headers) == (503, True), answer.html[:300]
            assert answer.errors
        assert client.redeem(*standing.code).status_code == 503
        form = {"grant_type": "refresh_token", "refresh_token": standing.bound.answer["refresh_token"]}
        assert client.token(form).status_code == 503
        assert client.userinfo(standing.bound.access_token).status_code == 503, "it cannot be recorded"
    assert all(standing.works().values()), "nothing had been said to be done, and nothing is"
    assert revoke().status_code == 200
    assert not standing.refreshes(standing.offline)
    assert pressed(standing, withdraw, "withdraw-confirm").status == 200
    assert not standing.reads(standing.bound)
    assert pressed(standing, sign_out, "logout-confirm").status == 200
    assert not standing.signed_in()


def test_what_cannot_be_recorded_is_not_disclosed(running: Running, standing: Standing) -> None:
    """(C081, DESIGN §6.4)"""
    with locked(running, "consent.disclosures", "EXCLUSIVE"):
        answer = standing.client.userinfo(standing.bound.access_token)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert "sub" not in answer.text
    assert standing.client.userinfo(standing.bound.access_token).status_code == 200


def test_signing_in_goes_on_while_the_log_stands_still(running: Running, gate: Gate) -> None:
    """(C081) The sequencer cannot number a leaf; acts are recorded and wait for their place."""
    client = an_application(running)
    with locked(running, "consent.ledger_entries", "ACCESS EXCLUSIVE"):
        standing = a_standing(running, gate, client)
        assert standing.client.userinfo(standing.bound.access_token).status_code == 200
        standing.press(f"/consents/{standing.consent_id()}/withdraw", "withdraw-confirm")
        assert not standing.reads(standing.offline)
        assert backlog(running) > 0
    ends = time.monotonic() + 40
    while backlog(running):
        assert time.monotonic() < ends, "the log took them in afterwards"
        time.sleep(0.2)


def backlog(running: Running) -> int:
    ((waiting,),) = running.rows("SELECT count(*) FROM consent.ledger_intake")
    return int(waiting)


def test_a_change_is_seen_within_a_second_although_every_connection_was_cut(running: Running, gate: Gate) -> None:
    """(C085, row 115) While the cut lasts some are told to come again; nobody is answered from the time before."""
    client = an_application(running)
    for number in range(3):
        address = f"https://uji-akhir.example.go.id/baru-{number}"
        with account(running, "gapura_web") as connection:
            assert hang_up(connection) > 2
            change(gate, client.client_id, address)
            changed_at = time.monotonic()
            hang_up(connection)
        time.sleep(max(0.0, SECOND + 0.1 - (time.monotonic() - changed_at)))
        for _ in range(10):  # a connection each: both processes answer
            new = local_http.get(client.visit(SCOPE, redirect_uri=address).url)
            assert new.status_code == 303, new.text[:300]
            old = local_http.get(client.visit(SCOPE).url)
            assert old.status_code == 400


def change(gate: Gate, client_id: str, address: str) -> None:
    """It has this one address from now on."""
    with gate.database.writing() as db:
        client = registration.get(db, client_id)
        raw = {
            "client_name": "Layanan Uji", "redirect_uris": [address], "scope": OFFLINE,
            "grant_types": ["authorization_code", "refresh_token"], "sign_in_agreement": AGREEMENT,
        }  # fmt: skip
        assert registration.change(db, client, raw, rehearsal=True) is client
