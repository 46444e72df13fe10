"""The canonical record: its fields, its bytes, and that nothing of it is needed but what stands in the tables."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from consent.ledger import entries, record_form
from consent.ledger.record_form import Act
from tests.consent_builders import ISSUER, NOW, parties

RECORD_ID, CONSENT_ID = UUID("7b0c1b52-7d0e-4f43-9a5e-0f7a5d0c6a11"), UUID("0195c1b5-27d0-7f43-9a5e-0f7a5d0c6a12")
TERMS = {
    "agreement": "a1", "revision": 2, "required": [1], "basis": "consent",
    "article": "UU 27/2022 Pasal 20 ayat (2) huruf a",
    "law_basis": "law", "law_article": "UU 24/2013 Pasal 58 ayat (4)", "retention_days": 90,
    "retention_article": "UU 43/2009 Pasal 40", "recipients": ["PT Pos"], "automated_decision": False,
    "storage_country": "ID", "purpose": "clinic-queue", "purpose_version": 3, "longest_days": 365,
    "sentence": {"id": "Mendaftarkan Anda di antrean puskesmas.", "en": "To put you in the clinic queue."},
    "dpv_purpose": "https://w3id.org/dpv#RequestedServiceProvision", "notice_version": 4, "language": "en",
    "sha256": "9f86", "issued_on": "2026-11-01",
    "attributes": [
        {"no": 1, "name": "name", "dpv": "https://w3id.org/dpv/pd#Name", "class": "general", "holder": 3},
        {"no": 2, "name": "nik", "dpv": "https://w3id.org/dpv/pd#OfficialID", "class": "general", "holder": 3},
        {"no": 3, "name": "npwp", "dpv": None, "class": "specific", "holder": 0},
        {"no": 4, "name": "zoneinfo", "dpv": None, "class": "general", "holder": 0},
    ],
}  # fmt: skip


def an_act(**changed: Any) -> Act:
    return Act(
        **{
            "record_id": RECORD_ID,
            "consent_id": CONSENT_ID,
            "revision": 1,
            "act": "given",
            "actor": "self",
            "acted_at": NOW,
            "expires_at": NOW + timedelta(days=365),
            "attribute_nos": frozenset({1, 2, 3}),
            "law_nos": frozenset({2}),
            "acr": "urn:gapura:acr:substantial",
            "amr": ("pwd", "otp"),
            "method": "web-button",
            **changed,
        }
    )


def a_document(act: Act | None = None, **terms: Any) -> dict[str, Any]:
    done = act or an_act()
    named = parties().named({3, 0})
    return record_form.document(done, {**TERMS, **terms}, parties().subject, named)


def test_the_record_names_who_what_why_how_long_and_on_which_basis() -> None:
    """Every ★ of experience §2.3 is in the bytes that are committed to."""
    record = a_document()
    process, event = record["dpv:hasProcess"], record["dpv:hasConsentStatus"][0]
    assert record["dct:identifier"] == str(RECORD_ID)
    assert record["g:schema"] == "gapura-consent/1"
    assert record["dpv:hasDataSubject"] == {"@type": "dpv:DataSubject", "dct:identifier": "abkx3vq2"}
    assert record["dpv:hasNotice"]["g:sha256"] == "9f86"
    assert process["dpv:hasPurpose"]["@id"] == f"{ISSUER}/purposes/clinic-queue/3"
    assert process["dpv:hasPurpose"]["dct:description"] == "To put you in the clinic queue."
    assert process["dpv:hasPurpose"]["skos:broader"] == {"@id": "https://w3id.org/dpv#RequestedServiceProvision"}
    assert process["dpv:hasLegalBasis"]["dct:source"] == "UU 27/2022 Pasal 20 ayat (2) huruf a"
    assert process["dpv:hasStorageCondition"][0] == {
        "@type": "dpv:StorageDuration",
        "dpv:hasDuration": "P90D",
        "dct:source": "UU 43/2009 Pasal 40",
    }
    controller = process["dpv:hasDataController"]
    assert controller["dct:identifier"] == "social"
    assert controller["dct:title"][1] == {"@language": "id", "@value": "Dinas Sosial Kota Sukamaju"}
    assert controller["g:dataProtectionOfficer"] == "pdp@social.sukamaju.example"
    assert record["dpv:hasService"]["dct:identifier"] == "antrean"
    assert process["dpv:hasDataSource"] == [
        {"@id": f"{ISSUER}/agencies/civil-registry"},
        {"@id": f"{ISSUER}/agencies/gapura"},
    ]
    assert event["@type"] == "dpv:ConsentGiven"
    assert event["dpv:isIndicatedAtTime"] == "2026-11-25T02:10:05.000000Z"
    assert event["dpv:isIndicatedBy"] == {"@id": "dpv:DataSubject"}
    assert (event["g:acr"], event["g:amr"]) == ("urn:gapura:acr:substantial", ["pwd", "otp"])
    assert event["dpv:hasIndicationMethod"] == "web-button"
    assert event["dpv:hasDuration"]["dct:date"] == "2027-11-25T02:10:05.000000Z"


def test_each_attribute_has_its_class_necessity_source_and_basis() -> None:
    name, nik, npwp = a_document()["dpv:hasProcess"]["dpv:hasPersonalData"]
    assert name["dpv:hasNecessity"] == {"@id": "dpv:Required"}
    assert name["dpv:hasDataSource"] == {"@id": f"{ISSUER}/agencies/civil-registry"}
    assert nik["dpv:hasLegalBasis"] == {"@id": "dpv:LegalObligation", "dct:source": "UU 24/2013 Pasal 58 ayat (4)"}
    assert nik["dpv:hasNecessity"] == {"@id": "dpv:Required"}
    assert npwp["@type"] == ["dpv:PersonalData", "dpv:SensitivePersonalData"]
    assert npwp["dpv:hasNecessity"] == {"@id": "dpv:Optional"}
    assert "skos:broader" not in npwp


def test_only_what_is_in_force_after_the_act_is_in_the_record() -> None:
    record = a_document(an_act(act="withdrawn", attribute_nos=frozenset(), law_nos=frozenset(), expires_at=None))
    assert record["dpv:hasProcess"]["dpv:hasPersonalData"] == []
    assert "dpv:hasDuration" not in record["dpv:hasConsentStatus"][0]


def test_a_later_act_names_the_one_before() -> None:
    record = a_document(an_act(revision=2, previous_commitment=bytes(32), previous_id=CONSENT_ID))
    assert record["g:previous"] == "A" * 43
    assert record["dct:replaces"] == f"urn:uuid:{CONSENT_ID}"
    assert "g:previous" not in a_document()


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("given", "dpv:ConsentGiven"),
        ("renewed", "dpv:RenewedConsentGiven"),
        ("amended", "dpv:ConsentGiven"),
        ("refused", "dpv:ConsentRefused"),
        ("expired", "dpv:ConsentExpired"),
        ("withdrawn", "dpv:ConsentWithdrawn"),
    ],
)
def test_each_act_has_its_word_in_the_vocabulary(act: str, status: str) -> None:
    assert a_document(an_act(act=act))["dpv:hasConsentStatus"][0]["@type"] == status


def test_an_act_of_the_clock_says_so() -> None:
    event = a_document(an_act(act="expired", actor="clock", acr=None, amr=(), method="clock"))[
        "dpv:hasConsentStatus"
    ][0]
    assert event["dpv:isIndicatedBy"] == {"@id": "g:clock"}
    assert not {"g:acr", "g:amr"} & set(event)


def test_a_language_without_a_sentence_falls_back_to_indonesian() -> None:
    purpose = a_document(language="jv")["dpv:hasProcess"]["dpv:hasPurpose"]
    assert purpose["dct:description"] == "Mendaftarkan Anda di antrean puskesmas."


def test_an_act_without_a_notice_names_none() -> None:
    assert "dpv:hasNotice" not in a_document(notice_version=None, language=None)


def test_the_bytes_are_fixed() -> None:
    """The form is for good: a change of it is a new `g:schema`, never a new meaning of this one."""
    assert entries.digest(a_document()).hex() == (
        "96b11d4040b083bc579239fc20622be520f17d32f517191330e8adb2d93dd89e"
    )


def test_the_parties_are_kept_without_the_subject() -> None:
    named = parties().named({3})
    assert named["sources"] == {"3": "civil-registry"}
    assert parties().subject not in json.dumps(named)
