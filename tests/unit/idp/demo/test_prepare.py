"""The demo country: complete, the same at every start, and described in demo.json."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import text

from consent import consents, disclosures
from consent.ledger import verify_acts
from idp.accounts import identifiers, totp
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.clients import addresses, registry
from idp.database import Database
from idp.demo import country, services
from idp.demo.prepare import prepare
from idp.settings import Mode, Settings
from keys import handles
from keys.key_store import KeyStore
from keys.pairwise import Pairwise
from keys.sealing import RestSealer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIELDS = {"issuer", "citizens", "clients", "operators", "agency_members", "data_providers", "initial_access_token"}


class Country:
    """One prepared demo, and how to prepare it again."""

    def __init__(self, database: Database, instance: Path) -> None:
        self.database, self.instance = database, instance
        store = KeyStore.open(instance / "keys", create=True)
        self.vault = Vault(RestSealer(store.master), store.lookup)
        self.hashing, self.pairwise = PasswordHashing(store.pepper), Pairwise(store.master)

    def prepare(self, port: int = 8105, mode: Mode = Mode.DEMO) -> dict[str, Any]:
        issuer = f"http://127.0.0.1:{port}"
        settings = Settings(
            mode=mode, issuer=issuer, port=port, instance=self.instance, key_store=self.instance / "keys"
        )
        self.path = prepare(self.database, settings, self.vault, self.hashing, self.pairwise, NOW)
        contents: dict[str, Any] = json.loads(self.path.read_text())
        return contents

    def count(self, table: str) -> int:
        with self.database.reading() as db:
            return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture(scope="module")
def land(worker_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Country:
    land = Country(worker_database, tmp_path_factory.mktemp("instance"))
    land.prepare()
    return land


def test_demo_json_has_every_member_and_is_its_owners_alone(land: Country) -> None:
    contents = land.prepare()
    assert set(contents) == FIELDS
    assert stat.S_IMODE(land.path.stat().st_mode) == 0o600
    assert contents["initial_access_token"] is None


def test_a_second_start_finds_the_same_country(land: Country) -> None:
    first, tables = (
        land.prepare(),
        ("idp.clients", "idp.agencies", "idp.accounts", "consent.agreements", "idp.client_secrets"),
    )
    before = [land.count(table) for table in tables]
    assert land.prepare() == first
    assert [land.count(table) for table in tables] == before


def test_a_start_at_another_port_moves_the_applications_beside_it(land: Country) -> None:
    moved = land.prepare(port=8200)
    assert moved["clients"][0]["redirect_uris"] == ["http://127.0.0.1:8201/callback"]
    with land.database.reading() as db:
        client = registry.load(db).by_id["antrean-puskesmas"]
    assert client.redirect_uris == {"http://127.0.0.1:8201/callback"}
    assert client.post_logout_uris == {"http://127.0.0.1:8201/"}
    land.prepare()


def test_an_application_of_an_earlier_release_learns_where_it_is_told_of_endings(land: Country) -> None:
    with land.database.writing() as db:
        db.execute(
            text("UPDATE idp.clients SET backchannel_logout_uri = NULL, metadata = metadata - 'introspects'")
        )
    land.prepare()
    with land.database.reading() as db:
        clients = registry.load(db).by_id
    assert clients["antrean-puskesmas"].backchannel_logout_uri == "http://127.0.0.1:8106/backchannel-logout"
    assert clients[services.DATA_PROVIDER].introspects == {"bantuan-beras", "antrean-puskesmas"}


def test_every_client_is_live_with_the_secret_and_the_agreement_that_demo_json_promises(land: Country) -> None:
    contents = land.prepare()
    with land.database.reading() as db:
        known = registry.load(db).by_id
    for described in contents["clients"]:
        client = known[described["client_id"]]
        assert (client.state, client.agency_state) == ("live", "verified")
        assert client.sign_in_agreement is not None
        assert client.sign_in_agreement.if_refused.keys() == {"id", "en"}
        secret = described["client_secret"]
        digests = [digest for _, digest, _ in client.secret_digests]
        assert digests == ([] if secret is None else [handles.digest(secret)])
        for uri in described["redirect_uris"]:
            native = described["profile"] == "native"
            assert addresses.redirect_refusal(uri, custom_schemes=native, localhost=True) is None


def test_there_is_a_client_of_each_profile_and_each_way_to_authenticate(land: Country) -> None:
    contents = land.prepare()
    assert {one["profile"] for one in contents["clients"]} == {"standard", "classic", "native"}
    assert {one["token_endpoint_auth_method"] for one in contents["clients"]} == {
        "client_secret_basic", "client_secret_post", "private_key_jwt", "none",
    }  # fmt: skip
    assert {one["id_token_signed_response_alg"] for one in contents["clients"]} >= {"ES256", "RS256"}
    assert next(one for one in contents["clients"] if "private_jwk" in one)["private_jwk"]["d"]
    assert len(contents["data_providers"]) == 1


def test_the_first_citizen_has_every_standard_claim_and_no_second_factor(land: Country) -> None:
    citizen = land.prepare()["citizens"][0]
    assert citizen["totp_secret"] is None
    assert len(citizen["password"]) >= 15
    with land.database.reading() as db:
        citizen_id = land.vault.find_citizen(db, identifiers.read_nik(citizen["nik"]))  # type: ignore[arg-type]
        profile = land.vault.find_profile(db, citizen_id)  # type: ignore[arg-type]
    standard = {
        "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
        "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "address",
    }  # fmt: skip
    assert profile is not None
    assert standard <= profile.values.keys()


def test_ten_citizens_show_what_breaks_applications(land: Country) -> None:
    citizens = land.prepare()["citizens"]
    assert len(citizens) == 10
    assert sum(one["totp_secret"] is not None for one in citizens) >= 3
    assert any(" " not in one["name"] for one in citizens)
    assert any(one["email"] is None for one in citizens)
    assert any(int(one["nik"]) > 2**53 for one in citizens)
    assert all(one["nik"][4:6] == "00" for one in citizens)
    assert max(len(one["name"]) for one in citizens) == 60


def test_the_data_provider_knows_each_citizen_by_a_number_of_its_own(land: Country) -> None:
    land.prepare()
    file = land.instance / "agencies" / services.DATA_PROVIDER / "register.json"
    held = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(held) == len(country.CITIZENS)
    (with_village,) = [one for one in held.values() if one.get("village")]
    where = {
        "village": "Melati",
        "district": "Sukamaju Tengah",
        "regency": "Kota Sukamaju",
        "province": "Jawa Barat",
    }
    assert where.items() <= with_village.items()
    assert {one["nik"] for one in held.values()} == {citizen.nik for citizen in country.CITIZENS}
    with land.database.reading() as db:
        provider = registry.load(db).by_id[services.DATA_PROVIDER]
        citizen_id = land.vault.find_citizen(db, identifiers.read_nik(country.CITIZENS[0].nik))  # type: ignore[arg-type]
    assert citizen_id is not None
    assert next(iter(held)) == land.pairwise.subject(citizen_id, provider.sector, provider.sector_version)


def test_the_demo_is_never_prepared_in_production(land: Country) -> None:
    with pytest.raises(AssertionError, match="never prepared"):
        land.prepare(mode=Mode.PRODUCTION)


def test_every_citizen_is_found_by_each_identifier_they_have(land: Country) -> None:
    with land.database.reading() as db:
        for citizen in country.CITIZENS:
            typed = [one for one in (citizen.nik, citizen.email, citizen.phone) if one]
            found = {land.vault.find_citizen(db, identifiers.normalise(one)) for one in typed}  # type: ignore[arg-type]
            assert len(found) == 1
            assert None not in found


def test_a_second_factor_of_the_demo_is_confirmed_and_its_present_code_is_unspent(land: Country) -> None:
    citizen = next(one for one in country.CITIZENS if one.totp_secret)
    with land.database.writing() as db:
        citizen_id = land.vault.find_citizen(db, identifiers.read_nik(citizen.nik))  # type: ignore[arg-type]
        assert citizen_id is not None
        code = pyotp.TOTP(str(citizen.totp_secret)).at(NOW)
        assert totp.use(db, land.vault, citizen_id, code, NOW)
        assert not totp.use(db, land.vault, citizen_id, code, NOW)


def test_one_citizen_has_a_history_with_several_agencies_that_verifies(land: Country) -> None:
    citizen = next(one for one in country.CITIZENS if one.has_history)
    with land.database.reading() as db:
        citizen_id = land.vault.find_citizen(db, identifiers.read_nik(citizen.nik))  # type: ignore[arg-type]
        assert citizen_id is not None
        heads, known = consents.list_of(db, citizen_id), registry.load(db).by_no
        assert len({head.agency_no for head in heads}) == 3
        assert [head.withdrawn_at is not None for head in heads].count(True) == 1
        assert len(disclosures.list_for(db, citizen_id)) >= 6

        def subjects(of: UUID, client_no: int) -> list[str]:
            client = known.get(client_no)  # other tests' records name clients that are in no registry
            return [land.pairwise.subject(of, client.sector, client.sector_version)] if client else []

        mine = text("SELECT record_id::text FROM consent.records WHERE citizen_id = :citizen_id")
        record_ids = list(db.execute(mine, {"citizen_id": citizen_id}).scalars())
        said = list(verify_acts.changed_records(db, subjects))
    assert len(record_ids) == 4
    assert not [line for line in said if any(record_id in line for record_id in record_ids)]
