"""Agencies, their sectors, and what a suspension reaches."""

from datetime import UTC, datetime
from typing import Any

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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"name": {"id": " ", "en": "Health"}}, "name", id="nobody"),
        pytest.param({"name": {"id": "Dinkes\nKota", "en": "Health"}}, "name", id="two lines"),
        pytest.param({"name": {"id": "Dinkes \u202eatoK", "en": "Health"}}, "name", id="written backwards"),
        pytest.param({"name": {"id": "D" * 101, "en": "Health"}}, "name", id="longer than a page is wide"),
        pytest.param({"dpo_contact": ""}, "officer", id="nobody to turn to"),
        pytest.param({"domains": ["http://dinkes.example/"]}, "domain", id="an address"),
        pytest.param({"domains": ["*.go.id"]}, "domain", id="everybody's domain"),
        pytest.param({"domains": ["Dinkes.example"]}, "domain", id="capital letters"),
    ],
)
def test_who_citizens_could_not_read_or_reach_is_not_registered(
    db: Session, changes: dict[str, Any], said: str
) -> None:
    known: dict[str, Any] = {"name": {"id": "Dinkes", "en": "Health"}, "dpo_contact": "dpo@uji.example"}
    with pytest.raises(ValueError, match=said):
        agencies.register(db, code="dinkes-uji", now=NOW, **known | changes)


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
