"""The client credentials grant: RFC 6749 §4.4, for data providers and machines. `sub` is the client; no refresh
token and no ID token come of it, and scopes that speak of a citizen's sign-in are dropped.
"""

from typing import Any

from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant as AuthlibClientCredentialsGrant

from idp.authorization.codes import uuid7
from idp.claims.catalogue import BARE_SCOPES, SCOPES
from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.tokens import access_token
from idp.tokens.access_token import AccessToken


class ClientCredentialsGrant(AuthlibClientCredentialsGrant):  # type: ignore[misc]
    """Authlib's order of checks; the token is ours."""

    def validate_token_request(self) -> None:
        client: Client = self.authenticate_token_endpoint_client()
        if client.auth_method == "none" or self.GRANT_TYPE not in client.grant_types:
            raise OAuthError(Code.UNAUTHORIZED_CLIENT, "the client is not registered for this grant_type")
        citizens = {*BARE_SCOPES, *SCOPES}
        wanted = self.request.parameters.single.get("scope", " ".join(sorted(client.scopes - citizens))).split()
        if not set(wanted) - citizens <= client.scopes:
            raise OAuthError(Code.INVALID_SCOPE, "scope has a value that is not registered for the client")
        self.scope = " ".join(value for value in dict.fromkeys(wanted) if value not in citizens)

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        gate, client = self.server.gate, self.request.client
        now = gate.now()
        issued_at, expires_at = access_token.whole_seconds(now, access_token.MACHINE_LIFE_SECONDS)
        token = AccessToken(uuid7(now), client.client_no, self.scope, issued_at, expires_at)
        return (
            200,
            {
                "access_token": access_token.seal(gate.sealer, token, now),
                "token_type": "Bearer",
                "expires_in": access_token.MACHINE_LIFE_SECONDS,
                "scope": self.scope,
            },
            None,
        )
