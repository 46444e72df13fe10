"""May I? The story from a question that was read to its answer. What is remembered between two questions is names,
agreements and what was answered; everything else is asked in the statement that answers.
"""

from collections.abc import Sequence
from typing import Any

from idp.evaluation import answer, judgement, looks
from idp.evaluation.judgement import Asker, Judgement
from idp.evaluation.looks import Catalogues, Look
from idp.evaluation.question import Asked, Item
from idp.gate import Gate
from idp.tokens import use

# Which decision is the last that is told (AuthZEN §7.1.2.1).
LAST = {"deny_on_first_deny": False, "permit_on_first_permit": True}


def answered(gate: Gate, asker: Asker, asked: Asked) -> dict[str, Any] | None:
    """The answer's members; None: the asker's token opens nothing (any more). `question.Malformed` says what to
    mend.
    """
    if asked.semantic is None:
        alone = _answers(gate, asker, asked.items, asked, alone=True)
        return None if alone is None else alone[0]
    if asked.semantic not in LAST:
        all_of_them = _answers(gate, asker, asked.items, asked)
        return None if all_of_them is None else {"evaluations": all_of_them}
    return _until(gate, asker, asked, LAST[asked.semantic])


def _until(gate: Gate, asker: Asker, asked: Asked, last: bool) -> dict[str, Any] | None:
    """One after the other: what is not told is not looked at, and so in nobody's list."""
    told: list[dict[str, Any]] = []
    for number, item in enumerate(asked.items):
        one = Asker(asker.client, asker.token, asker.request and asker.request.part(number))
        found = _answers(gate, one, (item,), asked)
        if found is None:
            return None
        told += found
        if found[0]["decision"] is last:
            break
    return {"evaluations": told}


def _answers(
    gate: Gate, asker: Asker, items: Sequence[Item], asked: Asked, *, alone: bool = False
) -> list[dict[str, Any]] | None:
    known = Catalogues(gate.registry.get(), gate.purposes.get(), gate.attributes.get(), gate.pairwise)
    wanted, places = looks.resolve(items, asker.client, known, alone=alone)
    judged = _judged(gate, asker, places)
    if judged is None:
        return None
    found = {id(look): one for look, one in zip(places, judged, strict=True)}
    return [
        answer.DENIED
        if one is None
        else answer.of(one, found[id(one.look)], known.purposes, understands_custom=asked.understands_custom)
        for one in wanted
    ]


def _judged(gate: Gate, asker: Asker, places: list[Look]) -> list[Judgement] | None:
    """Where there is nothing to judge, only whether the asker may ask."""
    connection, open_states = gate.database.hot(), list(gate.open_states)
    if places:
        return judgement.judge(connection, asker, places, open_states)
    lives = use.machine_lives(connection, asker.token, open_states, asking_no=asker.client.client_no)
    return [] if lives else None
