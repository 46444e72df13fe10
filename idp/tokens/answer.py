"""What every grant for a citizen answers: an access token, the scope that still stands, an ID token, a refresh
token."""

from datetime import datetime
from typing import Any
from uuid import UUID

from idp.authorization.codes import uuid7
from idp.claims import release
from idp.clients.registry import Client
from idp.gate import Gate
from idp.tokens import access_token, id_token, refresh_families
from idp.tokens.access_token import AccessToken
from idp.tokens.id_token import Authentication
from idp.tokens.refresh_families import RefreshToken


def for_citizen(
    gate: Gate,
    client: Client,
    authentication: Authentication,
    now: datetime,
    *,
    purpose_no: int,
    consent_id: UUID,
    family_id: UUID,
    bound_session_id: UUID | None,
    scope: str,
    userinfo_nos: tuple[int, ...],
    attribute_nos: frozenset[int],
    nonce: str,
    personal: dict[str, Any],
    refresh: RefreshToken | None,
) -> dict[str, Any]:
    """The members of RFC 6749 §5.1 and OIDC Core §3.1.3.3. `attribute_nos`: what the consent covers now."""
    issued_at, expires_at = access_token.whole_seconds(now, access_token.LIFE_SECONDS)
    left = release.scope_left(scope, attribute_nos, gate.attributes.get())
    token = AccessToken(
        token_id=uuid7(now), client_no=client.client_no, scope=left, issued_at=issued_at, expires_at=expires_at,
        citizen_id=authentication.citizen_id, purpose_no=purpose_no, consent_id=consent_id, family_id=family_id,
        session_id=bound_session_id, userinfo_nos=userinfo_nos,
        auth_time=int(authentication.authenticated_at.timestamp()), acr=authentication.acr(now),
    )  # fmt: skip
    sealed = access_token.seal(gate.sealer, token, now)
    members = {
        "access_token": sealed,
        "token_type": "Bearer",
        "expires_in": access_token.LIFE_SECONDS,
        "scope": left,
        "id_token": id_token.issue(
            gate, client, authentication, now, access_token=sealed, nonce=nonce, personal=personal
        ),
    }
    if refresh is not None:
        started_at = datetime.fromtimestamp(refresh.started_at, now.tzinfo)
        members["refresh_token"] = refresh_families.seal(gate.sealer, refresh, started_at)
    return members
