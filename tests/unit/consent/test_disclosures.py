"""Who looked: the clauses that the hot doors compose, and the citizen's list."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import disclosures
from consent.disclosures import DISCLOSED_ID_TOKEN, DISCLOSED_INTROSPECTION, DISCLOSED_USERINFO, Disclosure

JUDGED = (
    "AS (SELECT %(consent_id)s::uuid AS consent_id, %(held_nos)s::smallint[] AS attribute_nos WHERE %(judged)s)"
)
AT_TOKEN = f"WITH allowed {JUDGED}, {DISCLOSED_ID_TOKEN} SELECT count(*) FROM allowed"
AT_USERINFO = f"WITH token {JUDGED}, {DISCLOSED_USERINFO} SELECT disclosed.attribute_nos FROM token, disclosed"
AT_INTROSPECTION = f"WITH token {JUDGED}, {DISCLOSED_INTROSPECTION} SELECT token.attribute_nos FROM token"
INSERT = text("""
INSERT INTO consent.disclosures (citizen_id, disclosure_id, client_no, purpose_no, channel, reason, attribute_nos,
       shown_after, statute_no)
VALUES (:citizen_id, coalesce(:disclosure_id, uuidv7()), :client_no, 1, 'userinfo',
       CAST(:reason AS consent.reason), '{1}', :shown_after, :statute_no)
""")


def released(db: Session, statement: str, citizen_id: UUID, **changed: Any) -> Any:
    parameters = {
        "citizen_id": citizen_id, "consent_id": uuid4(), "client_no": 11, "purpose_no": 5, "judged": True,
        "held_nos": [1, 2, 3], "released_nos": [1, 2], "asked_nos": [1, 2], "source_agency_no": 9, **changed,
    }  # fmt: skip
    return db.connection().exec_driver_sql(statement, parameters).all()


def looked(db: Session, citizen_id: UUID, **changed: Any) -> None:
    db.execute(
        INSERT,
        {
            "citizen_id": citizen_id,
            "disclosure_id": None,
            "client_no": 11,
            "reason": "consent_given",
            "shown_after": None,
            "statute_no": None,
            **changed,
        },
    )


def only(found: list[Disclosure]) -> Disclosure:
    (one,) = found
    return one


def test_an_id_token_that_carries_attributes_is_a_disclosure(db: Session) -> None:
    citizen_id = uuid4()
    released(db, AT_TOKEN, citizen_id)
    row = only(disclosures.list_for(db, citizen_id))
    assert (row.channel, row.reason, row.attribute_nos) == ("id_token", "consent_given", {1, 2})
    assert (row.client_no, row.purpose_no, row.source_agency_no) == (11, 5, None)
    assert abs(row.disclosed_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_id_token_carries_what_the_consent_covers_of_what_was_asked(db: Session) -> None:
    citizen_id = uuid4()
    released(db, AT_TOKEN, citizen_id, released_nos=[1, 4])
    assert only(disclosures.list_for(db, citizen_id)).attribute_nos == {1}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"released_nos": []}, id="an ID token without attributes"),
        pytest.param({"released_nos": [4]}, id="nothing of it is covered"),
        pytest.param({"judged": False}, id="refused"),
    ],
)
def test_what_is_not_released_at_the_token_door_is_no_disclosure(db: Session, changed: dict[str, Any]) -> None:
    citizen_id = uuid4()
    released(db, AT_TOKEN, citizen_id, **changed)
    assert disclosures.list_for(db, citizen_id) == []


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param([1, 2], {1, 2}, id="all that was asked"),
        pytest.param([2, 4], {2}, id="what the consent covers of it"),
        pytest.param([4], set(), id="nothing of it"),
        pytest.param([], set(), id="openid alone"),
    ],
)
def test_userinfo_discloses_what_the_consent_covers_and_says_so(
    db: Session, asked: list[int], given: set[int]
) -> None:
    citizen_id = uuid4()
    ((attribute_nos,),) = released(db, AT_USERINFO, citizen_id, asked_nos=asked)
    assert set(attribute_nos) == given
    row = only(disclosures.list_for(db, citizen_id))
    assert (row.channel, row.attribute_nos) == ("userinfo", given)


def test_a_refused_userinfo_answers_and_discloses_nothing(db: Session) -> None:
    citizen_id = uuid4()
    assert released(db, AT_USERINFO, citizen_id, judged=False) == []
    assert disclosures.count(db, citizen_id) == 0


def test_introspection_names_who_asked(db: Session) -> None:
    citizen_id = uuid4()
    released(db, AT_INTROSPECTION, citizen_id)
    row = only(disclosures.list_for(db, citizen_id))
    assert (row.channel, row.source_agency_no, row.attribute_nos) == ("introspection", 9, {1, 2, 3})


def test_the_list_is_paged_newest_first_and_loses_nothing(db: Session) -> None:
    citizen_id = uuid4()
    for client_no in range(25):
        looked(db, citizen_id, client_no=client_no)
    first = disclosures.list_for(db, citizen_id)
    second = disclosures.list_for(db, citizen_id, before=first[-1].disclosure_id)
    assert [row.client_no for row in first + second] == list(range(24, -1, -1))
    assert len(first) == 20
    assert disclosures.count(db, citizen_id) == 25


def test_the_list_is_one_citizens_and_can_be_one_clients(db: Session) -> None:
    citizen_id = uuid4()
    looked(db, citizen_id, client_no=1)
    looked(db, citizen_id, client_no=2)
    looked(db, uuid4(), client_no=1)
    assert [row.client_no for row in disclosures.list_for(db, citizen_id, client_nos=[2])] == [2]
    assert disclosures.count(db, citizen_id, client_nos=[2]) == 1


def test_the_list_is_bounded_in_time(db: Session) -> None:
    citizen_id, now = uuid4(), datetime.now(UTC)
    looked(db, citizen_id)
    hour = timedelta(hours=1)
    assert disclosures.count(db, citizen_id, since=now - hour) == 1
    assert disclosures.count(db, citizen_id, since=now + hour) == 0
    assert disclosures.count(db, citizen_id, until=now - hour) == 0
    assert len(disclosures.list_for(db, citizen_id, since=now - hour, until=now + hour)) == 1


def test_what_a_statute_hides_is_shown_after_its_day(db: Session) -> None:
    citizen_id, today = uuid4(), datetime.now(UTC).date()
    looked(db, citizen_id, client_no=1, shown_after=today + timedelta(days=1), statute_no=1)
    looked(db, citizen_id, client_no=2, shown_after=today - timedelta(days=2), statute_no=1)
    assert [row.client_no for row in disclosures.list_for(db, citizen_id)] == [2]
    assert disclosures.count(db, citizen_id) == 1
    assert set(disclosures.last_seen(db, citizen_id)) == {2}


def test_nothing_is_hidden_without_a_statute(db: Session) -> None:
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="disclosures_delay_has_statute"):
        looked(db, uuid4(), shown_after=datetime.now(UTC).date())


def test_last_seen_is_the_newest_release_to_each_client(db: Session) -> None:
    citizen_id, now = uuid4(), datetime.now(UTC)
    looked(db, citizen_id, client_no=1)
    looked(db, citizen_id, client_no=1)
    looked(db, citizen_id, client_no=2, reason="withdrawn")
    seen = disclosures.last_seen(db, citizen_id, since=now - timedelta(days=1))
    newest = disclosures.list_for(db, citizen_id, client_nos=[1])[0]
    assert seen == {1: newest.disclosed_at}


def test_no_role_of_the_service_can_change_the_list(db: Session) -> None:
    for statement in ("UPDATE consent.disclosures SET client_no = 1", "DELETE FROM consent.disclosures"):
        with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"), db.begin_nested():
            db.execute(text(statement))
