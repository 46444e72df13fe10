"""Table tests of the decision: each row is a sentence."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from consent import models
from consent.decision import Reason, Situation, StillToAsk, Why, decide, in_force, still_to_ask

NOW, DAY = datetime(2030, 1, 1, tzinfo=UTC), timedelta(days=1)
NAME, EMAIL, NIK, PHONE, ADDRESS = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Terms:
    agreement_no: int = 10
    required_nos: tuple[int, ...] = (NAME, EMAIL)
    optional_nos: tuple[int, ...] = (PHONE, ADDRESS)
    law_nos: tuple[int, ...] = (NIK,)
    statute_no: int = 1
    law_statute_no: int | None = 2
    retention_days: int = 90
    recipients: tuple[str, ...] = ()
    automated_decision: bool = False
    storage_country: str = "ID"


@dataclass(frozen=True)
class Version:
    attribute_nos: frozenset[int] = frozenset({NAME, EMAIL})
    law_nos: frozenset[int] = frozenset()
    offered_nos: frozenset[int] = frozenset({NAME, EMAIL})
    expires_at: datetime = NOW + DAY
    paused_at: datetime | None = None
    withdrawn_at: datetime | None = None
    agreement_no: int = 10


def version(
    *attribute_nos: int, until: int = 1, withdrawn: int | None = None, paused: int | None = None
) -> Version:
    """A version that covers the attributes; times in days from NOW."""
    return Version(
        frozenset(attribute_nos),
        expires_at=NOW + until * DAY,
        withdrawn_at=None if withdrawn is None else NOW + withdrawn * DAY,
        paused_at=None if paused is None else NOW + paused * DAY,
    )


GOOD = Situation()
BY_LAW = Situation(law_kind="law")

DECISIONS = [
    ("silence is no consent", NAME, [], GOOD, Reason.NOT_ASKED_YET),
    ("a consent covers now", NAME, [version(NAME)], GOOD, Reason.CONSENT_GIVEN),
    ("the moment of expiry is not covered", NAME, [version(NAME, until=0)], GOOD, Reason.EXPIRED),
    (
        "the latest version wins",
        NAME,
        [version(NAME, until=9), version(NAME, withdrawn=0)],
        GOOD,
        Reason.WITHDRAWN,
    ),
    (
        "given again after a withdrawal",
        NAME,
        [version(NAME, withdrawn=-1), version(NAME)],
        GOOD,
        Reason.CONSENT_GIVEN,
    ),
    ("one attribute taken back", NAME, [version(NAME, EMAIL), version(EMAIL)], GOOD, Reason.WITHDRAWN),
    ("one attribute never given", PHONE, [version(NAME), version(NAME, EMAIL)], GOOD, Reason.NOT_IN_CONSENT),
    ("a faster clock withdraws too", NAME, [version(NAME, until=9, withdrawn=1)], GOOD, Reason.WITHDRAWN),
    (
        "swept after its end it is expired, not withdrawn",
        NAME,
        [version(NAME, until=-1, withdrawn=-1)],
        GOOD,
        Reason.EXPIRED,
    ),
    (
        "withdrawn before its end it is withdrawn, not expired",
        NAME,
        [version(NAME, until=-1, withdrawn=-2)],
        GOOD,
        Reason.WITHDRAWN,
    ),
    ("a paused consent lets nothing out", NAME, [version(NAME, paused=-1)], GOOD, Reason.PAUSED),
    ("openid alone gives no attribute", NAME, [version()], GOOD, Reason.NOT_IN_CONSENT),
    ("a refusal is an answer", NAME, [], Situation(refused=True), Reason.REFUSED),
    (
        "a consent outlives a later refusal of more",
        NAME,
        [version(NAME)],
        Situation(refused=True),
        Reason.CONSENT_GIVEN,
    ),
    ("the law needs no consent", NIK, [], BY_LAW, Reason.LAW_NAMES_IT),
    ("the law outlives a withdrawal", NIK, [version(NIK, withdrawn=-1)], BY_LAW, Reason.LAW_NAMES_IT),
    ("the law opens only what it names", NAME, [], BY_LAW, Reason.NOT_ASKED_YET),
    ("a contract is another basis", NIK, [], Situation(law_kind="contract"), Reason.CONTRACT),
    ("a vital interest is another basis", NIK, [], Situation(law_kind="vital_interest"), Reason.VITAL_INTEREST),
    ("a public task is another basis", NIK, [], Situation(law_kind="public_task"), Reason.PUBLIC_TASK),
    (
        "a legitimate interest permits nothing",
        NIK,
        [],
        Situation(law_kind="legitimate_interest"),
        Reason.NOT_ASKED_YET,
    ),
    ("consent is no basis without consent", NIK, [], Situation(law_kind="consent"), Reason.NOT_ASKED_YET),
    ("too weak a sign-in", NAME, [version(NAME)], Situation(level_reached=False), Reason.STEP_UP_REQUIRED),
    ("the law does not lower the level", NIK, [], replace(BY_LAW, level_reached=False), Reason.STEP_UP_REQUIRED),
    ("a weak sign-in does not hide a denial", NAME, [], Situation(level_reached=False), Reason.NOT_ASKED_YET),
    (
        "a suspended application gets nothing, by no basis",
        NIK,
        [version(NIK)],
        replace(BY_LAW, application_open=False),
        Reason.APPLICATION_SUSPENDED,
    ),
    (
        "a closed account gives nothing",
        NAME,
        [version(NAME)],
        Situation(account_open=False),
        Reason.ACCOUNT_CLOSED,
    ),
    ("a purpose that nobody knows", NAME, [version(NAME)], Situation(purpose_known=False), Reason.PURPOSE_UNKNOWN),
]


@pytest.mark.parametrize(
    ("attribute_no", "chain", "situation", "reason"), [pytest.param(*row[1:], id=row[0]) for row in DECISIONS]
)
def test_the_latest_version_decides(
    attribute_no: int, chain: list[Version], situation: Situation, reason: Reason
) -> None:
    """Distinct, stable reasons (C039, C047)."""
    assert decide(attribute_no, chain, NOW, Terms(), situation) is reason


def test_without_an_agreement_in_force_nothing_may_leave() -> None:
    assert decide(NAME, [version(NAME)], NOW, None, GOOD) is Reason.AGREEMENT_MISSING


def test_the_list_of_reasons_is_the_designs_and_the_databases() -> None:
    """One list, the same in Python, SQL and the may-I answer (DESIGN §8)."""
    only_in_answers = ["citizen_unknown", "malformed_item", "obligation_unsupported"]
    assert [reason.value for reason in Reason] == [*models.REASONS, *only_in_answers]
    assert [reason.value for reason in Reason if reason.permits] == list(models.REASONS[:5])


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(version(NAME), True, id="given"),
        pytest.param(version(NAME, until=0), False, id="run out this instant"),
        pytest.param(version(NAME, withdrawn=1), False, id="withdrawn"),
        pytest.param(version(NAME, paused=-1), False, id="paused"),
    ],
)
def test_a_consent_in_force(standing: Version, expected: bool) -> None:
    assert in_force(standing, NOW) is expected


@dataclass(frozen=True)
class Asked:
    why: Why
    required: set[int] = field(default_factory=set)
    optional: set[int] = field(default_factory=set)
    law: set[int] = field(default_factory=set)


GIVEN = Version()
DECLINED_PHONE = replace(GIVEN, offered_nos=frozenset({NAME, EMAIL, PHONE}))
ON_OLD_TERMS = replace(GIVEN, agreement_no=9)
OLD = Terms(agreement_no=9)

ASKINGS = [
    ("the first sign-in shows a page, even for openid alone", None, set(), {}, Asked(Why.FIRST_TIME)),
    ("only what is asked is put to the citizen", None, {NAME, PHONE}, {}, Asked(Why.FIRST_TIME, {NAME}, {PHONE})),
    ("what law names is shown, not asked", None, {NAME, NIK}, {}, Asked(Why.FIRST_TIME, {NAME}, set(), {NIK})),
    ("what no agreement covers is not asked", None, {NAME, 99}, {}, Asked(Why.FIRST_TIME, {NAME})),
    ("the same request is silent", GIVEN, {NAME, EMAIL}, {}, Asked(Why.NOTHING)),
    ("less than before is silent", GIVEN, {NAME}, {}, Asked(Why.NOTHING)),
    ("nothing asked is silent", GIVEN, set(), {}, Asked(Why.NOTHING)),
    ("what no agreement covers stays silent", GIVEN, {NAME, 99}, {}, Asked(Why.NOTHING)),
    ("an optional attribute never offered is put once", GIVEN, {NAME, PHONE}, {}, Asked(Why.MORE, set(), {PHONE})),
    ("a declined optional attribute is not asked again", DECLINED_PHONE, {NAME, PHONE}, {}, Asked(Why.NOTHING)),
    ("a required one not granted is asked", version(NAME), {NAME, EMAIL}, {}, Asked(Why.MORE, {EMAIL})),
    (
        "a required one taken back is asked again",
        replace(GIVEN, attribute_nos=frozenset({NAME})),
        {EMAIL},
        {},
        Asked(Why.MORE, {EMAIL}),
    ),
    (
        "a new attribute by law is told before it leaves",
        GIVEN,
        {NAME, NIK},
        {},
        Asked(Why.MORE, set(), set(), {NIK}),
    ),
    (
        "after a withdrawal everything is asked",
        version(NAME, withdrawn=-1),
        {NAME},
        {},
        Asked(Why.WITHDRAWN, {NAME}),
    ),
    ("after the end everything is asked", version(NAME, until=0), {NAME}, {}, Asked(Why.EXPIRED, {NAME})),
    ("after the sweep too", version(NAME, until=-1, withdrawn=-1), {NAME}, {}, Asked(Why.EXPIRED, {NAME})),
    ("a paused consent is not asked again", version(NAME, paused=-1), {NAME, PHONE}, {}, Asked(Why.PAUSED)),
    (
        "a pause that outlives its consent is over",
        version(NAME, until=0, paused=-1),
        {NAME},
        {},
        Asked(Why.EXPIRED, {NAME}),
    ),
    ("prompt=consent asks anew", GIVEN, {NAME, PHONE}, {"anew": True}, Asked(Why.ASKED_ANEW, {NAME}, {PHONE})),
    (
        "prompt=consent does not resume a pause",
        version(NAME, paused=-1),
        {NAME},
        {"anew": True},
        Asked(Why.PAUSED),
    ),
    ("a revision of the same terms is silent", ON_OLD_TERMS, {NAME}, {"earlier_terms": OLD}, Asked(Why.NOTHING)),
    (
        "a shorter retention is silent",
        ON_OLD_TERMS,
        {NAME},
        {"earlier_terms": replace(OLD, retention_days=91)},
        Asked(Why.NOTHING),
    ),
    (
        "a longer retention is a new request",
        ON_OLD_TERMS,
        {NAME},
        {"earlier_terms": replace(OLD, retention_days=89)},
        Asked(Why.TERMS_CHANGED, {NAME}),
    ),
    (
        "another recipient is a new request",
        ON_OLD_TERMS,
        {NAME},
        {"earlier_terms": replace(OLD, storage_country="SG")},
        Asked(Why.TERMS_CHANGED, {NAME}),
    ),
    ("unknown earlier terms are a new request", ON_OLD_TERMS, {NAME}, {}, Asked(Why.TERMS_CHANGED, {NAME})),
]


@pytest.mark.parametrize(
    ("head", "asked", "options", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ASKINGS]
)
def test_what_is_still_to_be_asked(
    head: Version | None, asked: set[int], options: dict[str, object], expected: Asked
) -> None:
    """No second page for the same request; a page for each of the reasons that C042 lists (C042)."""
    still = still_to_ask(Terms(), head, asked, NOW, **options)  # type: ignore[arg-type]
    assert Asked(still.why, set(still.required), set(still.optional), set(still.law)) == expected
    assert still.page_needed is (expected.why not in (Why.NOTHING, Why.PAUSED))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"recipients": ("bank",)}, id="one more recipient"),
        pytest.param({"automated_decision": True}, id="decided by a machine"),
        pytest.param({"statute_no": 7}, id="another basis"),
    ],
)
def test_terms_that_reach_further_are_a_new_request(change: dict[str, object]) -> None:
    """The old consent does not stretch (C042, UU PDP art. 21(2))."""
    wider = replace(Terms(), **change)  # type: ignore[arg-type]
    assert still_to_ask(wider, ON_OLD_TERMS, {NAME}, NOW, earlier_terms=OLD).why is Why.TERMS_CHANGED


def test_an_answer_to_more_keeps_what_stands() -> None:
    """A client that asks in turns for this and for that does not take the one away with the other (C042)."""
    head = replace(GIVEN, attribute_nos=frozenset({NAME, NIK}), law_nos=frozenset({NIK}))
    still = still_to_ask(Terms(), head, {EMAIL, PHONE, ADDRESS}, NOW)
    answered = still.answered({PHONE})
    assert answered.attribute_nos == {NAME, NIK, EMAIL, PHONE}
    assert answered.law_nos == {NIK}
    assert answered.offered_nos == {NAME, EMAIL, PHONE, ADDRESS}


def test_an_answer_never_gives_what_was_not_put() -> None:
    """Absent is not granted, and never-offered neither (C044)."""
    still = StillToAsk(Why.FIRST_TIME, required=frozenset({NAME}), optional=frozenset({PHONE}))
    assert still.answered({ADDRESS}).attribute_nos == {NAME}
