"""A token given back by its client (RFC 7009): a refresh token ends its family and the family's access tokens;
an access token, a citizen's or a machine's own, ends alone.
"""

from enum import Enum
from uuid import UUID

from sqlalchemy.orm import Session

from idp.clients.registry import Client
from idp.gate import Gate
from idp.signals import notifications
from idp.tokens import access_token, refresh_families
from idp.tokens.access_token import NOBODY
from idp.tokens.refresh_families import FamilyEnd


class Outcome(Enum):
    """What became of the wish."""

    REVOKED = "revoked"
    NOTHING_OF_OURS = "nothing_of_ours"
    OF_ANOTHER_CLIENT = "of_another_client"


def revoke(db: Session, gate: Gate, client: Client, sealed: str) -> Outcome:
    """The hint of RFC 7009 §2.1 is not needed: each kind of token opens only as itself."""
    refresh = refresh_families.open_sealed(gate.sealer, sealed, gate.clock())
    if refresh is not None:
        if refresh.client_no != client.client_no:
            return Outcome.OF_ANOTHER_CLIENT
        refresh_families.end_family(db, refresh.citizen_id, refresh.family_id, FamilyEnd.REVOKED_BY_CLIENT)
        return Outcome.REVOKED
    access = access_token.open_sealed(gate.sealer, sealed, gate.clock())
    if access is None:
        return Outcome.NOTHING_OF_OURS
    if access.client_no != client.client_no:
        return Outcome.OF_ANOTHER_CLIENT
    refresh_families.revoke_access_token(db, access.citizen_id or NOBODY, access.token_id)
    return Outcome.REVOKED


def tell_of_reuse(gate: Gate, citizen_id: UUID, consent_id: UUID, client_no: int) -> None:
    """A code or refresh token came a second time, and what it gave is ended already (DESIGN §4): the citizen hears
    why an application let go of them."""
    with gate.database.writing() as db:
        detail = {"consent_id": str(consent_id), "client_no": client_no}
        notifications.add(db, citizen_id, "token_reused", detail)
