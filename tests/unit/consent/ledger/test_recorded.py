"""Every act can be made again from the tables, and from nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import endings, history, records
from consent.ledger import entries, recorded
from tests.consent_builders import NOW, a_consent, an_agreement, numbers, parties


def test_every_act_can_be_made_again_from_the_tables(db: Session) -> None:
    """Columns, catalogues and the names of then are enough: the commitment is found again for each act."""
    giving, consent_id = a_consent(
        db, an_agreement(db, law=("nik",)), by_law=("nik",), allowed=("name", "phone_number")
    )
    (phone,) = numbers(db, ["phone_number"])
    later = NOW + timedelta(days=1)
    endings.withdraw_attribute(
        db, giving.citizen_id, consent_id, phone, parties=parties(), acr="urn:gapura:acr:basic", now=later
    )
    renamed = parties(application={"client_id": "antrean", "name": "Antrean Baru"})
    endings.withdraw(db, giving.citizen_id, consent_id, parties=renamed, acr="urn:gapura:acr:basic", now=later)
    records.refuse(db, giving, later)
    found = recorded.read_again(db, citizen_id=giving.citizen_id)
    assert [one.act.act for one in found] == ["given", "amended", "withdrawn", "refused"]
    for one in found:
        assert one.commits_to("abkx3vq2")
        assert not one.commits_to("somebody-else")


@pytest.mark.parametrize(
    "changed",
    [
        {"act": "renewed"},
        {"attribute_nos": frozenset[int]()},
        {"acted_at": NOW + timedelta(microseconds=1)},
        {"acr": "urn:gapura:acr:high"},
        {"amr": ()},
        {"method": "counter"},
        {"expires_at": None},
        {"revision": 2},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_column_no_longer_fits_its_commitment(db: Session, changed: dict[str, Any]) -> None:
    giving, _ = a_consent(db)
    (one,) = recorded.read_again(db, citizen_id=giving.citizen_id)
    assert one.commits_to("abkx3vq2")
    assert not replace(one, act=replace(one.act, **changed)).commits_to("abkx3vq2")


def test_renamed_parties_and_other_terms_do_not_fit_either(db: Session) -> None:
    giving, _ = a_consent(db)
    (one,) = recorded.read_again(db, citizen_id=giving.citizen_id)
    assert not replace(one, terms={**one.terms, "retention_days": 91}).commits_to("abkx3vq2")
    assert not replace(one, named={**one.named, "issuer": "https://other.example"}).commits_to("abkx3vq2")


def test_after_an_erasure_the_commitment_says_nothing(db: Session) -> None:
    giving, _ = a_consent(db)
    erase = "UPDATE consent.records SET salt = NULL, erased_at = now() WHERE citizen_id = :citizen_id"
    db.execute(text(erase), {"citizen_id": giving.citizen_id})
    (one,) = recorded.read_again(db, citizen_id=giving.citizen_id)
    assert not one.commits_to("abkx3vq2")


def test_all_records_are_read_in_pages(db: Session) -> None:
    given = {a_consent(db)[0].citizen_id for _ in range(5)}
    found, after = set[UUID](), None
    while page := recorded.read_again(db, after=after, limit=2):
        assert len(page) <= 2
        found |= {one.citizen_id for one in page}
        after = (page[-1].citizen_id, page[-1].act.record_id)
    assert given <= found


def test_the_ledger_holds_the_commitment_and_nothing_else_of_the_act(db: Session) -> None:
    giving, consent_id = a_consent(db)
    (act,) = history.history(db, giving.citizen_id, consent_id)
    leaf = db.execute(text("SELECT entry FROM consent.ledger_intake ORDER BY leaf_id DESC LIMIT 1")).scalar_one()
    assert entries.committed_by(bytes(leaf)) == act.commitment
    assert bytes(leaf) == entries.entry(act.commitment)
