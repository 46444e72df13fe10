"""The trail of refusals is complete in number and bounded in length."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.audit import QUIET_SECONDS, Pace
from idp.errors import Code, OAuthError
from idp.tokens.refusals import Refusals

WRONG, OTHER = OAuthError(Code.INVALID_GRANT, "no"), OAuthError(Code.INVALID_SCOPE, "no")


def test_the_first_is_written_and_the_rest_of_the_minute_counted(db: Session) -> None:
    """(row 112)"""
    clock = [0.0]
    refusals = Refusals(Pace(lambda: clock[0]))
    one: Any = SimpleNamespace(client_no=900_001, client_id="menolak-satu")
    two: Any = SimpleNamespace(client_no=900_002, client_id="menolak-dua")
    for client, error in ((one, WRONG), (one, WRONG), (one, OTHER), (two, WRONG), (one, WRONG)):
        refusals.note(db, client, error)
    clock[0] = QUIET_SECONDS
    refusals.note(db, one, WRONG)
    rows = db.execute(
        text("SELECT object_id, detail FROM idp.audit_events WHERE object_id LIKE 'menolak-%' ORDER BY event_id")
    )
    assert [(row[0], row[1]["error"], row[1]["times"]) for row in rows] == [
        ("menolak-satu", "invalid_grant", 1),
        ("menolak-satu", "invalid_scope", 1),
        ("menolak-dua", "invalid_grant", 1),
        ("menolak-satu", "invalid_grant", 3),
    ]
