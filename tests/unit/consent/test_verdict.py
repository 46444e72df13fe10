"""The decision in SQL says what `decide` says, over every row of the table that `decide` is tested by, and over
every pair of a row's facts that stand in each other's way.

Seen to fail: with each WHEN of the clause left out in turn.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from consent import verdict
from consent.decision import BASES_WITHOUT_CONSENT, Reason, Situation, decide
from tests.unit.consent.test_decision import BY_LAW, DECISIONS, GOOD, NAME, NIK, NOW, Terms, Version, version

CLIENT_NO, PURPOSE_NO = 11, 5
VERDICT = f"""
WITH look AS (
  SELECT %(citizen_id)s::uuid AS citizen_id, {CLIENT_NO} AS client_no, {PURPOSE_NO} AS purpose_no,
         %(application_open)s::boolean AS application_open, %(account_known)s::boolean AS account_known,
         %(account_open)s::boolean AS account_open, %(purpose_known)s::boolean AS purpose_known,
         %(agreed)s::boolean AS agreed,
         %(ial)s::smallint AS ial, %(consent_id)s::uuid AS consent_id,
         %(attribute_nos)s::smallint[] AS attribute_nos, %(expires_at)s::timestamptz AS expires_at,
         %(paused_at)s::timestamptz AS paused_at, %(withdrawn_at)s::timestamptz AS withdrawn_at,
         %(law_reason)s::text AS law_reason
), asked AS (
  SELECT %(attribute_no)s::smallint AS attribute_no, 2::smallint AS least_ial,
         %(held_elsewhere)s::boolean AS held_elsewhere, %(law_reason)s::text <> '' AS by_law
)
SELECT {verdict.REASON}::text FROM look, asked
"""
RECORD = """
INSERT INTO consent.records (citizen_id, record_id, consent_id, client_no, agency_no, purpose_no, agreement_no,
       revision, act, actor, acted_at, attribute_nos, method, parties_digest, commitment, salt)
VALUES (%(citizen_id)s, uuidv7(), uuidv7(), %(client_no)s, 7, %(purpose_no)s, 10, 0, %(act)s::consent.act, 'self',
        now(), %(attribute_nos)s::smallint[], 'web-button', '\\x00', decode(repeat('00', 32), 'hex'), '\\x00')
"""


def in_sql(
    db: Session, attribute_no: int, chain: list[Version], terms: Terms | None, situation: Situation, **changed: Any
) -> Reason:
    """The clause over these facts; the chain's acts are records of the citizen's, the refusal too."""
    citizen_id, head = uuid4(), chain[-1] if chain else None
    for one in chain:
        record(db, citizen_id, "given", sorted(one.attribute_nos))
    if situation.refused:
        record(db, citizen_id, "refused", [])
    by_law = terms is not None and attribute_no in terms.law_nos
    facts = {
        "citizen_id": citizen_id, "application_open": situation.application_open, "account_known": True,
        "account_open": situation.account_open, "purpose_known": situation.purpose_known,
        "agreed": terms is not None, "ial": 2 if situation.level_reached else 1,
        "consent_id": None if head is None else uuid4(),
        "attribute_nos": None if head is None else sorted(head.attribute_nos),
        "expires_at": head and head.expires_at, "paused_at": head and head.paused_at,
        "withdrawn_at": head and head.withdrawn_at, "attribute_no": attribute_no, "held_elsewhere": False,
        "law_reason": str(BASES_WITHOUT_CONSENT.get(situation.law_kind or "", "")) if by_law else "",
        "now": NOW, **changed,
    }  # fmt: skip
    return Reason(db.connection().exec_driver_sql(VERDICT, facts).scalar_one())


def record(db: Session, citizen_id: UUID, act: str, attribute_nos: list[int], client_no: int = CLIENT_NO) -> None:
    values = {"citizen_id": citizen_id, "act": act, "attribute_nos": attribute_nos, "client_no": client_no,
              "purpose_no": PURPOSE_NO}  # fmt: skip
    db.connection().exec_driver_sql(RECORD, values)


@pytest.mark.parametrize(
    ("attribute_no", "chain", "situation", "reason"), [pytest.param(*row[1:], id=row[0]) for row in DECISIONS]
)
def test_sql_says_what_python_says(
    db: Session, attribute_no: int, chain: list[Version], situation: Situation, reason: Reason
) -> None:
    """(C039, C047)"""
    assert in_sql(db, attribute_no, chain, Terms(), situation) is reason


SITUATIONS = [
    replace(base, **dict(changed))
    for base in (GOOD, BY_LAW)
    for changed in (
        [],
        [("application_open", False)],
        [("account_open", False)],
        [("purpose_known", False)],
        [("refused", True)],
        [("level_reached", False)],
        [("application_open", False), ("account_open", False)],
        [("account_open", False), ("purpose_known", False)],
        [("purpose_known", False), ("level_reached", False)],
        [("refused", True), ("level_reached", False)],
    )
]
CHAINS = [
    [],
    [version(NAME, NIK)],
    [version(NAME, NIK, until=0)],
    [version(NAME, NIK, until=-1, paused=-2)],
    [version(NAME, NIK, withdrawn=-1, paused=-2)],
    [version(NAME, NIK, until=-1, withdrawn=-1)],
    [version(NAME, NIK), version()],
    [version()],
]


@pytest.mark.parametrize("terms", [Terms(), None], ids=["agreed", "not agreed"])
@pytest.mark.parametrize("attribute_no", [NAME, NIK], ids=["by consent", "by law"])
def test_sql_and_python_put_the_same_question_first(db: Session, attribute_no: int, terms: Terms | None) -> None:
    for situation in SITUATIONS:
        for chain in CHAINS:
            judged = decide(attribute_no, chain, NOW, terms, situation)
            assert in_sql(db, attribute_no, chain, terms, situation) is judged, (situation, chain)


def test_what_another_agency_holds_is_judged_by_nothing_of_the_citizen(db: Session) -> None:
    for situation in SITUATIONS:
        for chain in CHAINS:
            assert in_sql(db, NIK, chain, Terms(), situation, held_elsewhere=True) is Reason.AGREEMENT_MISSING


def test_who_has_no_account_is_as_one_never_asked(db: Session) -> None:
    nobody = {"account_known": False, "account_open": None, "ial": None}
    for situation in SITUATIONS:
        if not situation.account_open or situation.refused:
            continue  # nobody's account is closed, and nobody said no
        never_asked = in_sql(db, NAME, [], Terms(), situation)
        assert in_sql(db, NAME, [], Terms(), situation, **nobody) is never_asked
    assert in_sql(db, NIK, [], Terms(), BY_LAW, **nobody) is Reason.NOT_ASKED_YET, "no law opens nobody's data"


def test_what_was_taken_back_elsewhere_is_not_withdrawn_here(db: Session) -> None:
    """Each application's consents are a chain of their own."""
    citizen_id = uuid4()
    record(db, citizen_id, "given", [NIK], client_no=CLIENT_NO + 1)
    record(db, citizen_id, "refused", [], client_no=CLIENT_NO + 1)
    assert in_sql(db, NIK, [version(NAME)], Terms(), GOOD, citizen_id=citizen_id) is Reason.NOT_IN_CONSENT
    assert in_sql(db, NIK, [], Terms(), GOOD, citizen_id=citizen_id) is Reason.NOT_ASKED_YET


def test_acts_whose_consent_was_erased_are_no_refusal(db: Session) -> None:
    citizen_id = uuid4()
    record(db, citizen_id, "given", [NAME])
    assert in_sql(db, NAME, [], Terms(), GOOD, citizen_id=citizen_id) is Reason.NOT_ASKED_YET
