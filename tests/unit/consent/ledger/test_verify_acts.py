"""That each act has its leaf and still says what it committed to."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import endings, records
from consent.ledger import sequencer
from consent.ledger.checkpoint import Signer
from consent.ledger.verify_acts import broken_chains, changed_records, strayed_heads, unlogged, verify_acts
from tests.consent_builders import NOW, a_consent, parties

SUBJECT = parties().subject


def known_as(citizen_id: UUID, client_no: int) -> Iterable[str]:
    return ("an-earlier-sub", SUBJECT)


@pytest.fixture
def acted(log_db: Session) -> Session:
    """A consent given, amended by a renewal and withdrawn; another that lives; a refusal. Rows of others are
    away.
    """
    log_db.execute(text("DELETE FROM consent.records"))
    log_db.execute(text("DELETE FROM consent.consents"))
    log_db.execute(text("DELETE FROM consent.disclosure_days"))
    giving, consent_id = a_consent(log_db)
    endings.withdraw(
        log_db,
        giving.citizen_id,
        consent_id,
        parties=parties(),
        acr="urn:gapura:acr:basic",
        now=NOW + timedelta(1),
    )
    a_consent(log_db)
    records.refuse(log_db, giving, NOW)
    return log_db


def test_acts_that_wait_for_their_place_are_in_order(acted: Session) -> None:
    assert list(verify_acts(acted, known_as)) == []


def test_acts_with_their_place_are_in_order(acted: Session, signer: Signer) -> None:
    made = sequencer.tick(acted, signer, 32)
    assert made is not None
    assert list(verify_acts(acted, known_as)) == []


def test_an_act_without_a_leaf_is_named(acted: Session) -> None:
    acted.execute(text("DELETE FROM consent.ledger_intake"))
    problems = list(unlogged(acted))
    assert len(problems) == 4
    assert all("has no entry in the log" in problem for problem in problems)


def test_a_leaf_that_waited_longer_than_promised_is_named(acted: Session) -> None:
    acted.execute(text("UPDATE consent.ledger_intake SET made_at = now() - interval '25 hours'"))
    assert len(list(unlogged(acted))) == 4


def test_a_dropped_act_breaks_its_chain(acted: Session) -> None:
    acted.execute(text("DELETE FROM consent.records WHERE act = 'given' AND citizen_id IN"
                       " (SELECT citizen_id FROM consent.records WHERE act = 'withdrawn')"))  # fmt: skip
    (problem,) = broken_chains(acted)
    assert problem.startswith("the act before record")


def test_a_dropped_withdrawal_leaves_a_head_that_strayed(acted: Session) -> None:
    acted.execute(text("DELETE FROM consent.records WHERE act = 'withdrawn'"))
    assert len(list(strayed_heads(acted))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent.consents SET withdrawn_at = NULL WHERE withdrawn_at IS NOT NULL",
        "UPDATE consent.consents SET attribute_nos = attribute_nos || 30::smallint WHERE withdrawn_at IS NULL",
        "UPDATE consent.consents SET expires_at = expires_at + interval '1 day' WHERE withdrawn_at IS NULL",
    ],
    ids=["brought back to life", "widened", "prolonged"],
)
def test_a_head_that_no_act_made_is_named(acted: Session, statement: str) -> None:
    acted.execute(text(statement))
    assert len(list(strayed_heads(acted))) == 1


def test_a_record_that_was_rewritten_is_named_by_its_id(acted: Session) -> None:
    record_id = acted.scalars(text("SELECT record_id FROM consent.records WHERE act = 'refused'")).one()
    acted.execute(text("UPDATE consent.records SET act = 'given' WHERE act = 'refused'"))
    assert list(changed_records(acted, known_as)) == [f"record {record_id} no longer says what it committed to"]


def test_a_record_of_somebody_else_does_not_fit(acted: Session) -> None:
    assert len(list(changed_records(acted, lambda citizen_id, client_no: ["another-sub"]))) == 4


def test_an_erased_record_is_passed_over(acted: Session) -> None:
    acted.execute(text("UPDATE consent.records SET salt = NULL, erased_at = now()"))
    assert list(changed_records(acted, known_as)) == []
