"""Each minute of the trail has a head that its rows must fit, whoever changes them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from idp import audit_heads
from idp.audit_heads import TrailHeads
from idp.worker import Parts

EVENT = """
INSERT INTO idp.audit_events (event_id, action, object_id, outcome)
VALUES (uuidv7(:before_now), 'a.done', :object_id, 'done')
"""


def _trail(owner_db: Session) -> datetime:
    """Three events in the last ten minutes and nothing else; the minute that runs now."""
    for table in ("idp.audit_heads", "idp.audit_events"):
        owner_db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        owner_db.execute(text(f"DELETE FROM {table}"))
    for minutes, object_id in ((9, "o-1"), (9, "o-2"), (5, "o-3")):
        owner_db.execute(text(EVENT), {"before_now": timedelta(minutes=-minutes), "object_id": object_id})
    now: datetime = owner_db.execute(text("SELECT now()")).scalar_one()
    return now.astimezone(UTC).replace(second=0, microsecond=0)


def _heads(db: Session) -> list[int]:
    return list(db.scalars(text("SELECT rows_seen FROM idp.audit_heads ORDER BY minute_at")))


def _leaves(db: Session) -> int:
    return int(db.execute(text("SELECT count(*) FROM consent.ledger_intake")).scalar_one())


def test_every_minute_since_the_first_event_has_a_head_and_a_leaf(owner_db: Session) -> None:
    this_minute = _trail(owner_db)
    before = _leaves(owner_db)
    closed = audit_heads.close(owner_db, this_minute, 100)
    assert closed == len(_heads(owner_db)) == _leaves(owner_db) - before >= 9
    assert _heads(owner_db)[0] == 2
    assert sum(_heads(owner_db)) == 3
    assert list(audit_heads.verify(owner_db)) == []
    assert audit_heads.close(owner_db, this_minute, 100) == 0


def test_a_long_absence_is_made_up_for_in_rounds(owner_db: Session) -> None:
    this_minute = _trail(owner_db)
    rounds = []
    while closed := audit_heads.close(owner_db, this_minute, 4):
        rounds.append(closed)
    assert len(rounds) >= 3
    assert list(audit_heads.verify(owner_db)) == []


def test_a_changed_a_vanished_and_an_added_row_are_noticed(owner_db: Session) -> None:
    this_minute = _trail(owner_db)
    audit_heads.close(owner_db, this_minute, 100)
    for tampering in (
        "UPDATE idp.audit_events SET outcome = 'refused' WHERE object_id = 'o-1'",
        "DELETE FROM idp.audit_events WHERE object_id = 'o-3'",
        "INSERT INTO idp.audit_events (event_id, action, object_id, outcome)"
        " VALUES (uuidv7(interval '-7 minutes'), 'a.done', 'o-4', 'done')",
        "DELETE FROM idp.audit_heads AS h"
        " WHERE h.minute_at = (SELECT max(minute_at) - interval '2 minutes' FROM idp.audit_heads)",
    ):
        with owner_db.begin_nested() as savepoint:
            owner_db.execute(text(tampering))
            assert list(audit_heads.verify(owner_db)), tampering
            savepoint.rollback()
    assert list(audit_heads.verify(owner_db)) == []


def test_heads_made_anew_over_a_changed_trail_are_not_in_the_ledger(owner_db: Session) -> None:
    """Who may write every table makes a chain that fits; the ledger has the leaves of the one before."""
    this_minute = _trail(owner_db)
    audit_heads.close(owner_db, this_minute, 100)
    before = {leaf for (leaf,) in owner_db.execute(text("SELECT leaf_id FROM consent.ledger_intake"))}
    owner_db.execute(text("UPDATE idp.audit_events SET outcome = 'refused' WHERE object_id = 'o-1'"))
    owner_db.execute(text("DELETE FROM idp.audit_heads"))
    audit_heads.close(owner_db, this_minute, 100)
    owner_db.execute(
        text("DELETE FROM consent.ledger_intake WHERE leaf_id <> ALL(:before)"), {"before": list(before)}
    )
    wrong = list(audit_heads.verify(owner_db))
    assert len(wrong) == len(_heads(owner_db)), "each head was another before"
    assert all(sentence.endswith("has no entry in the log") for sentence in wrong)


def test_the_newest_head_is_what_an_outsider_keeps(owner_db: Session) -> None:
    this_minute = _trail(owner_db)
    assert audit_heads.newest(owner_db) is None
    audit_heads.close(owner_db, this_minute, 100)
    found = audit_heads.newest(owner_db)
    assert found is not None
    assert found[0] == this_minute - timedelta(minutes=1)
    assert len(found[1]) == 32


def test_without_an_event_there_is_nothing_to_close(owner_db: Session) -> None:
    this_minute = _trail(owner_db)
    owner_db.execute(text("DELETE FROM idp.audit_events"))
    assert audit_heads.close(owner_db, this_minute, 100) == 0


def test_the_worker_closes_what_is_over_with_its_own_rights(parts: Parts) -> None:
    with parts.database.writing() as db:
        db.execute(text(EVENT), {"before_now": timedelta(minutes=-3), "object_id": "o-5"})
    heads = TrailHeads()
    for _ in range(3):
        heads.step(parts.database, parts.now())
    with parts.database.reading() as db:
        assert sum(_heads(db)) >= 1
        assert list(audit_heads.verify(db)) == []
