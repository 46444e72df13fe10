"""What lies sealed in rows, table by table, and how rows come under another version of the master key.

Each table's writer lends one `AtRest`; idp/resealing lists them all. A batch is one transaction of the caller's:
it locks the rows it takes, passes over those that somebody else holds, and can be run again from anywhere, because
a row says by its first byte whether it is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from keys.derivation import Label
from keys.errors import CannotOpen
from keys.sealing import RestSealer


@dataclass(frozen=True)
class AtRest:
    """One sealed column, with the statements that its writer lends.

    `some`: (row's key, sealed) of rows after %(after)s in the key's order that do not begin with %(done)s, at most
    %(limit)s, locked, those locked by others left out. `write`: puts %(sealed)s into the row of %(key)s, if it is
    still there. `versions`: (first byte as a number, rows). `first` comes before every key; `context` of a key is
    what its row is sealed with.
    """

    label: Label
    table: str
    column: str
    first: Any
    context: Callable[[Any], bytes]
    some: str
    write: str
    versions: str


@dataclass(frozen=True)
class Batch:
    """`last`: the last key looked at, None at the end. `unopened`: rows that open under no key that is here."""

    last: Any
    resealed: int
    unopened: int


def reseal_some(db: Session, rest_sealer: RestSealer, kept: AtRest, after: Any, limit: int) -> Batch:
    """Seal the next rows anew. A row that does not open is left as it is and counted: the others need not wait."""
    given = {"after": after, "done": rest_sealer.first_byte, "limit": limit}
    rows = db.connection().exec_driver_sql(kept.some, given).all()
    anew = []
    for key, sealed in rows:
        try:
            anew.append({"key": key, "sealed": rest_sealer.reseal(kept.label, sealed, kept.context(key))})
        except CannotOpen:
            continue
    if anew:
        db.connection().exec_driver_sql(kept.write, anew)
    return Batch(rows[-1][0] if rows else None, len(anew), len(rows) - len(anew))


def count_versions(db: Session, kept: AtRest) -> dict[int, int]:
    """How many rows hang on each version of the master key."""
    rows = db.connection().exec_driver_sql(kept.versions).all()
    return {row[0]: row[1] for row in rows}
