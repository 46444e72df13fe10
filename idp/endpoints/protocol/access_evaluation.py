"""POST /access/v1/evaluation: may I? (OpenID AuthZEN Authorization API 1.0 §6). A data provider asks whether an
application may have attributes that it holds of a citizen; the answer, permit or deny, is in the citizen's list of
who looked before it is given.

A hot door: one statement judges everything the answer rests on and writes the disclosure.
"""

from collections.abc import Callable

from idp.evaluation import question
from idp.exchange import FORM_LIMIT, Reply, Request
from idp.gate import Gate
from idp.web import evaluating

METHODS = ("POST",)


def door(gate: Gate) -> Callable[[Request], Reply]:
    def evaluation(request: Request) -> Reply:
        return evaluating.reply(gate, request, question.read_one, FORM_LIMIT)

    return evaluation
