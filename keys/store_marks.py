"""Whether the key store at hand is the one that this database was filled with. The only writer of `store_marks`.

A wrong master key opens nothing, and is noticed. A wrong look-up key would find no citizen and give each a second
account, a wrong pepper would refuse every password, and neither would say why; so a mark of both is kept beside
what they keyed.
"""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from keys.derivation import Label, derive
from keys.errors import KeyStoreError
from keys.key_store import LOOKUP, PEPPER, KeyStore
from keys.models import StoreMarkRow

MARK_BYTES = 8


def keep(db: Session, store: KeyStore) -> None:
    """At the first start, keep the marks; those that are there stay."""
    for name, mark in _marks(store).items():
        db.execute(insert(StoreMarkRow).values(name=name, mark=mark).on_conflict_do_nothing())


def refuse_another(db: Session, store: KeyStore) -> None:
    """`KeyStoreError` if a secret of this store is not the one that is marked."""
    marks = _marks(store)
    for row in db.execute(select(StoreMarkRow.name, StoreMarkRow.mark).order_by(StoreMarkRow.name)):
        if marks[row.name] != row.mark:
            raise KeyStoreError(
                f"The key file {store.folder / row.name} is not the one this database was filled with; "
                "restore that one from a copy."
            )


def _marks(store: KeyStore) -> dict[str, bytes]:
    return {
        LOOKUP: derive(store.lookup, Label.STORE_MARK, LOOKUP)[:MARK_BYTES],
        PEPPER: derive(store.pepper, Label.STORE_MARK, PEPPER)[:MARK_BYTES],
    }
