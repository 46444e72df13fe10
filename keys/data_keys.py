"""Keys that must die one by one, such as that of one batch of old password hashes. The only writer of `data_keys`.

A key is sealed under the master key until it is destroyed; what was sealed under it is then gone, in copies too.
The row stays, and says when.
"""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.at_rest import AtRest
from keys.derivation import KEY_BYTES, Label
from keys.errors import UnknownKey
from keys.models import DataKeyRow
from keys.sealing import RestSealer

_SOME = """
SELECT d.label, d.key_sealed FROM keys.data_keys AS d
 WHERE d.label > %(after)s AND substr(d.key_sealed, 1, 1) <> %(done)s
 ORDER BY d.label LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_WRITE = """
UPDATE keys.data_keys AS d SET key_sealed = %(sealed)s WHERE d.label = %(key)s AND d.key_sealed IS NOT NULL
"""
_VERSIONS = """
SELECT get_byte(d.key_sealed, 0), count(*) FROM keys.data_keys AS d WHERE d.key_sealed IS NOT NULL GROUP BY 1
"""


def make_data_key(db: Session, rest_sealer: RestSealer, label: str, now: datetime) -> int:
    """A new key under a label never used before (`data_keys_label`); returns its number."""
    row = DataKeyRow(
        label=label,
        key_sealed=rest_sealer.seal(Label.DATA_KEY, secrets.token_bytes(KEY_BYTES), _context(label)),
        created_at=now,
    )
    db.add(row)
    db.flush()
    return row.key_no


def get_data_key(db: Session, rest_sealer: RestSealer, key_no: int) -> bytes:
    """The 32 bytes, for `seal_with` and `open_with`; `UnknownKey` once it is destroyed."""
    row = db.get(DataKeyRow, key_no)
    if row is None or row.key_sealed is None:
        raise UnknownKey(f"data key {key_no} does not exist or was destroyed")
    return rest_sealer.open(Label.DATA_KEY, row.key_sealed, _context(row.label))


def destroy_data_key(db: Session, key_no: int, now: datetime) -> bool:
    """Destroy it for good; False if it was gone already."""
    row = db.scalar(select(DataKeyRow).where(DataKeyRow.key_no == key_no).with_for_update())
    if row is None or row.key_sealed is None:
        return False
    row.key_sealed, row.destroyed_at = None, now
    db.flush()
    return True


def _context(label: str) -> bytes:
    return b"keys.data_keys/" + label.encode()


AT_REST = AtRest(Label.DATA_KEY, "keys.data_keys", "key_sealed", "", _context, _SOME, _WRITE, _VERSIONS)
