"""A pause of consents that stand: nothing leaves under them until each is resumed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

# A pause changes nothing of what was given, so it is no act of the record (TS 27560 has no word for it): nothing
# leaves while it stands.
_PAUSE_ALL = """
UPDATE consent.consents AS c
   SET paused_at = coalesce(%(now)s::timestamptz, now())
 WHERE c.citizen_id = %(citizen_id)s::uuid AND c.withdrawn_at IS NULL AND c.paused_at IS NULL
   AND c.expires_at > coalesce(%(now)s::timestamptz, now())
RETURNING c.consent_id
"""
_RESUME = """
UPDATE consent.consents AS c
   SET paused_at = NULL
 WHERE c.citizen_id = %(citizen_id)s::uuid AND c.consent_id = %(consent_id)s::uuid
   AND c.withdrawn_at IS NULL AND c.paused_at IS NOT NULL
RETURNING c.consent_id
"""


def pause_all(db: Session, citizen_id: UUID, now: datetime | None = None) -> int:
    """Let nothing leave under any of a citizen's consents until each is resumed; how many that were."""
    given = {"citizen_id": citizen_id, "now": now}
    return len(db.connection().exec_driver_sql(_PAUSE_ALL, given).all())


def resume(db: Session, citizen_id: UUID, consent_id: UUID) -> bool:
    """End a pause: the consent is in force as it was given. False: it is not paused, or not this citizen's."""
    given = {"citizen_id": citizen_id, "consent_id": consent_id}
    return db.connection().exec_driver_sql(_RESUME, given).one_or_none() is not None
