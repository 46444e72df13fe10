"""The key store: a folder of files outside the database that hold what opens it.

`master` seals and derives, `lookup` keys the digests by which a citizen is found, `pepper` strengthens old
passwords. Each is 32 random bytes in a file that only its owner may read. The folder is made whole or not at all,
only when asked for, and never completed: a store in which one file is missing beside a database that needs it must
be restored, not replaced.
"""

import logging
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from keys.derivation import Label, derive
from keys.errors import KeyStoreError

SECRET_BYTES = 32
MASTER, LOOKUP, PEPPER = "master", "lookup", "pepper"
GENERATED = "generated"  # holds the fingerprint of a master key that Gapura made; production refuses to run on it

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeyStore:
    """The secrets of one installation, read once at start."""

    folder: Path
    master: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    generated: bool  # the master key was made by us, not brought by an operator

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell this master key from another, and nothing of it."""
        return fingerprint(self.master)

    @classmethod
    def open(cls, folder: Path, *, master_key_file: Path | None = None, create: bool = False) -> "KeyStore":
        """Read the store; `create` it if there is none. `master_key_file` is read in place of its `master`."""
        if create and not _has_entries(folder):
            _make(folder, with_master=master_key_file is None)
        if not _has_entries(folder):
            raise KeyStoreError(f"There is no key store at {folder}: restore it from a copy.")
        _refuse_open_to_others(folder, "700")
        master = _read(master_key_file or folder / MASTER)
        return cls(folder, master, _read(folder / LOOKUP), _read(folder / PEPPER), _was_generated(folder, master))


def fingerprint(master: bytes) -> str:
    """See `KeyStore.fingerprint`."""
    return derive(master, Label.MASTER_FINGERPRINT)[:8].hex()


def _has_entries(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise KeyStoreError(f"The key store {folder} cannot be read: {error.strerror}.") from error


def _make(folder: Path, *, with_master: bool) -> None:
    """Write all files into a folder beside it, then rename: processes that start at once agree on one store."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    except OSError as error:
        raise KeyStoreError(f"No key store can be made at {folder}: {error.strerror}.") from error
    try:
        for name in (LOOKUP, PEPPER):
            _write(fresh / name, secrets.token_bytes(SECRET_BYTES))
        if with_master:
            master = secrets.token_bytes(SECRET_BYTES)
            _write(fresh / MASTER, master)
            _write(fresh / GENERATED, fingerprint(master).encode())
        _sync_folder(fresh)
        os.rename(fresh, folder)  # refused if another process was first: then theirs is the store
        _sync_folder(folder.parent)
    except OSError as error:
        if not _has_entries(folder):
            raise KeyStoreError(f"No key store can be made at {folder}: {error.strerror}.") from error
    else:
        logger.warning("Made a new key store in %s. The database cannot be read without it: keep a copy.", folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        _refuse_open_to_others(path, "600")
        if not path.is_file():
            raise KeyStoreError(f"The key file {path} is not a file.")
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES + 1)
    except FileNotFoundError:
        raise KeyStoreError(f"The key file {path} is missing: restore it, a new one opens nothing.") from None
    except OSError as error:
        raise KeyStoreError(f"The key file {path} cannot be read: {error.strerror}.") from error
    if len(content) != SECRET_BYTES:
        raise KeyStoreError(f"The key file {path} must hold exactly {SECRET_BYTES} bytes, without a line end.")
    return content


def _refuse_open_to_others(path: Path, wanted: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyStoreError(
            f"{path} is open to others (mode {mode:o}): chmod {wanted} it, and ask who has read it."
        )


def _was_generated(folder: Path, master: bytes) -> bool:
    try:
        return (folder / GENERATED).read_text() == fingerprint(master)
    except FileNotFoundError:
        return False
