"""What the tests of this floor ask for: keys without a database, and the worker's session on one without keys."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from idp.database import Database
from keys.keyring import SigningKey
from keys.private_halves import generate, public_jwk
from keys.rotation import State
from keys.sealing import RestSealer

MakeKey = Callable[..., SigningKey]


@pytest.fixture(scope="session")
def make_key() -> MakeKey:
    """A fresh key that can sign: by algorithm, role and state."""

    def make(algorithm: str = "ES256", role: str = "tokens", state: State = State.SIGNING) -> SigningKey:
        key = generate(algorithm)
        return SigningKey(key.thumbprint(), algorithm, role, state, public_jwk(key, algorithm), key, key)

    return make


@pytest.fixture(scope="session")
def rest_sealer() -> RestSealer:
    return RestSealer(bytes(range(32)))


@pytest.fixture
def no_keys(owner_database: Database) -> Iterator[None]:
    """No signing key is in the database while the test runs, whatever others committed."""
    with owner_database.engine.connect() as connection:
        for table in ("signing_keys", "private_keys"):
            connection.exec_driver_sql(f"CREATE TEMP TABLE kept_{table} AS TABLE keys.{table}")
        connection.exec_driver_sql("TRUNCATE keys.private_keys, keys.signing_keys")
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql("TRUNCATE keys.private_keys, keys.signing_keys")
            for table in ("signing_keys", "private_keys"):
                connection.exec_driver_sql(f"INSERT INTO keys.{table} TABLE kept_{table}")
                connection.exec_driver_sql(f"DROP TABLE kept_{table}")
            connection.commit()


@pytest.fixture
def worker_db(no_keys: None, worker_database: Database) -> Iterator[Session]:
    """A session of the worker's role that starts without keys, in a transaction that is rolled back."""
    with worker_database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()
