"""A key store that is not the one a database was filled with is refused, whichever secret is another."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from keys import store_marks
from keys.errors import KeyStoreError
from keys.key_store import KeyStore


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore.open(tmp_path / "keys", create=True)


@pytest.fixture
def db(worker_db: Session, store: KeyStore) -> Session:
    """The worker's, with this store's marks."""
    assert worker_db.execute(text("SELECT count(*) FROM keys.store_marks")).scalar_one() == 0
    store_marks.keep(worker_db, store)
    return worker_db


def with_another(store: KeyStore, name: str) -> KeyStore:
    (store.folder / name).write_bytes(b"x" * 32)
    return KeyStore.open(store.folder)


@pytest.mark.parametrize("name", ["lookup", "pepper"])
def test_another_secret_is_named_with_its_file(db: Session, store: KeyStore, name: str) -> None:
    with pytest.raises(KeyStoreError, match=f"{name} is not the one this database was filled with; restore"):
        store_marks.refuse_another(db, with_another(store, name))


def test_the_same_store_is_accepted_and_keeping_again_changes_nothing(db: Session, store: KeyStore) -> None:
    store_marks.refuse_another(db, store)
    other = with_another(store, "lookup")
    store_marks.keep(db, other)
    with pytest.raises(KeyStoreError):
        store_marks.refuse_another(db, other)


def test_a_database_without_marks_accepts_any_store(worker_db: Session, store: KeyStore) -> None:
    assert worker_db.scalar(text("SELECT count(*) FROM keys.store_marks")) == 0
    store_marks.refuse_another(worker_db, store)


def test_a_mark_tells_nothing_of_its_secret(db: Session, store: KeyStore) -> None:
    marks = [bytes(row[0]) for row in db.execute(text("SELECT mark FROM keys.store_marks"))]
    assert len(marks) == 2
    for mark in marks:
        assert mark not in store.lookup + store.pepper


def test_no_one_who_serves_can_change_a_mark(db: Session) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text("UPDATE keys.store_marks SET mark = sha256('')"))
