"""Agencies, their sectors, and what a suspension reaches."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.clients import agencies, registration
from idp.clients.models import Agency
from idp.clients.registration import Registered

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def an_agency(db: Session, code: str = "dinkes-uji") -> Agency:
    return agencies.register(
        db, code=code, name={"id": "Dinkes", "en": "Health"}, dpo_contact="dpo@uji.example", now=NOW
    )


def test_an_agency_begins_with_one_sector_of_its_own(db: Session) -> None:
    agency = an_agency(db)
    assert agency.state == "registered"
    assert agencies.default_sector(db, agency.agency_no).label == "dinkes-uji"
    assert agencies.default_sector(db, agency.agency_no).key_version == 1


def test_a_code_is_given_once(db: Session) -> None:
    an_agency(db)
    with pytest.raises(IntegrityError, match="agencies_code"):
        an_agency(db)


@pytest.mark.parametrize("code", ["", "x", "Dinkes", "dinkes uji", "-dinkes", "d" * 65])
def test_a_code_that_does_not_fit_an_address_is_refused(db: Session, code: str) -> None:
    with pytest.raises(ValueError, match="2 to 64"):
        an_agency(db, code)


def test_a_narrower_sector_is_the_agencys_own_and_not_its_default(db: Session) -> None:
    agency = an_agency(db)
    narrow = agencies.narrow_sector(db, agency, "hiv-clinic")
    assert narrow.label == "dinkes-uji:hiv-clinic"
    assert agencies.default_sector(db, agency.agency_no).label == "dinkes-uji"


def test_suspending_an_agency_suspends_its_applications_in_that_commit(db: Session) -> None:
    agency = an_agency(db)
    raw = {"agency": "dinkes-uji", "profile": "machine", "client_name": "Mesin"}
    outcome = registration.add(db, raw, now=NOW, rehearsal=True)
    assert isinstance(outcome, Registered)
    states = text("SELECT agency_state::text FROM idp.clients WHERE client_id = :id")
    for act, state in (
        (agencies.verify, "verified"),
        (agencies.suspend, "suspended"),
        (agencies.resume, "registered"),
        (agencies.verify, "verified"),
    ):
        act(db, agency, NOW)
        assert db.execute(states, {"id": outcome.client_id}).scalar_one() == state
