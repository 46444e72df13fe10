"""The token door's engine: Authlib's framework-free AuthorizationServer with our clients, errors and replies.

It picks the grant by `grant_type` and asks it to validate and answer. What protocol.md §7 shows wrong in it is
overridden: client authentication is ours, errors are plain, and nothing of a code or token is stored by it.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from idp.clients import authentication
from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate

NO_STORE = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]

TellOfReuse = Callable[[UUID, UUID, int], None]  # citizen, consent, client


class TokenRequest(OAuth2Request):  # type: ignore[misc]
    """Authlib's view of our request. Its own constructor looks for https in an address that a proxy has already
    ended."""

    def __init__(self, request: Request) -> None:
        self.method, self.exchange, self.parameters = request.method, request, request.form
        self.payload = BasicOAuth2Payload(self.parameters.single)
        self.client: Client | None = None


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """The table of grants; one instance a process.

    `tell_of_reuse`: what tells a citizen that this consent's family ended because it was used twice.
    """

    def __init__(self, gate: Gate, grants: Sequence[type], tell_of_reuse: TellOfReuse) -> None:
        super().__init__()
        self.gate, self.tell_of_reuse = gate, tell_of_reuse
        for grant in grants:
            self.register_grant(grant)

    def create_oauth2_request(self, request: Request) -> TokenRequest:
        token_request = TokenRequest(request)
        if token_request.parameters.doubled - {"resource", "audience"}:
            raise OAuthError(Code.INVALID_REQUEST, "a parameter came more than once")
        if "grant_type" not in token_request.parameters.single:
            raise OAuthError(Code.INVALID_REQUEST, "grant_type is missing")
        return token_request

    def authenticate_client(self, request: TokenRequest, *_: Any) -> Client:
        request.client = authentication.authenticate(
            request.exchange,
            request.parameters,
            self.gate.registry.get(),
            self.gate.database.hot(),
            self.gate.issuer,
            self.gate.clock(),
            loopback=self.gate.loopback,
        )
        # Before the grant: whoever is told so has spent neither code nor refresh token (RFC 8707 §2).
        if "resource" in request.parameters.single:
            raise OAuthError(Code.INVALID_TARGET, "no resource is known here, so leave the resource parameter out")
        return request.client

    def send_signal(self, *_: Any, **__: Any) -> None:
        """Nobody listens: what must happen with a token happens in its statement."""

    def handle_response(self, status: int, body: dict[str, Any], _: Any) -> Reply:
        return Reply(status, json.dumps(body, separators=(",", ":")).encode(), list(NO_STORE))

    def handle_error_response(self, _: TokenRequest, error: OAuth2Error) -> Reply:
        """The engine's own refusals carry input in their text: only the code is kept."""
        if error.error == Code.UNSUPPORTED_GRANT_TYPE:
            raise OAuthError(Code.UNSUPPORTED_GRANT_TYPE, "this grant_type is not supported")
        raise OAuthError(Code(error.error), "the request was refused")
