"""Around a question of "may I?": who asks, what came, and how an answer or an error is written (AuthZEN §10, §11).

A decision is 200, also a denial; an error is one plain sentence. `X-Request-ID` comes back with every answer as it
came, and is judged before it does; with it the same question asked again is the same look.
"""

import json
import re
from collections.abc import Callable

from idp.claims.catalogue import MAY_I
from idp.clients.registry import Client
from idp.errors import Code, DatabaseAway, OAuthError
from idp.evaluation import may_i, repeats
from idp.evaluation.judgement import Asker
from idp.evaluation.question import Asked, Malformed
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.tokens import access_token
from idp.tokens.access_token import AccessToken
from idp.web import bearer, problems
from keys import strict_json

REQUEST_ID = re.compile(r"[\x20-\x7e]{1,128}")
JSON = "application/json"
HEADERS = [("Content-Type", JSON), ("Cache-Control", "no-store")]
Read = Callable[[object], Asked]


def reply(gate: Gate, request: Request, read: Read, limit: int) -> Reply:
    """The whole answer to one request. `limit`: bytes of a body."""
    request_id = request.header("x-request-id")
    if request_id and not REQUEST_ID.fullmatch(request_id):
        return problems.sentence(_bad_request("X-Request-ID is longer than 128 bytes or holds control characters"))
    try:
        answer = _answer(gate, request, request_id, read, limit)
    except (OAuthError, DatabaseAway) as error:
        answer = problems.sentence(error)
    except Malformed as mend:
        answer = problems.sentence(_bad_request(str(mend)))
    if request_id:
        answer.headers.append(("X-Request-ID", request_id))
    return answer


def _answer(gate: Gate, request: Request, request_id: str, read: Read, limit: int) -> Reply:
    client, token = _asking(gate, request)
    body = _body(request, limit)
    repeatable = repeats.Request.of(request_id, request.path, body) if request_id else None
    said = may_i.answered(gate, Asker(client, token, repeatable), read(_document(body)))
    if said is None:
        raise bearer.invalid_token()
    return Reply(200, json.dumps(said, separators=(",", ":")).encode(), list(HEADERS))


def _asking(gate: Gate, request: Request) -> tuple[Client, AccessToken]:
    """Whose token it is. That it still speaks for them is asked in the statement that answers."""
    token = access_token.open_sealed(gate.sealer, bearer.of(request), gate.clock())
    asking = gate.registry.get().by_no.get(token.client_no) if token else None
    if token is None or asking is None:
        raise bearer.invalid_token()
    if token.citizen_id is not None or MAY_I not in token.scope.split(" ") or MAY_I not in asking.scopes:
        raise bearer.insufficient_scope(MAY_I)
    return asking, token


def _body(request: Request, limit: int) -> bytes:
    if request.header("content-type").partition(";")[0].strip().lower() != JSON:
        raise OAuthError(Code.INVALID_REQUEST, f"the content type of the body must be {JSON}", 415)
    return request.content(limit)


def _document(body: bytes) -> object:
    try:
        return strict_json.read(body.decode())
    except ValueError:
        raise _bad_request("the body is not acceptable JSON: UTF-8, no member twice, at most 32 deep") from None


def _bad_request(description: str) -> OAuthError:
    return OAuthError(Code.INVALID_REQUEST, description)
