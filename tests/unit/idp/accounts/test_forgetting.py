"""Rows leave when their time is over, not before, and only as many as asked for: one table for all who delete."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import letters, recovery, sent_codes, session_endings, totp

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Forget = Callable[[Session, int, datetime], int]

SENT_CODE = """
INSERT INTO idp.sent_codes (citizen_id, sent_id, use, code_digest, destination_digest, tries_left, sent_at,
                            expires_at)
VALUES (uuidv7(), uuidv7(), 'recovery', '', '', 5, :at, :at)
"""
LETTER = """
INSERT INTO idp.activations (letter_digest, citizen_id, tries_left, issued_at, expires_at)
VALUES (sha256(uuidv7()::text::bytea), uuidv7(), 5, :at, :at)
"""
TOTP = """
INSERT INTO idp.totp_secrets (citizen_id, totp_id, secret_sealed, created_at) VALUES (uuidv7(), uuidv7(), '', :at)
"""
SESSION = """
INSERT INTO idp.sessions (citizen_id, session_id, secret_digest, started_at, authenticated_at, seen_at, expires_at,
                          idle_seconds, aal, amr, ended_at, ended_because)
VALUES (uuidv7(), uuidv7(), '', :at, :at, :at, :at, 60, 1, '{pwd}', :at, 'logged_out')
"""
RECOVERY = """
INSERT INTO idp.recoveries (citizen_id, recovery_id, cause, first_proof, state, asked_at, opens_at, cancel_digest,
                            state_at)
VALUES (uuidv7(), uuidv7(), 'phone_lost', 'recovery_code', 'expired', :at, :at, '', :at)
"""
KEPT = [
    pytest.param(sent_codes.forget, "idp.sent_codes", SENT_CODE, DAY, id="a code, a day after it ran out"),
    pytest.param(letters.forget, "idp.activations", LETTER, 30 * DAY, id="a letter, a month after it ran out"),
    pytest.param(totp.forget, "idp.totp_secrets", TOTP, DAY, id="a second factor, a day unconfirmed"),
    pytest.param(session_endings.forget, "idp.sessions", SESSION, 30 * DAY, id="a session, 30 days after its end"),
    pytest.param(recovery.forget, "idp.recoveries", RECOVERY, 730 * DAY, id="a recovery, two years after"),
]


@pytest.mark.parametrize(("forget", "table", "insert", "kept"), KEPT)
def test_it_leaves_when_its_time_is_over(
    worker_db: Session, forget: Forget, table: str, insert: str, kept: timedelta
) -> None:
    worker_db.execute(text(f"DELETE FROM {table}"))
    for at in (NOW - kept - DAY, NOW - kept - DAY, NOW - kept + DAY):
        worker_db.execute(text(insert), {"at": at})
    assert forget(worker_db, 1, NOW) == 1
    assert forget(worker_db, 10, NOW) == 1
    assert worker_db.scalar(text(f"SELECT count(*) FROM {table}")) == 1


@pytest.mark.parametrize(
    ("forget", "table", "insert", "update"),
    [
        (totp.forget, "idp.totp_secrets", TOTP, "UPDATE idp.totp_secrets SET confirmed_at = created_at"),
        (
            session_endings.forget,
            "idp.sessions",
            SESSION,
            "UPDATE idp.sessions SET ended_at = NULL, ended_because = NULL",
        ),
        (recovery.forget, "idp.recoveries", RECOVERY, "UPDATE idp.recoveries SET state = 'waiting'"),
    ],
)
def test_what_still_counts_stays_however_old(
    worker_db: Session, forget: Forget, table: str, insert: str, update: str
) -> None:
    worker_db.execute(text(f"DELETE FROM {table}"))
    worker_db.execute(text(insert), {"at": NOW - 3000 * DAY})
    worker_db.execute(text(update))
    assert forget(worker_db, 10, NOW) == 0
