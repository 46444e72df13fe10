"""What tests of the acts of a consent share."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import consents, endings, outcomes
from consent.consents import Head
from consent.ledger.recorded import read_again
from idp.database import Database
from tests.consent_builders import NOW, parties

DAY = timedelta(days=1)
LATER = NOW + DAY
BASIC = "urn:gapura:acr:basic"


def end(db: Session, citizen_id: UUID, consent_id: UUID, now: datetime | None = LATER) -> Any:
    return endings.withdraw(db, citizen_id, consent_id, parties=parties(), acr=BASIC, amr=("pwd",), now=now)


def head_of(db: Session, giving: outcomes.Giving) -> Head:
    head = consents.find(db, giving.citizen_id, giving.agreement.client_no, giving.agreement.purpose_no)
    assert head is not None
    return head


def leaves(db: Session) -> int:
    return int(db.execute(text("SELECT count(*) FROM consent.ledger_intake")).scalar_one())


def at_once(database: Database, count: int, act: Callable[[Session], object]) -> list[object]:
    """What `count` transactions, started together, came to."""
    gate, outcomes = threading.Barrier(count), list[object]()

    def run() -> None:
        with database.writing() as db:
            db.execute(text("SELECT 1"))
            gate.wait()
            outcome = act(db)
        outcomes.append(outcome)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def previous_of(db: Session, citizen_id: UUID, record_id: UUID) -> bytes:
    (previous,) = (
        one.act.previous_commitment
        for one in read_again(db, citizen_id=citizen_id)
        if one.act.record_id == record_id
    )
    assert previous is not None
    return previous
