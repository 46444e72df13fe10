"""The cache of clients: what it holds, and what it says of an address that is not registered."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from consent import attributes, purposes
from idp.clients import agencies, registration, registry
from idp.clients.profiles import Profile
from idp.clients.registration import Registered
from idp.clients.registry import Client

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def client(db: Session) -> Client:
    attributes.ensure(db)
    purposes.ensure(db)
    agencies.register(
        db, code="dinkes-uji", name={"id": "Dinkes", "en": "Health"}, dpo_contact="dpo@uji.example", now=NOW
    )
    raw = {
        "agency": "dinkes-uji",
        "profile": "native",
        "client_name": "Antrean",
        "redirect_uris": ["https://antrean.example/cb", "http://127.0.0.1/cb"],
        "scope": "openid profile",
        "acr_floor": "urn:gapura:acr:substantial",
        "id_token_claims": "scope",
        "introspects": ["roundcube"],
        "grant_types": ["authorization_code", "refresh_token"],
        "sign_in_agreement": {
            "purpose": "clinic-queue",
            "required": ["name"],
            "retention_days": 30,
            "if_refused": {"id": "Loket", "en": "Counter"},
        },
    }
    outcome = registration.add(db, raw, now=NOW, rehearsal=True)
    assert isinstance(outcome, Registered)
    return registry.load(db).by_id[outcome.client_id]


def test_a_client_is_found_by_id_and_by_number_with_its_agency_sector_and_agreement(
    db: Session, client: Client
) -> None:
    assert registry.load(db).by_no[client.client_no] == client
    assert (client.agency_code, client.agency_name["en"], client.sector, client.sector_version) == (
        "dinkes-uji",
        "Health",
        "dinkes-uji",
        1,
    )
    assert client.profile is Profile.NATIVE
    assert client.scopes == {"openid", "profile"}
    assert client.grant_types == {"authorization_code", "refresh_token"}
    assert client.acr_floor == "urn:gapura:acr:substantial"
    assert client.id_token_claims_scope
    assert client.introspects == {"roundcube"}
    assert client.origins == {"https://antrean.example", "http://127.0.0.1"}
    assert client.secret_digests == ()
    assert client.sign_in_agreement is not None
    assert client.sign_in_agreement.required_nos == attributes.load(db).numbers(["name"])


def test_both_secrets_of_a_client_are_there(db: Session, client: Client) -> None:
    row = registration.find(db, client.client_id)
    assert row is not None
    registration.rotate_secret(db, row, NOW)
    registration.rotate_secret(db, row, NOW)
    assert [slot for slot, _, _ in registry.load(db).by_id[client.client_id].secret_digests] == [1, 2]


@pytest.mark.parametrize(
    ("sent", "registered"),
    [
        ("https://antrean.example/cb", True),
        ("http://127.0.0.1:51234/cb", True),
        ("https://antrean.example/cb/", False),
        ("http://localhost:51234/cb", False),
    ],
)
def test_a_redirect_address_is_judged_by_the_clients_profile(client: Client, sent: str, registered: bool) -> None:
    """(row 3)"""
    assert registry.is_registered(client, sent) == registered


def test_a_near_miss_is_told_by_its_difference_and_never_by_the_registered_address(client: Client) -> None:
    told = registry.near_miss(client, "https://antrean.example/cb/")
    assert told == "redirect_uri is not registered: only the slash at the end differs from a registered address"
    assert "antrean" not in registry.near_miss(client, "https://elsewhere.example/cb")
