"""Around a question of "may I?": who asks, what came, and how an answer or an error is written (AuthZEN §10, §11).

A decision is 200, also a denial; an error is one plain sentence. `X-Request-ID` comes back with every answer as it
came, and is judged before it does; with it the same question asked again is the same look.
"""

import json
import re
from collections.abc import Callable

from idp.claims.catalogue import MAY_I
from idp.errors import Code, DatabaseAway, OAuthError
from idp.evaluation import may_i, repeats
from idp.evaluation.judgement import Asker
from idp.evaluation.question import Asked, Malformed
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import bearer, machines, problems

REQUEST_ID = re.compile(r"[\x20-\x7e]{1,128}")
HEADERS = [("Content-Type", machines.JSON), ("Cache-Control", "no-store")]
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
    client, token = machines.caller(gate, request, MAY_I)
    body = machines.body(request, limit)
    repeatable = repeats.Request.of(request_id, request.path, body) if request_id else None
    said = may_i.answered(gate, Asker(client, token, repeatable), read(machines.document(body)))
    if said is None:
        raise bearer.invalid_token()
    return Reply(200, json.dumps(said, separators=(",", ":")).encode(), list(HEADERS))


def _bad_request(description: str) -> OAuthError:
    return OAuthError(Code.INVALID_REQUEST, description)
