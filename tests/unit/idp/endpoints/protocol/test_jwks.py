"""The public keys are served while the database is away, as long as a verifier could have kept them, no longer."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from wsgiref.util import setup_testing_defaults

import pytest

from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.endpoints.protocol import jwks
from idp.errors import DatabaseAway
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.invalidation import Answer, bump
from idp.settings import Settings
from keys import keyring
from keys.key_store import KeyStore
from keys.sealing import RestSealer


@pytest.fixture(scope="module")
def gate(own_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A web process of its own that has asked for the keys once."""
    settings = Settings.from_env({"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(tmp_path_factory.mktemp("jwks"))})
    store = KeyStore.open(settings.key_store, create=True)
    worker = Database(own_postgres.url("gapura_worker"), "gapura_worker")
    with worker.writing() as db:
        keyring.ensure(db, RestSealer(store.master), datetime.now(UTC))
    worker.close()
    gate = Gate.build(settings, own_postgres.url("gapura_web"))
    gate.jwks.get()
    yield gate
    gate.database.close()


@pytest.fixture
def away(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The same once its database is gone."""
    monkeypatch.setattr(gate.watch, "database", Database("postgresql://nobody@127.0.0.1:1/nowhere", "gapura_web"))
    monkeypatch.setattr(gate.watch, "_answer", gate.watch.last())
    return gate


def ask(gate: Gate, etag: str = "") -> Reply:
    environ = {"PATH_INFO": "/jwks", "HTTP_IF_NONE_MATCH": etag}
    setup_testing_defaults(environ)
    return jwks.door(gate)(Request(environ))


def silent_for(gate: Gate, seconds: float, generation: int | None = None) -> None:
    before = gate.watch.last()
    generation = before.generation if generation is None else generation
    gate.watch._answer = Answer(generation, time.monotonic() - seconds)


def max_age(reply: Reply) -> int:
    return int(dict(reply.headers)["Cache-Control"].removeprefix("public, max-age="))


def test_with_its_database_a_copy_is_good_for_fifteen_minutes(gate: Gate) -> None:
    gate.watch.generation()
    reply = ask(gate)
    assert (reply.status, max_age(reply)) == (200, 900)
    assert ask(gate, dict(reply.headers)["ETag"]).status == 304


@pytest.mark.parametrize(("seconds", "left"), [(180, 720), (600, 300), (899, 1)])
def test_without_its_database_a_copy_is_good_for_what_is_left_of_them(
    away: Gate, seconds: float, left: int
) -> None:
    """(C082) Three minutes without a database keep nobody out."""
    silent_for(away, seconds)
    began = time.monotonic()
    reply = ask(away)
    assert time.monotonic() - began < 0.05, "nobody waits for a database that is away"
    assert (reply.status, max_age(reply)) == (200, left)
    unchanged = ask(away, dict(reply.headers)["ETag"])
    assert (unchanged.status, max_age(unchanged)) == (304, left)


def test_after_them_no_copy_is_served(away: Gate) -> None:
    """A key that leaked meanwhile is gone from everywhere when it always was."""
    silent_for(away, 900)
    with pytest.raises(DatabaseAway):
        ask(away)


def test_keys_that_are_known_to_have_changed_are_not_served(away: Gate) -> None:
    silent_for(away, 10, generation=away.watch.last().generation + 1)
    with pytest.raises(DatabaseAway):
        ask(away)


def test_new_keys_are_read_when_they_are_heard_of_and_not_when_somebody_asks(gate: Gate) -> None:
    known = gate.watch.generation() + 1
    gate.watch.ahead.append(gate.jwks.get)
    gate.watch.start()
    try:
        with gate.database.writing() as db:
            bump(db)
        ends = time.monotonic() + 3
        while gate.jwks._kept is None or gate.jwks._kept[0] < known:
            assert time.monotonic() < ends, "the keys are still those of before"
            time.sleep(0.02)
    finally:
        gate.watch.stop()
