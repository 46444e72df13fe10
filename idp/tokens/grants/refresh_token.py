"""The refresh token grant: RFC 6749 §6 with rotation (RFC 9700 §4.14). Consent is asked again, and what was
withdrawn since is gone from the scope. A refresh writes no disclosure; the userinfo that follows does.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from idp import audit
from idp.claims import release
from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.tokens import answer, refresh_families
from idp.tokens.id_token import Authentication
from idp.tokens.refresh_families import Reused, Rotated


def refused() -> OAuthError:
    return OAuthError(
        Code.INVALID_GRANT, "the refresh token is unknown, expired, revoked, used, or not for this client"
    )


class RefreshTokenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """Authlib's own grant looks a token up and issues a new one beside it; here one statement turns the family."""

    GRANT_TYPE = "refresh_token"

    def validate_token_request(self) -> None:
        client: Client = self.authenticate_token_endpoint_client()
        if self.GRANT_TYPE not in client.grant_types:
            raise OAuthError(Code.UNAUTHORIZED_CLIENT, "the client is not registered for this grant_type")
        single = self.request.parameters.single
        if "refresh_token" not in single:
            raise OAuthError(Code.INVALID_REQUEST, "refresh_token is missing")
        gate = self.server.gate
        token = refresh_families.open_sealed(gate.sealer, single["refresh_token"], gate.clock())
        if token is None or token.client_no != client.client_no:
            raise refused()
        wanted = single.get("scope", token.scope).split()
        if not set(wanted) <= set(token.scope.split()) or "openid" not in wanted:
            raise OAuthError(
                Code.INVALID_SCOPE, "scope may only be narrower than what was given, and keeps openid"
            )
        self.token, self.scope = token, " ".join(dict.fromkeys(wanted))

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        gate, client, token = self.server.gate, self.request.client, self.token
        connection = gate.database.hot()
        outcome = refresh_families.rotate(connection, token, list(gate.open_states))
        if isinstance(outcome, Reused):
            audit.record(
                connection, action="token.refresh_reused", object_id=str(token.family_id), outcome="refused",
                actor_no=client.client_no,
            )  # fmt: skip
            self.server.tell_of_reuse(token.citizen_id, token.consent_id, client.client_no)
        if not isinstance(outcome, Rotated):
            raise refused()
        authentication = Authentication(
            token.citizen_id, token.authentication_session_id, datetime.fromtimestamp(token.auth_time, UTC),
            token.aal, token.ial, token.amr,
        )  # fmt: skip
        asked = release.narrowed(token.userinfo_nos, token.scope, self.scope, gate.attributes.get())
        return 200, answer.for_citizen(
            gate, client, authentication, outcome.now, purpose_no=token.purpose_no, consent_id=token.consent_id,
            family_id=token.family_id, bound_session_id=token.session_id, scope=self.scope, userinfo_nos=asked,
            attribute_nos=outcome.attribute_nos, nonce="", personal={},
            refresh=replace(token, generation=outcome.generation),
        ), None  # fmt: skip
