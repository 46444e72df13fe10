"""Redeeming a code: one statement, all or nothing, composed of what each table's writer lends (DESIGN §3, §6.2).

No `first_use`: a replay. It is counted, the family is ended and the access tokens of the first use are dead, in
this same statement. `first_use` without a consent: refused (withdrawn, signed out, suspended, older than 60 s);
the code is burnt all the same. What decides each race:

    same code twice         the primary key: the second waits for the first's commit, then updates. Its snapshot
                            may be older than the first's family, so the family is ended by ON CONFLICT DO UPDATE.
    withdrawal meanwhile    FOR SHARE OF c: one waits for the other; the loser judges the newest row.
    logout meanwhile        `joined` updates the newest session row; no row, no tokens. So whoever got tokens is in
                            the list that logout reads.
    given again later       everything carries consent_id, and a giving after a withdrawal makes a new one.
    suspended and lifted    a code of before the client's last suspension is older than `state_at`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consent import disclosures
from idp.accounts import sessions
from idp.authorization import codes
from idp.authorization.codes import Code
from idp.hot_connection import HotConnection
from idp.tokens import refresh_families

_LIVE = f"""
  SELECT s.authenticated_at, s.aal, s.amr, s.seen_at, a.ial, c.consent_id, c.attribute_nos,
         s.client_nos @> ARRAY[%(client_no)s::integer] AS joined_before
    FROM idp.sessions AS s
    JOIN idp.accounts AS a ON a.citizen_id = s.citizen_id
    JOIN consent.consents AS c ON c.citizen_id = s.citizen_id
   WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s
     AND {sessions.LIVES}
     AND a.state = 'active'
     AND c.client_no = %(client_no)s::integer AND c.purpose_no = %(purpose_no)s::integer
     AND c.consent_id = %(consent_id)s
     AND c.withdrawn_at IS NULL AND c.paused_at IS NULL AND c.expires_at > coalesce(%(now)s::timestamptz, now())
     AND uuid_extract_timestamp(%(code_id)s) > coalesce(%(now)s::timestamptz, now()) - interval '60 seconds'
     AND EXISTS (SELECT FROM idp.clients AS client
                  WHERE client.client_no = %(client_no)s::integer
                    AND client.state = ANY (%(open_states)s::idp.client_state[])
                    AND client.agency_state IN ('registered', 'verified')
                    AND client.state_at <= uuid_extract_timestamp(%(code_id)s))
  FOR SHARE OF c
"""
_ALLOWED = """
  SELECT live.* FROM code, live
   WHERE code.first_use AND (live.joined_before OR EXISTS (SELECT FROM joined))
"""
_STATEMENT = f"""
WITH code AS ({codes.REDEEMED}), live AS ({_LIVE}), {sessions.JOINED}, allowed AS ({_ALLOWED}),
{disclosures.DISCLOSED_ID_TOKEN}, family AS ({refresh_families.STARTED}), revoked AS (
{refresh_families.REVOKED_WITH_CODE})
SELECT code.replays, allowed.consent_id, allowed.attribute_nos, allowed.authenticated_at, allowed.aal,
       allowed.amr, allowed.ial, coalesce(%(now)s::timestamptz, now()) AS now{{columns}}
  FROM code LEFT JOIN allowed ON true{{joins}}
"""
_REDEEM = _STATEMENT.format(columns="", joins="")
# An ID token that shows attributes needs the profile; most do not, and then no page of it is read.
_REDEEM_WITH_PROFILE = _STATEMENT.format(
    columns=", k.key_sealed, p.profile_sealed, p.updated_at, disclosed.attribute_nos",
    joins="""
  LEFT JOIN idp.citizen_keys AS k ON k.citizen_id = %(citizen_id)s AND allowed.consent_id IS NOT NULL
  LEFT JOIN idp.profiles AS p ON p.citizen_id = %(citizen_id)s AND allowed.consent_id IS NOT NULL
  LEFT JOIN disclosed ON true""",
)


@dataclass(frozen=True)
class Redeemed:
    """The code worked, now and once. Attribute numbers are what the consent covers at this moment.

    `profile`: sealed key, sealed profile, its time and the numbers disclosed, where the ID token shows any.
    """

    now: datetime
    consent_id: UUID
    attribute_nos: frozenset[int]
    authenticated_at: datetime
    aal: int
    ial: int
    amr: tuple[str, ...]
    profile: tuple[bytes, bytes, datetime, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class Replayed:
    """The code had been used: what its first use gave is dead, and the trace of it is kept. `times`: how often
    that was."""

    now: datetime
    times: int


@dataclass(frozen=True)
class NotLive:
    """Something the code rests on has ended: session, consent, account, client, or its own minute."""

    now: datetime


def redeem(
    connection: HotConnection,
    code: Code,
    open_states: list[str],
    *,
    wants_refresh: bool,
    bound_to_session: bool,
    now: datetime | None = None,
) -> Redeemed | Replayed | NotLive:
    """Burn this code and answer what became of it. The caller has proven that client, address and verifier are
    right."""
    parameters: dict[str, Any] = {
        "code_id": code.code_id,
        "citizen_id": code.citizen_id,
        "session_id": code.session_id,
        "client_no": code.client_no,
        "purpose_no": code.purpose_no,
        "consent_id": code.consent_id,
        "released_nos": list(code.id_token_nos),
        "wants_refresh": wants_refresh,
        "bound_session_id": code.session_id if bound_to_session else None,
        "scope": code.scope,
        "open_states": open_states,
        "now": now,
    }
    row = connection.row(_REDEEM_WITH_PROFILE if code.id_token_nos else _REDEEM, parameters)
    assert row is not None  # `code` always answers one row
    if row[0]:
        return Replayed(row[7], row[0])
    if row[1] is None:
        return NotLive(row[7])
    profile = (bytes(row[8]), bytes(row[9]), row[10], tuple(row[11])) if code.id_token_nos and row[11] else None
    return Redeemed(row[7], row[1], frozenset(row[2]), row[3], row[4], row[6], tuple(row[5]), profile)
