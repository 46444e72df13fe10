"""Which application's program calls a door for programs, and the JSON that it sends."""

from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.exchange import Request
from idp.gate import Gate
from idp.tokens import access_token
from idp.tokens.access_token import AccessToken
from idp.web import bearer
from keys import strict_json

JSON = "application/json"


def caller(gate: Gate, request: Request, scope: str) -> tuple[Client, AccessToken]:
    """The client whose own token (`client_credentials`) this is, with this scope. That it still speaks for the
    client is asked by whoever answers (`tokens.use.machine_lives`, or in the statement that answers)."""
    token = access_token.open_sealed(gate.sealer, bearer.of(request), gate.clock())
    client = gate.registry.get().by_no.get(token.client_no) if token else None
    if token is None or client is None:
        raise bearer.invalid_token()
    if token.citizen_id is not None or scope not in token.scope.split(" ") or scope not in client.scopes:
        raise bearer.insufficient_scope(scope)
    return client, token


def body(request: Request, limit: int) -> bytes:
    """The body as it came, if it says that it is JSON; of at most `limit` bytes."""
    if request.header("content-type").partition(";")[0].strip().lower() != JSON:
        raise OAuthError(Code.INVALID_REQUEST, f"the content type of the body must be {JSON}", 415)
    return request.content(limit)


def document(body: bytes) -> object:
    try:
        return strict_json.read(body.decode())
    except ValueError:
        mend = "the body is not acceptable JSON: UTF-8, no member twice, at most 32 deep"
        raise OAuthError(Code.INVALID_REQUEST, mend) from None
