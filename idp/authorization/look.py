"""The one read of an authorization request: is this browser signed in, is the account open, what stands between
the citizen and this client? (The hop's first statement.)
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consent.agreements import Agreement
from consent.consents import Head
from idp.accounts import sessions
from idp.accounts.assurance import Reached
from idp.authorization.interaction import Standing
from idp.clients.registry import Client
from idp.gate import Gate
from idp.hot_connection import HotConnection

# It decides nothing and writes nothing, so it needs no lock.
_LOOK = f"""
SELECT s.authenticated_at, s.aal, s.amr, a.state::text, a.ial,
       c.consent_id, c.agreement_no, c.revision, c.given_at, c.expires_at, c.attribute_nos, c.law_nos,
       c.offered_nos, c.paused_at, c.withdrawn_at, c.agency_no,
       coalesce(%(now)s::timestamptz, now()) AS now
  FROM idp.sessions AS s
  JOIN idp.accounts AS a ON a.citizen_id = s.citizen_id
  LEFT JOIN consent.consents AS c
    ON c.citizen_id = s.citizen_id AND c.client_no = %(client_no)s::integer
   AND c.purpose_no = %(purpose_no)s::integer
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.secret_digest = %(secret_digest)s
   AND s.audience = 'citizen' AND {sessions.LIVES}
"""


@dataclass(frozen=True)
class SessionKey:
    """What the session cookie says: whose session, which, and its secret, of which only the digest is stored."""

    citizen_id: UUID
    session_id: UUID
    secret: bytes = field(repr=False)

    @property
    def secret_digest(self) -> bytes:
        return hashlib.sha256(self.secret).digest()


@dataclass(frozen=True)
class Look:
    """How the browser's session and the citizen's consent stand at `now`, the database's time."""

    standing: Standing | None
    head: Head | None
    now: datetime


def look_at(
    gate: Gate, connection: HotConnection, client: Client, agreement: Agreement, session: SessionKey | None
) -> Look:
    """How things stand for this browser at this client, in one read."""
    if session is None:
        return Look(None, None, gate.now())
    parameters = {
        "citizen_id": session.citizen_id,
        "session_id": session.session_id,
        "secret_digest": session.secret_digest,
        "client_no": client.client_no,
        "purpose_no": agreement.purpose_no,
        "now": None,
    }
    row = connection.row(_LOOK, parameters)
    if row is None:
        return Look(None, None, gate.now())
    (
        authenticated_at,
        aal,
        amr,
        state,
        ial,
        consent_id,
        agreement_no,
        revision,
        given_at,
        expires_at,
        attribute_nos,
        law_nos,
        offered_nos,
        paused_at,
        withdrawn_at,
        agency_no,
        now,
    ) = row
    head = None
    if consent_id is not None:
        head = Head(
            consent_id=consent_id,
            client_no=client.client_no,
            agency_no=agency_no,
            purpose_no=agreement.purpose_no,
            agreement_no=agreement_no,
            revision=revision,
            given_at=given_at,
            expires_at=expires_at,
            attribute_nos=frozenset(attribute_nos),
            law_nos=frozenset(law_nos or ()),
            offered_nos=frozenset(offered_nos),
            paused_at=paused_at,
            withdrawn_at=withdrawn_at,
        )
    return Look(
        Standing(session.citizen_id, state == "active", Reached(ial, aal, amr, authenticated_at)),
        head,
        now,
    )
