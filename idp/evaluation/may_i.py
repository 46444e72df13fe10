"""May I? The story from a question that was read to its answer. What is remembered between two questions is names
and agreements; everything else is asked in the statement that answers.
"""

from typing import Any

from idp.clients.registry import Client
from idp.evaluation import answer, judgement, looks
from idp.evaluation.looks import Catalogues, Look, Wanted
from idp.evaluation.question import Asked
from idp.gate import Gate
from idp.tokens import use
from idp.tokens.access_token import AccessToken


def answered(gate: Gate, asking: Client, token: AccessToken, asked: Asked) -> dict[str, Any] | None:
    """The answer's members; None: the asker's token opens nothing (any more). `question.Malformed` says what to
    mend.
    """
    known = Catalogues(gate.registry.get(), gate.purposes.get(), gate.attributes.get(), gate.pairwise)
    wanted, places = looks.resolve(asked.items, asking, known)
    judged = _judged(gate, asking, token, places)
    if judged is None:
        return None
    by_place = {id(look): found for look, found in zip(places, judged, strict=True)}

    def said(one: Wanted | None) -> dict[str, Any]:
        if one is None:
            return answer.DENIED
        found = by_place[id(one.look)]
        return answer.of(one, found, known.purposes, understands_custom=asked.understands_custom)

    return said(wanted[0])


def _judged(
    gate: Gate, asking: Client, token: AccessToken, places: list[Look]
) -> list[judgement.Judgement] | None:
    """Where there is nothing to judge, only whether the asker may ask."""
    connection, open_states = gate.database.hot(), list(gate.open_states)
    if places:
        return judgement.judge(connection, token, asking, places, open_states)
    return [] if use.machine_lives(connection, token, open_states, asking_no=asking.client_no) else None
