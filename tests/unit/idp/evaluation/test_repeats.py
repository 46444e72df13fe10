"""What was answered is forgotten when it counts no more, and not before."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.evaluation import repeats
from tests.builders import NOW

KEEP = text("""
INSERT INTO idp.answered_questions (asking_no, request_digest, question_digest, answered_at, reasons, decision_ids,
       consent_ids, ends)
VALUES (:asking_no, '\\x00', '\\x00', :answered_at, '{withdrawn}', ARRAY[uuidv7()], '{NULL}', '{NULL}')
""")


def test_what_counts_no_more_is_forgotten_in_batches(worker_db: Session) -> None:
    ages = {1: repeats.COUNTS_FOR, 2: repeats.KEPT_FOR, 3: repeats.KEPT_FOR * 2, 4: repeats.KEPT_FOR * 3}
    for asking_no, age in ages.items():
        worker_db.execute(KEEP, {"asking_no": asking_no, "answered_at": NOW - age})
    assert repeats.forget(worker_db, 2, NOW) == 2
    assert repeats.forget(worker_db, 2, NOW) == 1
    kept = worker_db.execute(text("SELECT asking_no FROM idp.answered_questions")).scalars().all()
    assert kept == [1]
    assert repeats.COUNTS_FOR + timedelta(seconds=10) < repeats.KEPT_FOR, "who was told of it still finds it"


def test_another_door_another_question() -> None:
    one, other = (repeats.Request.of("r", door, b"{}") for door in ("/a", "/b"))
    assert one.request_digest == other.request_digest
    assert one.question_digest != other.question_digest
    assert one.part(1) != one.part(2)
