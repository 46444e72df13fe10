"""POST /token: the table of grants (RFC 6749 §3.2). A hot door: a function from a request to a reply."""

from collections.abc import Callable
from functools import partial

from idp.clients import authentication
from idp.errors import OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.revocation import token as revocation
from idp.tokens.grants.authorization_code import AuthorizationCodeGrant
from idp.tokens.grants.client_credentials import ClientCredentialsGrant
from idp.tokens.grants.refresh_token import RefreshTokenGrant
from idp.tokens.refusals import Refusals
from idp.tokens.server import TokenServer
from idp.web import problems

GRANTS = (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant)
METHODS = ("POST", "OPTIONS")


def door(gate: Gate) -> Callable[[Request], Reply]:
    refusals = Refusals()
    server = TokenServer(gate, GRANTS, partial(revocation.tell_of_reuse, gate))

    def token(request: Request) -> Reply:
        try:
            reply: Reply = server.create_token_response(request)
        except OAuthError as error:
            _note(gate, request, refusals, error)
            return problems.reply(error)
        return reply

    return token


def _note(gate: Gate, request: Request, refusals: Refusals, error: OAuthError) -> None:
    """Of a client that exists, proven or not; names that nobody has are the metrics' matter."""
    try:
        client = gate.registry.get().by_id.get(authentication.named(request, request.form))
    except OAuthError:  # what cannot be read names nobody
        return
    if client is not None:
        refusals.note(gate.database.hot(), client, error)
