"""The clock an agency is on after a withdrawal, and what an answer of the agency does to it. Pure: a reading of
the clock comes in, a verdict goes out; `delivery` reads and writes.

In order: withdrawn → told → acknowledged → deleted, or kept because a law says so. An answer says all that comes
before it. What was said once is not unsaid: the citizen has read it. Only from kept the way leads on, to deleted.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ANSWER_WITHIN = timedelta(hours=72)  # 3 × 24 hours (UU 27/2022 art. 40)
LONGEST_STATUTE = 200


class Answer(StrEnum):
    """What an agency may say."""

    ACKNOWLEDGED = "acknowledged"  # we have stopped
    DELETED = "deleted"
    KEPT = "kept"  # because of the law that is named


class Verdict(StrEnum):
    """What an answer comes to."""

    NEW = "new"
    SAID_BEFORE = "said_before"  # the same state: on a slow network people press twice
    CONTRADICTS = "contradicts"  # what was said before stands


@dataclass(frozen=True)
class Clock:
    """How far a withdrawal has come at the agency; `due_at` is when it must have answered."""

    withdrawn_at: datetime
    due_at: datetime
    told_at: datetime | None = None
    not_told_at: datetime | None = None  # when we stopped trying
    attempts: int = 0  # until then; 0: there was no address
    acknowledged_at: datetime | None = None
    deleted_at: datetime | None = None
    kept_at: datetime | None = None
    kept_under: str | None = None

    @property
    def state(self) -> str:
        """The furthest that was reached: withdrawn, told, acknowledged, kept or deleted."""
        reached = (
            ("deleted", self.deleted_at),
            ("kept", self.kept_under),
            ("acknowledged", self.acknowledged_at),
            ("told", self.told_at),
        )
        return next((state for state, since in reached if since), "withdrawn")

    @property
    def open(self) -> bool:
        """The agency still owes an answer."""
        return self.deleted_at is None and self.kept_under is None

    def overdue(self, now: datetime) -> bool:
        return self.open and self.due_at <= now


def judge(clock: Clock, answer: Answer, statute: str | None) -> Verdict:
    """`statute` names the law for `KEPT` and is None with the others."""
    if answer is Answer.ACKNOWLEDGED:
        return Verdict.SAID_BEFORE if clock.acknowledged_at else Verdict.NEW
    if answer is Answer.DELETED:
        return Verdict.SAID_BEFORE if clock.deleted_at else Verdict.NEW
    if clock.kept_under == statute:
        return Verdict.SAID_BEFORE
    return Verdict.NEW if clock.open else Verdict.CONTRADICTS


def read_statute(typed: str) -> str | None:
    """A law as it is cited, on one line; None: that names none. Citizens read it, so nothing in it is unseen."""
    words = " ".join(unicodedata.normalize("NFC", typed[: 4 * LONGEST_STATUTE]).split())
    if not words.isprintable() or len(words) > LONGEST_STATUTE:
        return None
    return words if sum(letter.isalnum() for letter in words) >= 4 else None
