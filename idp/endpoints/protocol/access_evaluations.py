"""POST /access/v1/evaluations: may I, up to a thousand at once (OpenID AuthZEN Authorization API 1.0 §7), in one
statement. Items about the same citizen, application and purpose are one look.
"""

from collections.abc import Callable

from idp.evaluation import question
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import evaluating

METHODS = ("POST",)
LIMIT = 512 * 1024  # a thousand items that share nothing


def door(gate: Gate) -> Callable[[Request], Reply]:
    def evaluations(request: Request) -> Reply:
        return evaluating.reply(gate, request, question.read_many, LIMIT)

    return evaluations
