"""One generation number for every cache, and how old its answer may be."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp import invalidation
from idp.database import Database
from idp.errors import DatabaseAway
from idp.invalidation import Cached, Watch


def generation(db: Session) -> int:
    return int(db.execute(text("SELECT generation FROM idp.generation")).scalar_one())


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    watch = Watch(database)
    watch.start()
    yield watch
    watch.stop()


def bump(database: Database) -> None:
    with database.writing() as db:
        invalidation.bump(db)


def test_a_change_moves_the_generation_with_its_transaction(database: Database) -> None:
    with database.reading() as db:
        before = generation(db)
    bump(database)
    with database.reading() as db:
        assert generation(db) == before + 1


def test_a_change_that_is_rolled_back_moves_nothing(database: Database) -> None:
    with database.reading() as db:
        before = generation(db)
    with database.writing() as db:
        invalidation.bump(db)
        db.rollback()
    with database.reading() as db:
        assert generation(db) == before


def test_a_cached_value_is_loaded_once_and_again_within_a_second_of_a_change(
    database: Database, watch: Watch
) -> None:
    """(row 115)"""
    loads: list[int] = []
    cached = Cached(watch, lambda db: loads.append(generation(db)) or len(loads))
    assert [cached.get(), cached.get(), cached.get()] == [1, 1, 1]
    bump(database)
    changed_at = time.monotonic()
    while cached.get() == 1:
        assert time.monotonic() - changed_at < 1
        time.sleep(0.02)
    assert cached.get() == 2


def test_without_the_watchs_thread_a_door_asks_when_the_answer_is_a_second_old(database: Database) -> None:
    watch = Watch(database)
    before = watch.generation()
    bump(database)
    assert watch.generation() == before
    time.sleep(invalidation.GOOD_FOR_SECONDS)
    assert watch.generation() == before + 1


def test_without_a_database_a_cached_value_is_used_for_a_second_and_then_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that lost its database must not go on by what it remembers."""
    watch = Watch(database)
    cached = Cached(watch, generation)
    kept = cached.get()
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere", "gapura_web")
    monkeypatch.setattr(watch, "database", away)
    assert cached.get() == kept
    time.sleep(invalidation.GOOD_FOR_SECONDS)
    with pytest.raises(DatabaseAway):
        cached.get()


def test_an_older_answer_never_replaces_a_younger_one(database: Database) -> None:
    watch = Watch(database)
    watch.generation()
    younger = invalidation.Answer(watch.generation() + 5, time.monotonic() + 0.5)
    watch._answer = younger
    watch._ask()
    assert watch._answer == younger


def test_what_cannot_be_loaded_ahead_does_not_end_the_asking(database: Database) -> None:
    watch, tried = Watch(database), []

    def load() -> None:
        tried.append(watch.last().asked_at)
        raise ValueError("not today")

    watch.ahead.append(load)
    watch.start()
    ends = time.monotonic() + 5
    while len(tried) < 2:
        assert time.monotonic() < ends
        time.sleep(0.02)
    watch.stop()
    assert tried[1] > tried[0]
