"""Everything that lies sealed under the master key, in one list, and the walk that brings it under another.

What is sealed under a citizen's key (profiles, code apps' secrets, devices) is not here: that key is, and what it
sealed opens as before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idp.accounts import profile
from idp.database import Database
from idp.signals import deliveries
from keys import data_keys, keyring
from keys.at_rest import AtRest, count_versions, reseal_some
from keys.sealing import RestSealer

AT_REST: tuple[AtRest, ...] = (keyring.AT_REST, data_keys.AT_REST, profile.AT_REST, deliveries.AT_REST)
ROWS = 500  # a transaction: some milliseconds in which a row is locked
_PATIENTLY = "SET LOCAL statement_timeout = 0"  # a country's keys are read through; only what is found is locked


@dataclass
class Walked:
    """One table, walked to its end. `left` rows hang on another version still: held by somebody, or unopened."""

    table: str
    resealed: int = 0
    unopened: int = 0
    left: int = 0


def walk(database: Database, rest_sealer: RestSealer, rows: int = ROWS) -> Iterator[Walked]:
    """Each table in turn. Interrupted, it has done what it has done; run again, it goes on with the rest."""
    for kept in AT_REST:
        walked, after = Walked(kept.table), kept.first
        while after is not None:
            with database.writing() as db:
                db.connection().exec_driver_sql(_PATIENTLY)
                batch = reseal_some(db, rest_sealer, kept, after, rows)
            walked.resealed += batch.resealed
            walked.unopened += batch.unopened
            after = batch.last
        with database.reading() as db:
            db.connection().exec_driver_sql(_PATIENTLY)
            versions = count_versions(db, kept)
        walked.left = sum(count for version, count in versions.items() if version != rest_sealer.version)
        yield walked
