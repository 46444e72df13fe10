"""One NIK, one account, for life."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import exc, select, text
from sqlalchemy.orm import Session

from idp.accounts import enrolment
from idp.accounts.citizen_key import Use
from idp.accounts.enrolment import MAY_BECOME
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.models import AssuranceEvent
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState
from idp.database import Database
from tests.builders import NOW, a_citizen


def test_who_is_enrolled_again_is_the_same_citizen_untouched(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    values = {"name": Value("Somebody Else", "dukcapil", NOW)}
    again = enrolment.create(db, vault, nik=citizen.nik, values=values, ial=0, method="letter", now=NOW)
    assert again == enrolment.Enrolled(citizen.citizen_id, made=False)
    profile = vault.find_profile(db, citizen.citizen_id)
    assert profile is not None
    assert profile.values["name"].value == "Sukarni"


def test_a_citizen_id_is_a_uuidv7(db: Session, vault: Vault) -> None:
    assert a_citizen(db, vault).citizen_id.version == 7


def test_two_enrolments_at_once_make_one_account(database: Database, vault: Vault) -> None:
    nik = Identifier(Kind.NIK, "1111110101900002")
    barrier, outcomes = threading.Barrier(2), []

    def enrol() -> None:
        with database.writing() as db:
            barrier.wait()
            outcomes.append(enrolment.create(db, vault, nik=nik, values={}, ial=2, method="registry", now=NOW))

    threads = [threading.Thread(target=enrol) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.citizen_id for one in outcomes}) == 1
    assert sorted(one.made for one in outcomes) == [False, True]


def test_what_proved_the_person_is_kept_and_a_weaker_proof_lowers_nothing(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault, ial=2)
    enrolment.prove(
        db, vault, citizen.citizen_id, ial=1, method="agency", vouched_by_no=7, evidence=b"seen", now=NOW
    )
    account = enrolment.find_account(db, citizen.citizen_id)
    assert account is not None
    assert account.ial == 2
    statement = select(AssuranceEvent).where(AssuranceEvent.citizen_id == citizen.citizen_id)
    registry, agency = db.scalars(statement.order_by(AssuranceEvent.event_id))
    assert (registry.method, registry.ial, registry.evidence_sealed) == ("registry", 2, None)
    assert (agency.method, agency.ial, agency.vouched_by_no) == ("agency", 1, 7)
    assert agency.evidence_sealed is not None
    key = vault.get_key(db, citizen.citizen_id)
    assert key.open(Use.EVIDENCE, agency.evidence_sealed, agency.event_id) == b"seen"


def test_the_evidence_cannot_be_rewritten(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    with pytest.raises(exc.DBAPIError), db.begin_nested():
        db.execute(
            text("UPDATE idp.assurance_events SET ial = 3 WHERE citizen_id = :id"), {"id": citizen.citizen_id}
        )


@pytest.mark.parametrize("before", list(AccountState))
@pytest.mark.parametrize("after", list(AccountState))
def test_a_state_becomes_only_what_it_may(
    db: Session, vault: Vault, before: AccountState, after: AccountState
) -> None:
    citizen = a_citizen(db, vault)
    locked = ", locked_until = now()" if before is AccountState.LOCKED else ""
    statement = text(f"UPDATE idp.accounts SET state = :state{locked} WHERE citizen_id = :id")
    db.execute(statement, {"state": before, "id": citizen.citizen_id})
    moved = enrolment.change_state(db, citizen.citizen_id, after, NOW)
    assert moved == (before if after in MAY_BECOME[before] else None)
    account = enrolment.find_account(db, citizen.citizen_id)
    assert account is not None
    assert account.state == (after if moved else before)


def test_nothing_leads_out_of_erased_and_nobody_is_moved_who_is_not_there(db: Session) -> None:
    assert not MAY_BECOME[AccountState.ERASED]
    assert enrolment.change_state(db, UUID(int=0), AccountState.ACTIVE, NOW) is None
