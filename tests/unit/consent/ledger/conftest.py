"""A log's key; an empty log in a transaction that is rolled back; and a database of its own for what must commit.

The log is one sequence for a whole database and nothing of it can be deleted, so a test that commits to it
shares it with every other that does.
"""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import sequencer
from consent.ledger.checkpoint import Signer
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres

ORIGIN = "ledger.gapura.example/2026"
TABLES = (
    "ledger_tiles",
    "ledger_entries",
    "ledger_cosignatures",
    "ledger_checkpoints",
    "ledger_head",
    "ledger_intake",
)


@pytest.fixture(scope="session")
def signer() -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20)))
    return Signer(ORIGIN, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


@pytest.fixture
def log_db(owner_database: Database) -> Iterator[Session]:
    """As the owner, who alone can tamper: an empty log without its triggers, all of it rolled back."""
    with owner_database.engine.connect() as connection, connection.begin() as transaction:
        for table in (*TABLES, "ledger_entries_0", "records", "disclosures", "disclosure_days"):
            connection.execute(text(f"ALTER TABLE consent.{table} DISABLE TRIGGER USER"))
        connection.execute(text(f"TRUNCATE {', '.join(f'consent.{table}' for table in TABLES)}"))
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            sequencer.begin(db, ORIGIN)
            yield db
        transaction.rollback()


@pytest.fixture(scope="module")
def log_database(own_postgres: EmbeddedPostgres) -> Iterator[Database]:
    """As the worker has it, on a server of the module's own."""
    database = Database(own_postgres.url("gapura_worker"), "gapura_worker")
    with database.writing() as db:
        sequencer.begin(db, ORIGIN)
    yield database
    database.close()
