"""Using an access token: one statement judges everything it rests on and writes the disclosure (hotpath statements
3, 4).

FOR SHARE on the consent: the disclosure is committed before a withdrawal can be, so the order in the log is
strict.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent import disclosures
from idp.accounts import sessions
from idp.hot_connection import HotConnection
from idp.tokens.access_token import NOBODY, AccessToken

# `state_at`: whatever was issued before the client's last suspension stays dead when that is lifted (DESIGN §4).
_ISSUED_TO = """SELECT FROM idp.clients AS client
                  WHERE client.client_no = %(client_no)s::integer
                    AND client.state = ANY (%(open_states)s::idp.client_state[])
                    AND client.agency_state IN ('registered', 'verified')
                    AND client.state_at <= uuid_extract_timestamp(%(token_id)s)"""
_ASKING = """SELECT FROM idp.clients AS asking
                  WHERE asking.client_no = %(asking_no)s::integer
                    AND asking.state = ANY (%(open_states)s::idp.client_state[])
                    AND asking.agency_state IN ('registered', 'verified')"""
_TOKEN = """
  SELECT c.consent_id, c.attribute_nos{columns}
    FROM idp.accounts AS a
    JOIN consent.consents AS c ON c.citizen_id = a.citizen_id{joins}
   WHERE a.citizen_id = %(citizen_id)s AND a.state = 'active'
     AND c.client_no = %(client_no)s::integer AND c.purpose_no = %(purpose_no)s::integer
     AND c.consent_id = %(consent_id)s
     AND c.withdrawn_at IS NULL AND c.paused_at IS NULL AND c.expires_at > coalesce(%(now)s::timestamptz, now())
     AND NOT EXISTS (SELECT FROM idp.revoked_tokens AS r
                      WHERE r.citizen_id = %(citizen_id)s AND r.revoked_id IN (%(token_id)s, %(family_id)s))
     AND (%(session_id)s::uuid IS NULL
          OR EXISTS (SELECT FROM idp.sessions AS s
                      WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s
                        AND {session_lives}))
     AND %(token_expires_at)s > coalesce(%(now)s::timestamptz, now())
     AND EXISTS ({issued_to}){asking}
  FOR SHARE OF c
"""
_WITH_PROFILE = _TOKEN.format(
    columns=", k.key_sealed, p.profile_sealed, p.updated_at",
    joins="""
    JOIN idp.citizen_keys AS k ON k.citizen_id = a.citizen_id
    JOIN idp.profiles AS p ON p.citizen_id = a.citizen_id""",
    session_lives=sessions.LIVES,
    issued_to=_ISSUED_TO,
    asking="",
)
_FOR_ASKING = _TOKEN.format(
    columns="",
    joins="",
    session_lives=sessions.LIVES,
    issued_to=_ISSUED_TO,
    asking=f" AND EXISTS ({_ASKING})",
)
_USERINFO = f"""
WITH token AS ({_WITH_PROFILE}), {disclosures.DISCLOSED_USERINFO}
SELECT disclosed.attribute_nos, token.key_sealed, token.profile_sealed, token.updated_at FROM token, disclosed
"""
_INTROSPECT = f"""
WITH token AS ({_FOR_ASKING}), {disclosures.DISCLOSED_INTROSPECTION}
SELECT token.attribute_nos FROM token
"""
# Whether a machine's own token speaks for its client: a condition for statements that answer to it.
MACHINE_LIVES = f"""%(token_expires_at)s > coalesce(%(now)s::timestamptz, now())
   AND EXISTS ({_ISSUED_TO})
   AND NOT EXISTS (SELECT FROM idp.revoked_tokens AS r
                    WHERE r.citizen_id = %(citizen_id)s AND r.revoked_id = %(token_id)s)"""
_MACHINE = f"""
SELECT true
 WHERE {MACHINE_LIVES}
   AND EXISTS ({_ASKING})
"""


@dataclass(frozen=True)
class Released:
    """What may be shown, and the sealed record it is read from."""

    attribute_nos: tuple[int, ...]
    key_sealed: bytes
    profile_sealed: bytes
    updated_at: datetime


def parameters(token: AccessToken, open_states: list[str], now: datetime | None) -> dict[str, Any]:
    """What the statements of this module, and those that borrow from it, ask of a token."""
    return {
        "citizen_id": token.citizen_id or NOBODY,
        "client_no": token.client_no,
        "purpose_no": token.purpose_no,
        "consent_id": token.consent_id,
        "token_id": token.token_id,
        "family_id": token.family_id,
        "session_id": token.session_id,
        "token_expires_at": token.expires_at,
        "open_states": open_states,
        "now": now,
    }


def release(
    connection: HotConnection, token: AccessToken, open_states: list[str], now: datetime | None = None
) -> Released | None:
    """Disclose at userinfo what the token asks and the consent covers; None: the token gives nothing (any
    more)."""
    values = parameters(token, open_states, now) | {"asked_nos": list(token.userinfo_nos)}
    row = connection.row(_USERINFO, values)
    return None if row is None else Released(tuple(row[0]), bytes(row[1]), bytes(row[2]), row[3])


def introspected(
    connection: HotConnection,
    token: AccessToken,
    open_states: list[str],
    *,
    asking_no: int,
    asking_agency_no: int,
    now: datetime | None = None,
) -> frozenset[int] | None:
    """What the consent covers, told to the client that asks and logged under its agency; None: not active."""
    values = parameters(token, open_states, now) | {
        "asking_no": asking_no,
        "source_agency_no": asking_agency_no,
    }
    row = connection.row(_INTROSPECT, values)
    return None if row is None else frozenset(row[0])


def machine_lives(
    connection: HotConnection,
    token: AccessToken,
    open_states: list[str],
    *,
    asking_no: int,
    now: datetime | None = None,
) -> bool:
    """Whether a machine's own token still speaks for its client, to the client that asks."""
    values = parameters(token, open_states, now) | {"asking_no": asking_no}
    return connection.row(_MACHINE, values) is not None
