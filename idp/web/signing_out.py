"""The session of this browser ends by its citizen's own word, with all that ends with it (DESIGN §4).

The answer must carry `session_cookie.clearing()`.
"""

from idp import audit
from idp.accounts.session_endings import Ended
from idp.accounts.sessions import SessionRow
from idp.accounts.states import SessionEnd
from idp.revocation import session as revocation
from idp.web import current


def sign_out(session: SessionRow) -> Ended | None:
    """None: it had ended before."""
    with current.writing() as db:
        ended = revocation.end(db, session.citizen_id, session.session_id, SessionEnd.LOGGED_OUT)
        audit.record(
            db,
            action="session.ended",
            object_id=str(session.session_id),
            outcome="done",
            actor_id=session.citizen_id,
        )
    return ended
