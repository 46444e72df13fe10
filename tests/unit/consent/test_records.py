"""Giving, renewing, amending, refusing: the head, the record and the leaf of each act."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from consent import consents, history, records
from consent.errors import NotAgreed
from consent.outcomes import Given, Moved
from tests.consent_acts import BASIC, DAY, LATER, end, head_of, leaves, previous_of
from tests.consent_builders import NOW, a_consent, a_giving, an_agreement, numbers


def test_a_first_giving_stands_at_once_with_its_record_and_leaf(db: Session) -> None:
    before = leaves(db)
    giving, consent_id = a_consent(db)
    head = head_of(db, giving)
    assert (head.consent_id, head.revision, head.given_at) == (consent_id, 1, NOW)
    assert (head.attribute_nos, head.offered_nos) == (giving.attribute_nos, giving.offered_nos)
    assert head.lives(NOW)
    (act,) = history.history(db, giving.citizen_id, consent_id)
    assert (act.act, act.actor, act.acr, act.method, act.revision) == ("given", "self", BASIC, "web-button", 1)
    assert leaves(db) == before + 1


def test_openid_alone_is_a_record_too(db: Session) -> None:
    giving, _ = a_consent(db, an_agreement(db, required=(), optional=()))
    assert head_of(db, giving).attribute_nos == frozenset()


def test_time_is_the_databases_unless_a_test_gives_one(db: Session) -> None:
    given = records.give(db, a_giving(db, an_agreement(db), expires_at=datetime.now(UTC) + 300 * DAY))
    assert isinstance(given, Given)
    assert abs(given.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_consent_never_lasts_longer_than_its_purpose_allows(db: Session) -> None:
    """The end counts from the act and never exceeds the maximum (C046)."""
    agreement = an_agreement(db, purpose="rice-aid-eligibility")
    giving, _ = a_consent(db, agreement, expires_at=NOW + 9_999 * DAY)
    assert head_of(db, giving).expires_at == NOW + 180 * DAY


def test_a_renewal_keeps_the_id_and_counts_from_itself(db: Session) -> None:
    """One live record; the new version names the one it replaces; both remain (C046)."""
    giving, consent_id = a_consent(db, expires_at=NOW + 10 * DAY)
    renewed = records.give(db, replace(giving, revision=1, expires_at=LATER + 365 * DAY), LATER)
    assert isinstance(renewed, Given)
    assert (renewed.consent_id, renewed.act, renewed.gained_nos) == (consent_id, "renewed", frozenset())
    assert head_of(db, giving).expires_at == LATER + 365 * DAY
    first, second = history.history(db, giving.citizen_id, consent_id)
    assert previous_of(db, giving.citizen_id, second.record_id) == first.commitment


def test_a_giving_of_more_says_what_was_gained(db: Session) -> None:
    giving, consent_id = a_consent(db)
    more = a_giving(
        db, giving.agreement, citizen_id=giving.citizen_id, allowed=("name", "phone_number"), revision=1
    )
    amended = records.give(db, more, LATER)
    assert isinstance(amended, Given)
    assert (amended.consent_id, amended.act) == (consent_id, "amended")
    assert amended.gained_nos == numbers(db, ["phone_number"])


def test_given_again_after_a_withdrawal_is_a_new_id_in_the_same_chain(db: Session) -> None:
    """Nothing of before comes back to life; the chain goes on (C046)."""
    giving, consent_id = a_consent(db)
    end(db, giving.citizen_id, consent_id)
    again = records.give(db, replace(giving, revision=2), LATER + DAY)
    assert isinstance(again, Given)
    assert (again.act, again.revision) == ("given", 3)
    assert again.consent_id != consent_id
    assert again.gained_nos == giving.attribute_nos
    withdrawal = history.history(db, giving.citizen_id, consent_id)[-1]
    (act,) = history.history(db, giving.citizen_id, again.consent_id)
    assert previous_of(db, giving.citizen_id, act.record_id) == withdrawal.commitment


def test_given_again_after_the_end_is_a_new_id(db: Session) -> None:
    giving, consent_id = a_consent(db, expires_at=NOW + DAY)
    again = records.give(db, replace(giving, revision=1, expires_at=NOW + 99 * DAY), NOW + DAY)
    assert isinstance(again, Given)
    assert (again.act, again.consent_id != consent_id) == ("given", True)


def test_a_page_made_before_another_act_is_shown_again(db: Session) -> None:
    giving, _ = a_consent(db)
    assert records.give(db, giving, LATER) == Moved()
    assert records.give(db, replace(giving, revision=7), LATER) == Moved()
    assert head_of(db, giving).revision == 1


def test_a_page_of_an_agreement_no_longer_in_force_is_shown_again(db: Session) -> None:
    agreement = an_agreement(db)
    giving = a_giving(db, agreement)
    an_agreement(db, client_no=agreement.client_no)
    assert records.give(db, giving, LATER) == Moved()
    assert consents.find(db, giving.citizen_id, agreement.client_no, agreement.purpose_no) is None


def test_what_the_agreement_does_not_cover_is_never_written(db: Session) -> None:
    """A claim that was never offered: nothing recorded (C044)."""
    agreement = an_agreement(db, law=("nik",))
    for beyond in (
        a_giving(db, agreement, allowed=("name", "email")),
        a_giving(db, agreement, allowed=("name", "nik")),
        a_giving(db, agreement, by_law=("email",)),
        replace(a_giving(db, agreement), law_nos=numbers(db, ["nik"])),
    ):
        with pytest.raises(NotAgreed):
            records.give(db, beyond, NOW)


def test_purposes_and_applications_of_one_agency_are_separate(db: Session) -> None:
    """Same agency, two applications; same application, two purposes; one withdrawal ends one (C045)."""
    first = an_agreement(db)
    second = an_agreement(db, client_no=first.client_no, purpose="bill-payment", for_sign_in=False)
    third = an_agreement(db)
    citizen_id = uuid4()
    given = [a_consent(db, agreement, citizen_id=citizen_id)[1] for agreement in (first, second, third)]
    end(db, citizen_id, given[1])
    alive = {head.consent_id: head.lives(LATER) for head in consents.list_of(db, citizen_id)}
    assert [alive[consent_id] for consent_id in given] == [True, False, True]


def test_a_no_is_on_record_and_is_no_consent(db: Session) -> None:
    """Visible in the portal, and nothing in force (C043)."""
    giving, before = a_giving(db, an_agreement(db)), leaves(db)
    assert records.refuse(db, giving, NOW) == NOW
    assert consents.list_of(db, giving.citizen_id) == []
    (said_no,) = history.refusals(db, giving.citizen_id)
    assert (said_no.act, said_no.agreement_no) == ("refused", giving.agreement.agreement_no)
    assert (said_no.attribute_nos, said_no.notice_no) == (frozenset(), giving.notice.notice_no)
    assert leaves(db) == before + 1


def test_a_no_to_more_leaves_what_stands(db: Session) -> None:
    giving, consent_id = a_consent(db)
    records.refuse(db, giving, LATER)
    assert head_of(db, giving).revision == 1
    assert [act.act for act in history.history(db, giving.citizen_id, consent_id)] == ["given"]


def test_refusals_are_counted_by_client_purpose_and_time(db: Session) -> None:
    agreement = an_agreement(db)
    giving = a_giving(db, agreement)
    for minutes in (0, 4, 8):
        records.refuse(db, giving, NOW + timedelta(minutes=minutes))
    since = NOW + timedelta(minutes=1)
    found = history.refusals(
        db, giving.citizen_id, client_no=agreement.client_no, purpose_no=agreement.purpose_no, since=since
    )
    assert [act.acted_at for act in found] == [NOW + timedelta(minutes=8), NOW + timedelta(minutes=4)]
    assert history.refusals(db, giving.citizen_id, client_no=-1) == []
