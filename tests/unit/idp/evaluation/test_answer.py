"""The answer made of what was judged: a table whose rows are sentences."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from consent.agreements import Agreement
from consent.attributes import Attribute
from consent.decision import BASES_WITHOUT_CONSENT, Reason
from consent.purposes import LegalBasis, Purposes
from idp.evaluation import answer
from idp.evaluation.judgement import Judgement
from idp.evaluation.looks import Look, Place, Wanted

DECISION_ID, CONSENT_ID = UUID(int=1), UUID(int=2)
ENDS = datetime(2027, 2, 25, 6, 13, 20, 900_000, tzinfo=UTC)
LAW = LegalBasis(5, "law", "UU 24/2013 Pasal 58 ayat (4)", None)
PURPOSES = Purposes({}, {}, {}, {LAW.statute_no: LAW})
GIVEN, BY_LAW, OUTSIDE = Reason.CONSENT_GIVEN, Reason.LAW_NAMES_IT, Reason.NOT_IN_CONSENT


def attribute(number: int, name: str) -> Attribute:
    return Attribute(number, name, 1, 3, "general", 1, 1, {}, None)


ATTRIBUTES = (attribute(1, "village"), attribute(2, "regency"), attribute(3, "nik"))
AGREEMENT = Agreement(
    agreement_no=10, agreement_id=UUID(int=3), revision=1, agency_no=7, client_no=11, purpose_no=5,
    for_sign_in=True, statute_no=1, law_nos=(3,), law_statute_no=LAW.statute_no, required_nos=(1, 2),
    optional_nos=(), justification={}, retention_days=90, retention_statute=None, recipients=(),
    automated_decision=False, storage_country="ID", if_refused={}, state="approved", proposed_at=ENDS,
    decided_at=ENDS, ended_at=None,
)  # fmt: skip


def answered(*reasons: Reason, understands_custom: bool = False) -> dict[str, Any]:
    """To a question about as many attributes as there are reasons."""
    asked = ATTRIBUTES[: len(reasons)]
    look = Look(Place(UUID(int=4), 11, 5), AGREEMENT, BY_LAW, list(asked), {1, 2, 3})
    found = {one.attribute_no: reason for one, reason in zip(asked, reasons, strict=True)}
    judged = Judgement(DECISION_ID, found, CONSENT_ID, ENDS)
    return answer.of(Wanted(look, asked), judged, PURPOSES, understands_custom=understands_custom)


CONSENT = {"legal_basis": "consent", "consent_id": str(CONSENT_ID), "valid_until": 1803536000}
CITED = {"statute": LAW.citation}
ROWS = [
    ("all by consent", (GIVEN, GIVEN), True, {"reason": GIVEN, "attributes": ["village", "regency"], **CONSENT}),
    (
        "by law alone",
        (BY_LAW,),
        True,
        {"reason": BY_LAW, "attributes": ["village"], "legal_basis": "law", **CITED},
    ),
    (
        "the consent, which can be taken back, is the weaker basis",
        (BY_LAW, GIVEN),
        True,
        {"reason": GIVEN, "attributes": ["village", "regency"], **CONSENT, **CITED},
    ),
    (
        "one denied makes it a no, and the rest may",
        (GIVEN, OUTSIDE),
        False,
        {"reason": OUTSIDE, "attributes": ["village"], "attributes_denied": {"regency": OUTSIDE}, **CONSENT},
    ),
    (
        "nothing of it may, so nothing of a basis is said",
        (Reason.WITHDRAWN, OUTSIDE),
        False,
        {
            "reason": Reason.WITHDRAWN,
            "attributes": [],
            "attributes_denied": {"village": Reason.WITHDRAWN, "regency": OUTSIDE},
        },
    ),
    (
        "who must prove more is told how much",
        (GIVEN, GIVEN, Reason.STEP_UP_REQUIRED),
        False,
        {
            "reason": Reason.STEP_UP_REQUIRED,
            "attributes": ["village", "regency"],
            "attributes_denied": {"nik": Reason.STEP_UP_REQUIRED},
            "acr_values": "urn:gapura:acr:substantial",
            **CONSENT,
        },
    ),
]


@pytest.mark.parametrize(("reasons", "decision", "context"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_an_answer_says(reasons: tuple[Reason, ...], decision: bool, context: dict[str, Any]) -> None:
    assert answered(*reasons) == {"decision": decision, "context": {"decision_id": str(DECISION_ID), **context}}


def test_obligations_come_with_what_may_be_given_to_whom_understands_them() -> None:
    erase = {"name": "gapura:erase_after", "duration": "P90D"}
    expected = [{"id": "1", "type": "custom", "properties": erase}]
    assert answered(GIVEN, understands_custom=True)["context"]["obligations"] == expected
    assert "obligations" not in answered(GIVEN)["context"]
    assert "obligations" not in answered(OUTSIDE, understands_custom=True)["context"]


def test_every_permit_has_a_basis_by_name() -> None:
    assert set(answer.BASES) == {reason for reason in Reason if reason.permits}
    assert set(answer.BASES.values()) == {"consent", *BASES_WITHOUT_CONSENT}
