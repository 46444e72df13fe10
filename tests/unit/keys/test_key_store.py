"""The key store: made on request, whole; refused with one sentence whenever it is not as it must be."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keys.errors import KeyStoreError
from keys.key_store import KeyStore, fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance" / "keys"


def test_it_is_made_on_request_and_says_where(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = KeyStore.open(folder, create=True)
    assert {len(store.master), len(store.lookup), len(store.pepper)} == {32}
    assert len({store.master, store.lookup, store.pepper}) == 3
    assert str(folder) in caplog.text
    assert store.generated
    assert KeyStore.open(folder) == store


def test_only_its_owner_may_read_it(folder: Path) -> None:
    KeyStore.open(folder, create=True)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_without_request_none_is_made(folder: Path) -> None:
    with pytest.raises(KeyStoreError, match="no key store"):
        KeyStore.open(folder)
    assert not folder.exists()


def test_a_store_that_is_there_is_never_replaced(folder: Path) -> None:
    store = KeyStore.open(folder, create=True)
    assert KeyStore.open(folder, create=True) == store


def test_a_master_key_that_is_not_there_leaves_no_half_a_store(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match="nowhere is missing"):
        KeyStore.open(folder, master_key_file=tmp_path / "nowhere", create=True)
    assert KeyStore.open(folder, create=True).generated


def test_a_store_that_lost_a_file_is_not_completed(folder: Path) -> None:
    KeyStore.open(folder, create=True)
    (folder / "pepper").unlink()
    with pytest.raises(KeyStoreError, match="pepper is missing"):
        KeyStore.open(folder, create=True)
    assert not (folder / "pepper").exists()


def _shorten(path: Path) -> None:
    path.write_bytes(b"x" * 31)


def _lengthen(path: Path) -> None:
    path.write_bytes(b"x" * 32 + b"\n")


def _open_to_group(path: Path) -> None:
    path.chmod(0o640)


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(_shorten, "exactly 32 bytes", id="too short"),
        pytest.param(_lengthen, "exactly 32 bytes", id="a line end"),
        pytest.param(_open_to_group, "open to others", id="readable by the group"),
        pytest.param(_replace_by_folder, "not a file", id="a folder"),
    ],
)
@pytest.mark.parametrize("name", ["master", "lookup", "pepper"])
def test_a_spoiled_file_is_refused_in_one_sentence(
    folder: Path, name: str, spoil: Callable[[Path], None], told: str
) -> None:
    KeyStore.open(folder, create=True)
    spoil(folder / name)
    with pytest.raises(KeyStoreError, match=told) as refusal:
        KeyStore.open(folder)
    assert str(folder / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_folder_that_others_may_enter_is_refused(folder: Path) -> None:
    KeyStore.open(folder, create=True)
    folder.chmod(0o755)
    with pytest.raises(KeyStoreError, match="open to others"):
        KeyStore.open(folder)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(KeyStoreError, match="cannot be read"):
        KeyStore.open(tmp_path / "keys", create=True)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyStoreError):
        KeyStore.open(tmp_path / "file" / "keys", create=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_what_this_account_may_not_read_is_refused_in_one_sentence(folder: Path) -> None:
    KeyStore.open(folder, create=True)
    script = (
        "import os, sys, pathlib\n"
        "from keys.errors import KeyStoreError\n"
        "from keys.key_store import KeyStore\n"
        "os.setuid(65534)\n"
        "try: KeyStore.open(pathlib.Path(sys.argv[1]), create=True)\n"
        "except KeyStoreError as error: print(error)\n"
    )
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=root, capture_output=True, text=True, check=True
    )
    assert "cannot be" in told.stdout
    assert told.stdout.count("\n") == 1


def test_processes_that_start_at_once_agree_on_one_store(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: KeyStore.open(folder, create=True), range(8)))
    assert len({store.master for store in stores}) == 1
    assert [path.name for path in folder.parent.iterdir()] == ["keys"]


def test_the_master_key_may_come_by_a_file_of_its_own(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "master"
    file.write_bytes(b"m" * 32)
    file.chmod(0o400)
    store = KeyStore.open(folder, master_key_file=file, create=True)
    assert store.master == b"m" * 32
    assert not store.generated
    assert not (folder / "master").exists()


def test_a_generated_master_key_that_was_replaced_counts_as_brought(folder: Path) -> None:
    KeyStore.open(folder, create=True)
    (folder / "master").write_bytes(b"m" * 32)
    assert not KeyStore.open(folder).generated


def test_the_fingerprint_tells_one_master_key_from_another(folder: Path) -> None:
    store = KeyStore.open(folder, create=True)
    assert store.fingerprint == fingerprint(store.master) != fingerprint(bytes(32))
    assert len(store.fingerprint) == 16


def test_no_secret_shows_when_a_store_is_printed(folder: Path) -> None:
    store = KeyStore.open(folder, create=True)
    for secret in (store.master, store.lookup, store.pepper):
        assert repr(secret) not in repr(store)
        assert secret.hex() not in repr(store)
