"""Ten printed codes, each good once."""

import threading

from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import recovery_codes
from idp.accounts.profile import Vault
from idp.database import Database
from tests.builders import NOW, a_citizen


def test_each_of_ten_works_once_however_it_is_typed(db: Session, vault: Vault) -> None:
    citizen_id = a_citizen(db, vault).citizen_id
    codes = recovery_codes.make(db, vault, citizen_id, NOW)
    assert len(set(codes)) == recovery_codes.count_left(db, citizen_id) == 10
    for left, code in zip(range(9, -1, -1), codes, strict=True):
        assert recovery_codes.use(db, vault, citizen_id, code.lower().replace("-", " "), NOW)
        assert not recovery_codes.use(db, vault, citizen_id, code, NOW)
        assert recovery_codes.count_left(db, citizen_id) == left


def test_a_new_set_makes_the_old_sheet_worthless(db: Session, vault: Vault) -> None:
    citizen_id = a_citizen(db, vault).citizen_id
    old = recovery_codes.make(db, vault, citizen_id, NOW)
    new = recovery_codes.make(db, vault, citizen_id, NOW)
    assert not recovery_codes.use(db, vault, citizen_id, old[0], NOW)
    assert recovery_codes.use(db, vault, citizen_id, new[0], NOW)


def test_another_citizens_code_or_nonsense_is_wrong(db: Session, vault: Vault) -> None:
    one, other = a_citizen(db, vault).citizen_id, a_citizen(db, vault).citizen_id
    codes = recovery_codes.make(db, vault, one, NOW)
    for typed in (codes[0], "", "\ud800", "A" * 16):
        assert not recovery_codes.use(db, vault, other, typed, NOW)


def test_no_code_lies_in_the_rows(db: Session, vault: Vault) -> None:
    """(row 91)"""
    citizen_id = a_citizen(db, vault).citizen_id
    codes = recovery_codes.make(db, vault, citizen_id, NOW)
    rows = db.execute(
        text("SELECT row_to_json(c)::text FROM idp.recovery_codes AS c WHERE citizen_id = :id"), {"id": citizen_id}
    )
    stored = "".join(rows.scalars())
    for code in codes:
        plain = code.replace("-", "")
        assert plain not in stored
        assert plain.encode().hex() not in stored


def test_a_code_used_twice_at_once_works_once(database: Database, vault: Vault) -> None:
    with database.writing() as db:
        citizen_id = a_citizen(db, vault).citizen_id
        codes = recovery_codes.make(db, vault, citizen_id, NOW)
    for code in codes:
        barrier, outcomes = threading.Barrier(2), []

        def use() -> None:
            with database.writing() as db:
                barrier.wait()  # noqa: B023
                outcomes.append(recovery_codes.use(db, vault, citizen_id, code, NOW))  # noqa: B023

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, True]
