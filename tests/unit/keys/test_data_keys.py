"""Keys that die alone: sealed until then, and gone for good."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from keys.data_keys import destroy_data_key, get_data_key, make_data_key
from keys.errors import UnknownKey
from keys.models import DataKeyRow
from keys.sealing import RestSealer

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_data_key_lies_sealed_and_opens_again(worker_db: Session, rest_sealer: RestSealer) -> None:
    key_no = make_data_key(worker_db, rest_sealer, "legacy-batch/117", NOW)
    key = get_data_key(worker_db, rest_sealer, key_no)
    sealed = worker_db.get_one(DataKeyRow, key_no).key_sealed
    assert len(key) == 32
    assert sealed is not None
    assert key not in sealed


def test_a_destroyed_data_key_is_gone(worker_db: Session, rest_sealer: RestSealer) -> None:
    key_no = make_data_key(worker_db, rest_sealer, "legacy-batch/117", NOW)
    assert destroy_data_key(worker_db, key_no, NOW)
    assert not destroy_data_key(worker_db, key_no, NOW)
    assert worker_db.get_one(DataKeyRow, key_no).destroyed_at == NOW
    with pytest.raises(UnknownKey):
        get_data_key(worker_db, rest_sealer, key_no)


def test_a_label_is_used_once(worker_db: Session, rest_sealer: RestSealer) -> None:
    make_data_key(worker_db, rest_sealer, "legacy-batch/117", NOW)
    with pytest.raises(IntegrityError, match="data_keys_label"), worker_db.begin_nested():
        make_data_key(worker_db, rest_sealer, "legacy-batch/117", NOW)


def test_a_key_that_was_never_made_is_unknown(worker_db: Session, rest_sealer: RestSealer) -> None:
    with pytest.raises(UnknownKey):
        get_data_key(worker_db, rest_sealer, 2_000_000_000)
    assert not destroy_data_key(worker_db, 2_000_000_000, NOW)
