"""The key store: a folder of files outside the database that hold what opens it.

`master` seals and derives, `lookup` keys the digests by which a citizen is found, `pepper` strengthens old
passwords. Each is 32 random bytes in a file that only its owner may read. A `master-2` and so on beside them seal
rows in its place once they were made and chosen (keys/master_keys). The folder is made whole or not at all, only
when asked for, and never completed: a store in which one file is missing beside a database that needs it must be
restored, not replaced.
"""

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keys import master_keys, secret_files
from keys.derivation import Label, derive
from keys.errors import KeyStoreError
from keys.sealing import RestSealer
from keys.secret_files import SECRET_BYTES

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
    later: Mapping[int, bytes] = field(default_factory=dict, repr=False)  # versions after the first, by number
    sealing: int = master_keys.FIRST  # the version under which rows are sealed

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell this master key from another, and nothing of it."""
        return fingerprint(self.master)

    @property
    def masters(self) -> Mapping[int, bytes]:
        """Every version of the master key that is here. For rows only: all else is derived from `master`."""
        return {master_keys.FIRST: self.master, **self.later}

    def rest_sealer(self) -> RestSealer:
        """The one place where it is made, so that no process seals under a version that others do not expect."""
        return RestSealer(self.masters[self.sealing], self.sealing, others=self.masters)

    @classmethod
    def open(cls, folder: Path, *, master_key_file: Path | None = None, create: bool = False) -> "KeyStore":
        """Read the store; `create` it if there is none. `master_key_file` is read in place of its `master`."""
        if create and not _has_entries(folder):
            if master_key_file is not None:
                secret_files.read(master_key_file)  # a wrong path must not leave half a store behind
            _make(folder, with_master=master_key_file is None)
        if not _has_entries(folder):
            raise KeyStoreError(f"There is no key store at {folder}: restore it from a copy.")
        secret_files.refuse_open_to_others(folder, "700")
        master = secret_files.read(master_key_file or folder / MASTER)
        later = master_keys.read_later(folder)
        return cls(
            folder,
            master,
            secret_files.read(folder / LOOKUP),
            secret_files.read(folder / PEPPER),
            _was_generated(folder, master),
            later,
            master_keys.read_sealing(folder, {master_keys.FIRST, *later}),
        )


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
            secret_files.write_new(fresh / name, secrets.token_bytes(SECRET_BYTES))
        if with_master:
            master = secrets.token_bytes(SECRET_BYTES)
            secret_files.write_new(fresh / MASTER, master)
            secret_files.write_new(fresh / GENERATED, fingerprint(master).encode())
        secret_files.sync_folder(fresh)
        os.rename(fresh, folder)  # refused if another process was first: then theirs is the store
        secret_files.sync_folder(folder.parent)
    except OSError as error:
        if not _has_entries(folder):
            raise KeyStoreError(f"No key store can be made at {folder}: {error.strerror}.") from error
    else:
        logger.warning("Made a new key store in %s. The database cannot be read without it: keep a copy.", folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _was_generated(folder: Path, master: bytes) -> bool:
    try:
        return (folder / GENERATED).read_text() == fingerprint(master)
    except FileNotFoundError:
        return False
