"""Versions of the master key: made first, used later; whatever is not as it must be is refused with its mend."""

from pathlib import Path

import pytest

from keys import master_keys
from keys.derivation import Label
from keys.errors import CannotOpen, KeyStoreError, MasterKeyMissing
from keys.key_store import KeyStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return KeyStore.open(tmp_path / "keys", create=True).folder


def made(folder: Path) -> KeyStore:
    master_keys.make_next(folder, KeyStore.open(folder).masters)
    return KeyStore.open(folder)


def used(folder: Path, version: int) -> KeyStore:
    master_keys.use(folder, KeyStore.open(folder).masters, version)
    return KeyStore.open(folder)


def sealed_by(store: KeyStore) -> bytes:
    return store.rest_sealer().seal(Label.CITIZEN_KEY, b"secret", b"row 1")


def opened_by(store: KeyStore, sealed: bytes) -> bytes:
    return store.rest_sealer().open(Label.CITIZEN_KEY, sealed, b"row 1")


def test_the_next_version_is_made_and_seals_nothing_yet(folder: Path) -> None:
    before = KeyStore.open(folder)
    store = made(folder)
    assert sorted(store.masters) == [1, 2]
    assert len(set(store.masters.values())) == 2
    assert sealed_by(store)[0] == 1
    assert (folder / "master-2").stat().st_mode & 0o777 == 0o600
    assert (store.master, store.fingerprint, store.generated) == (before.master, before.fingerprint, True)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_the_chosen_version_seals_and_the_others_open(folder: Path) -> None:
    of_before = sealed_by(KeyStore.open(folder))
    knows_both = made(folder)
    store = used(folder, 2)
    assert sealed_by(store)[0] == 2
    assert opened_by(store, of_before) == b"secret"
    assert opened_by(knows_both, sealed_by(store)) == b"secret"
    assert sorted(made(folder).masters) == [1, 2, 3]
    assert sealed_by(used(folder, 1))[0] == 1


def test_who_knows_only_the_first_is_told_what_to_bring(folder: Path) -> None:
    alone = KeyStore.open(folder)
    made(folder)
    with pytest.raises(MasterKeyMissing, match=r"version 2 .* knows 1: copy the file master-2 .* restart") as told:
        opened_by(alone, sealed_by(used(folder, 2)))
    assert isinstance(told.value, CannotOpen)


def test_a_version_that_is_not_here_cannot_be_chosen(folder: Path) -> None:
    with pytest.raises(KeyStoreError, match=r"no version 2 .*; here: 1"):
        used(folder, 2)


@pytest.mark.parametrize("written", ["3", "0", "", "two", "-1", "²", "2 2"])
def test_a_choice_of_what_is_not_here_is_refused(folder: Path, written: str) -> None:
    made(folder)
    (folder / "sealing").write_text(written)
    with pytest.raises(KeyStoreError, match=r"sealing names version .* here are 1, 2: copy the whole key store"):
        KeyStore.open(folder)


def test_a_later_version_is_read_as_strictly_as_the_first(folder: Path) -> None:
    made(folder)
    (folder / "master-2").chmod(0o640)
    with pytest.raises(KeyStoreError, match="open to others"):
        KeyStore.open(folder)
    (folder / "master-2").chmod(0o600)
    (folder / "master-2").write_bytes(b"x" * 31)
    with pytest.raises(KeyStoreError, match="exactly 32 bytes"):
        KeyStore.open(folder)


def test_a_version_made_meanwhile_is_never_replaced(folder: Path) -> None:
    known = KeyStore.open(folder).masters
    store = made(folder)
    with pytest.raises(KeyStoreError, match="No master key can be written"):
        master_keys.make_next(folder, known)
    assert KeyStore.open(folder) == store


def test_after_version_255_there_is_none(folder: Path) -> None:
    with pytest.raises(KeyStoreError, match="after version 255"):
        master_keys.make_next(folder, {1, 255})


def test_no_secret_shows_when_it_is_printed(folder: Path) -> None:
    store = made(folder)
    assert repr(store.masters[2]) not in repr(store)
