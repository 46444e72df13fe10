"""What an agency may ask: proposed, approved, superseded, never edited."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import agreements
from consent.errors import BadAgreement, NoSuchAgreement
from tests.consent_builders import NOW, a_proposal, an_agreement, catalogues

LATER = NOW + timedelta(days=1)


def test_a_proposal_is_not_in_force_before_it_is_approved(db: Session) -> None:
    proposed = agreements.propose(db, a_proposal(db), NOW)
    assert proposed.state == "proposed"
    assert proposed not in agreements.list_in_force(db)
    approved = agreements.approve(db, proposed.agreement_no, LATER)
    assert (approved.state, approved.decided_at) == ("approved", LATER)
    assert approved in agreements.list_in_force(db)


def test_openid_alone_is_an_agreement_too(db: Session) -> None:
    agreement = an_agreement(db, required=(), optional=())
    assert (agreement.required_nos, agreement.optional_nos) == ((), ())


def test_a_revision_supersedes_the_one_before_and_leaves_its_terms(db: Session) -> None:
    first = an_agreement(db, retention_days=90)
    second = an_agreement(db, client_no=first.client_no, retention_days=365)
    assert (second.agreement_id, second.revision) == (first.agreement_id, 2)
    before = agreements.get(db, first.agreement_no)
    assert (before.state, before.ended_at, before.retention_days) == ("superseded", NOW, 90)
    assert [a.agreement_no for a in agreements.list_in_force(db) if a.client_no == first.client_no] == [
        second.agreement_no
    ]
    assert agreements.list_of_client(db, first.client_no) == [second, before]


def test_a_client_has_one_sign_in_agreement_whatever_its_purpose(db: Session) -> None:
    first = an_agreement(db)
    second = an_agreement(db, client_no=first.client_no, purpose="public-services")
    assert second.agreement_id != first.agreement_id
    assert agreements.get(db, first.agreement_no).state == "superseded"


def test_a_second_purpose_outside_sign_in_stands_beside_the_first(db: Session) -> None:
    """Same application, two purposes (C045)."""
    first = an_agreement(db)
    an_agreement(db, client_no=first.client_no, purpose="bill-payment", for_sign_in=False)
    assert agreements.get(db, first.agreement_no).state == "approved"


def test_the_database_itself_refuses_a_second_sign_in_agreement(db: Session) -> None:
    first = an_agreement(db)
    other = agreements.propose(db, a_proposal(db, client_no=first.client_no, purpose="bill-payment"), NOW)
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="agreements_one_sign_in"):
        db.execute(
            text("UPDATE consent.agreements SET state = 'approved' WHERE agreement_no = :no"),
            {"no": other.agreement_no},
        )


def test_a_refused_or_ended_agreement_is_not_in_force(db: Session) -> None:
    refused = agreements.refuse(db, agreements.propose(db, a_proposal(db), NOW).agreement_no, LATER)
    ended = agreements.end(db, an_agreement(db).agreement_no, LATER)
    assert (refused.state, ended.state) == ("refused", "ended")
    assert not {refused.agreement_no, ended.agreement_no} & {a.agreement_no for a in agreements.list_in_force(db)}


@pytest.mark.parametrize("step", [agreements.approve, agreements.refuse, agreements.end])
def test_a_step_out_of_turn_is_refused(db: Session, step: object) -> None:
    over = agreements.end(db, an_agreement(db).agreement_no, LATER)
    with pytest.raises(NoSuchAgreement):
        step(db, over.agreement_no, LATER)  # type: ignore[operator]


def test_an_unknown_agreement_is_none(db: Session) -> None:
    with pytest.raises(NoSuchAgreement):
        agreements.get(db, -1)


def test_a_proposal_that_could_never_be_approved_says_why(db: Session) -> None:
    _, catalogue = catalogues(db)
    law = catalogue.basis("UU 28/2007 Pasal 2").statute_no
    consent = a_proposal(db).statute_no
    refused = {
        "listed twice": {"required": ("name",), "optional": ("name",)},
        "not in force": {"required_nos": (32_000,)},
        "not in the catalogue": {"statute_no": 32_000},
        "rests on consent": {"statute_no": law},
        "name the law": {"law": ("nik",), "law_statute_no": None},
        "rest on a law": {"law": ("nik",), "law_statute_no": consent},
        "how many days": {"retention_days": 0},
        "purpose": {"purpose_no": -1},
    }
    for words, changed in refused.items():
        proposal = a_proposal(db, **{k: v for k, v in changed.items() if k in ("required", "optional", "law")})
        rest = {k: v for k, v in changed.items() if k not in ("required", "optional", "law")}
        with pytest.raises(BadAgreement, match=words):
            agreements.propose(db, replace(proposal, **rest), NOW)
