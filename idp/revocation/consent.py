"""A consent withdrawn or expired, whole or in one attribute, and what ends with it: the refresh families of that client, and
the agency is told and its clock begins. Codes and access tokens need nothing: they carry the consent's id, and it is asked.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consent import records
from consent.records import AlreadyEnded, Amended, Ended, NotFound, Parties
from idp.signals import delivery, outbox
from idp.tokens import refresh_families

ANSWER_WITHIN = timedelta(hours=72)  # 3 × 24 hours (UU PDP art. 40)


def withdraw(db: Session, citizen_id: UUID, consent_id: UUID, parties: Parties, acr: str) -> Ended | AlreadyEnded | NotFound:
    """Take the whole record back. A second tap finds it ended and says the same."""
    outcome = records.withdraw(db, citizen_id, consent_id, parties=parties, acr=acr)
    if isinstance(outcome, Ended):
        end_with(db, citizen_id, consent_id, outcome.client_no, outcome.now)
    return outcome
