"""One session ended, or all of a citizen's, with what ends with it: its refresh families without `offline_access`,
and every client that took part is told by back-channel (DESIGN §4). Codes and access tokens ask the session at
use.

Who must be told is in the ended row itself, in the same transaction (C053): nothing is read after it is gone.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import session_endings
from idp.accounts.session_endings import Ended
from idp.accounts.states import SessionEnd
from idp.signals import outbox
from idp.tokens import refresh_families


def end(
    db: Session, citizen_id: UUID, session_id: UUID, because: SessionEnd, now: datetime | None = None
) -> Ended | None:
    """End this session. None: it had ended before, and then everything with it."""
    ended = session_endings.end(db, citizen_id, session_id, because, now)
    if ended is not None:
        end_with(db, [ended], now)
    return ended


def end_all_but(db: Session, citizen_id: UUID, kept_id: UUID | None, because: SessionEnd) -> int:
    """Every session of a citizen but the one kept (None: all). How many that were."""
    ended = session_endings.end_all_but(db, citizen_id, kept_id, because)
    end_with(db, ended)
    return len(ended)


def end_with(db: Session, ended: Iterable[Ended], now: datetime | None = None) -> None:
    """What every way of ending a session has in common."""
    for one in ended:
        refresh_families.end_of_session(db, one.citizen_id, one.session_id, now)
        for client_no in one.client_nos:
            detail = {"session_id": str(one.session_id)}
            outbox.put(db, client_no, one.citizen_id, "backchannel_logout", detail, now)
