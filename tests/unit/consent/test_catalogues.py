"""Both catalogues are seeded once and say only what the law and the vocabulary have words for."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import attributes, purposes
from consent.errors import NoSuchAttribute, NoSuchPurpose

STANDARD_CLAIMS = {
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "email", "phone_number", "address",
}  # fmt: skip
INDONESIAN = {
    "nik", "kk_number", "npwp", "bpjs_number", "village", "district", "regency", "province", "age_over_17",
    "age_over_18", "legacy_sub", "previous_sub",
}  # fmt: skip
# Terms of the Data Privacy Vocabulary 2.3 that were looked up there.
PERSONAL_DATA = {"Name", "BirthDate", "OfficialID", "PhysicalAddress", "TelephoneNumber", "EmailAddress"}
PURPOSES = {
    "ServiceAccessDetermination", "RequestedServiceProvision", "IdentityVerification", "LegalCompliance",
    "FraudPreventionAndDetection", "ProvideOfficialStatistics", "RecordManagement", "PaymentManagement",
    "PublicBenefit",
}  # fmt: skip


@pytest.fixture
def known(db: Session) -> attributes.Attributes:
    attributes.ensure(db)
    return attributes.load(db)


@pytest.fixture
def catalogue(db: Session) -> purposes.Purposes:
    purposes.ensure(db)
    return purposes.load(db)


def test_every_standard_and_every_indonesian_claim_has_its_attribute(known: attributes.Attributes) -> None:
    assert set(known.by_name) == STANDARD_CLAIMS | INDONESIAN
    assert {attribute.version for attribute in known.by_no.values()} == {1}


def test_seeding_again_changes_nothing(
    db: Session, known: attributes.Attributes, catalogue: purposes.Purposes
) -> None:
    attributes.ensure(db, {"civil-registry": 99})
    purposes.ensure(db)
    assert attributes.load(db) == known
    assert purposes.load(db) == catalogue


def test_a_holder_that_has_no_number_is_gapura_itself(owner_db: Session) -> None:
    owner_db.execute(text("DELETE FROM consent.attributes"))  # others may have seeded them with other numbers
    attributes.ensure(owner_db, {"civil-registry": 3, "tax": 4})
    known = attributes.load(owner_db)
    holders = {name: known.by_name[name].holder_agency_no for name in ("nik", "npwp", "bpjs_number", "email")}
    assert holders == {"nik": 3, "npwp": 4, "bpjs_number": 0, "email": 0}


def test_every_label_has_both_languages_and_every_class_is_the_laws(known: attributes.Attributes) -> None:
    for attribute in known.by_no.values():
        assert set(attribute.label) == {"id", "en"}
        assert attribute.sensitivity in ("public", "general", "specific")
        assert attribute.sensitivity != "specific" or (attribute.least_ial, attribute.least_aal) == (2, 2)


def test_attributes_name_only_terms_that_exist(known: attributes.Attributes) -> None:
    named = {attribute.dpv_iri for attribute in known.by_no.values() if attribute.dpv_iri is not None}
    assert named <= {f"https://w3id.org/dpv/pd#{term}" for term in PERSONAL_DATA}


def test_numbers_are_found_by_name_in_order(known: attributes.Attributes) -> None:
    email, name = known.numbers(["email", "name"])
    assert (known.by_no[email].name, known.by_no[name].name) == ("email", "name")
    with pytest.raises(NoSuchAttribute, match="shoe_size"):
        known.numbers(["name", "shoe_size"])


def test_every_priority_service_has_a_purpose_in_both_languages(catalogue: purposes.Purposes) -> None:
    assert len(catalogue.by_code) >= 9
    for purpose in catalogue.by_no.values():
        assert set(purpose.sentence) == {"id", "en"}
        assert all(len(sentence.split()) <= 15 for sentence in purpose.sentence.values())
        assert purpose.dpv_purpose.removeprefix("https://w3id.org/dpv#") in PURPOSES
        assert 0 < purpose.longest_days <= 366


def test_a_basis_is_found_by_its_citation(catalogue: purposes.Purposes) -> None:
    assert catalogue.basis(purposes.CONSENT_CITATION).kind == "consent"
    with pytest.raises(NoSuchPurpose):
        catalogue.basis("UU 0/0000")


def test_citations_are_not_doubled(catalogue: purposes.Purposes) -> None:
    citations = [basis.citation for basis in catalogue.bases.values()]
    assert len(citations) == len(set(citations))
    assert {basis.kind for basis in catalogue.bases.values()} >= {"consent", "law", "contract", "public_task"}
