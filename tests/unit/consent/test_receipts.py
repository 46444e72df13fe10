"""The receipt of an act: what is signed is what was committed to, once, and nothing else is ever signed."""

import base64
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import receipts, records
from consent.ledger import entries, recorded
from consent.ledger.recorded import Recorded
from consent.receipts import Erased, NotPromised, Receipt, Unfit, Waiting
from keys import jws
from keys.errors import BadSignature
from keys.keyring import SigningKey
from tests.consent_acts import LATER, end
from tests.consent_builders import a_consent, an_agreement
from tests.unit.keys.conftest import MakeKey, make_key

__all__ = ["make_key"]
ORIGIN = "ledger.gapura.example/2026"
# Every row that standards.md §3 calls mandatory, by where it stands in the receipt.
MANDATORY = ("dct:conformsTo", "dct:identifier", "dpv:hasIdentifier")
MANDATORY_OF_RECORD = (
    "dct:conformsTo",
    "dct:identifier",
    "dpv:hasDataSubject/dct:identifier",
    "dpv:hasNotice/@id",
    "dpv:hasNotice/dct:language",
    "dpv:hasNotice/g:sha256",
    "dpv:hasProcess/dpv:hasPurpose/@id",
    "dpv:hasProcess/dpv:hasPersonalData",
    "dpv:hasProcess/dpv:hasStorageCondition/0/dpv:hasDuration",
    "dpv:hasProcess/dpv:hasDataController/@id",
    "dpv:hasProcess/dpv:hasRecipient/0/@id",
    "dpv:hasConsentControl/dpv:isExercisedAt",
    "dpv:hasJurisdiction/@id",
    "dpv:hasRight/@id",
    "dpv:hasConsentStatus/0/@type",
    "dpv:hasConsentStatus/0/dpv:isIndicatedAtTime",
    "dpv:hasConsentStatus/0/dpv:isIndicatedBy/@id",
)


@pytest.fixture(scope="module")
def key(make_key: MakeKey) -> SigningKey:
    return make_key("ES256")


def subjects(_citizen_id: UUID, _client_no: int) -> Iterable[str]:
    return ("of-the-key-after", "abkx3vq2")


def acts(db: Session, citizen_id: UUID) -> list[Recorded]:
    return recorded.read_again(db, citizen_id=citizen_id)


def sign(db: Session, key: SigningKey) -> list[UUID]:
    """Everything that waits; the records that are not signed."""
    return receipts.sign_waiting(db, key, ORIGIN, subjects, 1000)[1]


def standing(db: Session, one: Recorded) -> receipts.Standing:
    return receipts.find(db, one, subjects)


def signed(db: Session, one: Recorded) -> Receipt:
    found = standing(db, one)
    assert isinstance(found, Receipt)
    return found


def at(document: Any, path: str) -> Any:
    for step in path.split("/"):
        document = document[int(step)] if step.isdigit() else document[step]
    return document


def change(db: Session, citizen_id: UUID, changed: str) -> None:
    """As nobody can but who owns the tables."""
    db.execute(text("ALTER TABLE consent.records DISABLE TRIGGER USER"))
    db.execute(text(f"UPDATE consent.records SET {changed} WHERE citizen_id = :id"), {"id": citizen_id})


def test_every_act_has_a_receipt_of_the_very_bytes_that_were_committed_to(
    worker_db: Session, key: SigningKey
) -> None:
    giving, consent_id = a_consent(worker_db)
    end(worker_db, giving.citizen_id, consent_id)
    records.refuse(worker_db, giving, LATER)
    found = acts(worker_db, giving.citizen_id)
    assert [standing(worker_db, one) for one in found] == [Waiting()] * 3
    assert sign(worker_db, key) == []
    for one in found:
        receipt = signed(worker_db, one)
        claims = jws.verify(receipt.token, [key], typ="consent-receipt+jws", algorithms=["ES256"])
        assert claims == receipt.document
        commitment = entries.commitment(one.salt or b"", claims["dpv:hasRecordOfActivity"])
        assert claims["g:commitment"] == entries.base64url(commitment) == entries.base64url(one.commitment)
        assert claims["dpv:hasRecordOfActivity"]["g:schema"] == "gapura-consent/1"


def test_what_is_signed_is_canonical_and_its_header_says_what_it_is(worker_db: Session, key: SigningKey) -> None:
    giving, _ = a_consent(worker_db)
    sign(worker_db, key)
    receipt = signed(worker_db, *acts(worker_db, giving.citizen_id))
    header, payload = (base64.urlsafe_b64decode(part + "==") for part in receipt.token.split(".")[:2])
    assert json.loads(header) == {
        "alg": "ES256", "kid": key.kid, "typ": "consent-receipt+jws", "cty": "ld+json"
    }  # fmt: skip
    assert payload == entries.canonical(json.loads(payload))
    assert len(receipt.token) < 6000
    with pytest.raises(BadSignature):
        jws.verify(receipt.token, [key], typ="JWT", algorithms=["ES256"])


def test_a_receipt_says_what_the_standard_calls_mandatory(worker_db: Session, key: SigningKey) -> None:
    agreement = an_agreement(worker_db, law=("nik",))
    giving, _ = a_consent(worker_db, agreement, by_law=("nik",), allowed=("name", "phone_number"))
    sign(worker_db, key)
    document = signed(worker_db, *acts(worker_db, giving.citizen_id)).document
    for path in (*MANDATORY, *(f"dpv:hasRecordOfActivity/{path}" for path in MANDATORY_OF_RECORD)):
        assert at(document, path), path
    assert at(document, "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/dpv:hasDuration/dct:date")
    data = at(document, "dpv:hasRecordOfActivity/dpv:hasProcess/dpv:hasPersonalData")
    assert {row["dct:identifier"] for row in data} == {"name", "nik", "phone_number"}


def test_it_promises_the_log_within_a_day_of_its_signature(worker_db: Session, key: SigningKey) -> None:
    giving, _ = a_consent(worker_db)
    sign(worker_db, key)
    receipt = signed(worker_db, *acts(worker_db, giving.citizen_id))
    assert receipt.in_log_by - receipt.signed_at == timedelta(hours=24)
    assert receipt.document["g:inLogBy"] == receipt.in_log_by.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert receipt.document["g:log"] == ORIGIN


def test_the_receipt_of_a_withdrawal_names_the_one_that_it_replaces(worker_db: Session, key: SigningKey) -> None:
    giving, consent_id = a_consent(worker_db)
    end(worker_db, giving.citizen_id, consent_id)
    sign(worker_db, key)
    given, withdrawn = (signed(worker_db, one).document for one in acts(worker_db, giving.citizen_id))
    first, second = (one["dpv:hasRecordOfActivity"] for one in (given, withdrawn))
    assert second["dct:replaces"] == f"urn:uuid:{first['dct:identifier']}"
    assert second["g:previous"] == given["g:commitment"]
    assert second["dpv:hasConsentStatus"][0]["@type"] == "dpv:ConsentWithdrawn"


@pytest.mark.parametrize(
    "changed", ["acr = 'urn:gapura:acr:high'", "method = 'counter'", "attribute_nos = '{}'", "salt = sha256('x')"]
)
def test_a_record_that_says_something_else_is_never_signed(
    owner_db: Session, key: SigningKey, changed: str
) -> None:
    giving, _ = a_consent(owner_db)
    change(owner_db, giving.citizen_id, changed)
    (one,) = acts(owner_db, giving.citizen_id)
    assert sign(owner_db, key) == [one.act.record_id]
    assert standing(owner_db, one) == Unfit()
    assert sign(owner_db, key) == [], "it is not tried for ever"


def test_a_record_changed_after_its_receipt_is_not_shown_as_if_it_had_been_signed(
    owner_db: Session, key: SigningKey
) -> None:
    giving, _ = a_consent(owner_db)
    sign(owner_db, key)
    change(owner_db, giving.citizen_id, "method = 'counter'")
    assert standing(owner_db, *acts(owner_db, giving.citizen_id)) == Unfit()


def test_a_receipt_is_signed_once(worker_db: Session, key: SigningKey, make_key: MakeKey) -> None:
    giving, _ = a_consent(worker_db)
    sign(worker_db, key)
    (one,) = acts(worker_db, giving.citizen_id)
    before = signed(worker_db, one)
    assert sign(worker_db, make_key("ES256")) == []
    assert signed(worker_db, one) == before
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="signed once"), worker_db.begin_nested():
        worker_db.execute(text("UPDATE consent.receipts SET signature = 'x'"))


def test_one_of_an_application_not_known_yet_waits_and_keeps_nobody_else(
    worker_db: Session, key: SigningKey
) -> None:
    """And is not counted as done: whoever asks for more while there is more would ask without end."""
    strange, known = a_consent(worker_db)[0], a_consent(worker_db)[0]

    def of_one(citizen_id: UUID, client_no: int) -> Iterable[str]:
        if citizen_id == strange.citizen_id:
            raise KeyError(client_no)
        return subjects(citizen_id, client_no)

    assert receipts.sign_waiting(worker_db, key, ORIGIN, of_one, 1000) == (1, [])
    assert standing(worker_db, *acts(worker_db, strange.citizen_id)) == Waiting()
    assert signed(worker_db, *acts(worker_db, known.citizen_id))


def test_the_web_can_sign_none(db: Session) -> None:
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"), db.begin_nested():
        db.execute(text("UPDATE consent.receipts SET signature = 'x', kid = 'k', log = 'l', signed_at = now()"))


def test_an_erasure_takes_the_receipt_away_and_a_copy_still_verifies(worker_db: Session, key: SigningKey) -> None:
    giving, _ = a_consent(worker_db)
    sign(worker_db, key)
    copy = signed(worker_db, *acts(worker_db, giving.citizen_id)).token
    erase = text("UPDATE consent.records SET erased_at = now(), salt = NULL WHERE citizen_id = :id")
    worker_db.execute(erase, {"id": giving.citizen_id})
    (one,) = acts(worker_db, giving.citizen_id)
    assert standing(worker_db, one) == Erased()
    left = text("SELECT count(*) FROM consent.receipts WHERE citizen_id = :id")
    assert worker_db.execute(left, {"id": giving.citizen_id}).scalar_one() == 0
    assert jws.verify(copy, [key], typ="consent-receipt+jws", algorithms=["ES256"])


def test_an_act_of_before_there_were_receipts_has_one_when_it_is_asked_for(
    owner_db: Session, key: SigningKey
) -> None:
    giving, _ = a_consent(owner_db)
    owner_db.execute(text("DELETE FROM consent.receipts WHERE citizen_id = :id"), {"id": giving.citizen_id})
    (one,) = acts(owner_db, giving.citizen_id)
    assert standing(owner_db, one) == NotPromised()
    for _ in range(2):
        receipts.promise(owner_db, giving.citizen_id, one.act.record_id)
    sign(owner_db, key)
    assert signed(owner_db, one).commitment == one.commitment


def test_a_record_is_found_for_its_own_citizen_alone(db: Session) -> None:
    giving, _ = a_consent(db)
    (one,) = acts(db, giving.citizen_id)
    assert recorded.find(db, giving.citizen_id, one.act.record_id) == one
    assert recorded.find(db, uuid4(), one.act.record_id) is None
