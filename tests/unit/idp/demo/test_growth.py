"""A grown country: real where it can be checked."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import attributes, purposes
from consent.ledger import verify_acts
from idp.accounts import identifiers
from idp.accounts.profile import Vault
from idp.clients import registry
from idp.database import Database
from idp.demo import bench, growth
from keys.key_store import KeyStore
from keys.pairwise import Pairwise
from keys.sealing import RestSealer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"


def records(db: Session, citizen_id: UUID) -> set[str]:
    rows = text("SELECT record_id::text FROM consent.records WHERE citizen_id = :citizen_id")
    return set(db.execute(rows, {"citizen_id": citizen_id}).scalars())


def test_a_grown_citizen_is_found_opens_and_verifies(worker_database: Database, tmp_path: Path) -> None:
    """Row for row as the doors would have written it: what each act committed to is what its row says."""
    store = KeyStore.open(tmp_path / "keys", create=True)
    vault, pairwise = Vault(RestSealer(store.master), store.lookup), Pairwise(store.master)
    with worker_database.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)
        for number in range(12):
            bench.seed_clients(db, number, NOW)
        before = db.execute(text("SELECT count(*) FROM idp.accounts")).scalar_one()
    assert list(growth.grow(worker_database, vault, pairwise, ISSUER, before + 3, NOW)) == [before + 3]

    with worker_database.reading() as db:
        email = identifiers.normalise(f"warga-{before + 1}@example.go.id")
        assert isinstance(email, identifiers.Identifier)
        citizen_id = vault.find_citizen(db, email)
        assert citizen_id is not None
        profile = vault.find_profile(db, citizen_id)
        assert profile is not None
        assert profile.values["email"].value == email.normal
        mine, known = records(db, citizen_id), registry.load(db).by_no
        assert len(mine) == growth.CONSENTS_EACH

        def subjects(of: UUID, client_no: int) -> list[str]:
            client = known.get(client_no)  # other tests' records name clients that are in no registry
            return [pairwise.subject(of, client.sector, client.sector_version)] if client else []

        said = [
            *verify_acts.changed_records(db, subjects),
            *verify_acts.unlogged(db),
            *verify_acts.strayed_heads(db),
        ]
        assert not [line for line in said if any(record_id in line for record_id in mine)]
