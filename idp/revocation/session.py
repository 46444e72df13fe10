"""One session ended, or all of a citizen's, with what ends with it: its refresh families without `offline_access`,
and every client that took part is told by back-channel (DESIGN §4). Codes and access tokens ask the session at
use.

Who must be told is in the ended row itself, in the same transaction (C053): nothing is read after it is gone.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import sessions
from idp.accounts.models import SessionEnd
from idp.accounts.sessions import Ended
from idp.gate import Gate
from idp.tokens import refresh_families


def end(
    db: Session, gate: Gate, citizen_id: UUID, session_id: UUID, because: SessionEnd, now: datetime | None = None
) -> Ended | None:
    """End this session. None: it had ended before, and then everything with it."""
    ended = sessions.end(db, citizen_id, session_id, because, now)
    if ended is not None:
        end_with(db, gate, [ended], now)
    return ended


def end_with(db: Session, gate: Gate, ended: Iterable[Ended], now: datetime | None = None) -> None:
    """What every way of ending a session has in common."""
    for one in ended:
        refresh_families.end_of_session(db, one.citizen_id, one.session_id, now)
