"""Put a leaf into the log's intake, in the caller's transaction, without a lock. Inserts into its table; takes
nothing out.

An uncommitted leaf is seen by nobody, and a rolled-back act leaves none. Its number is no order: the sequencer
gives the position. It must take it within 24 hours, the promise of a receipt, and does so every few seconds.
"""

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from consent import models

# Lent to a statement that has a CTE `changed`: a leaf for each of its rows (there is one or none).
LEAF = """
leaf AS (
  INSERT INTO consent.ledger_intake (entry) SELECT %(entry)s FROM changed
)"""


def append(db: Session, entry: bytes) -> None:
    """One leaf (`entries.entry`) in the caller's transaction."""
    db.execute(insert(models.LedgerIntake).values(entry=entry))


def backlog(db: Session) -> tuple[int, datetime | None]:
    """How many leaves wait for their place, and since when the oldest does."""
    row = db.execute(select(func.count(), func.min(models.LedgerIntake.made_at))).one()
    return row[0], row[1]
