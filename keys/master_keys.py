"""The master key's versions: which are here, which one seals, how the next is made.

`master` is version 1; it stays for good, because subjects, day keys and the fingerprint are derived from it alone.
`master-2`, `master-3`, … seal rows and nothing else. Which version seals stands in the file `sealing`; without it,
version 1. A version is made first and used later, when every process has read it: none meets a row that it cannot
open.
"""

import re
import secrets
from collections.abc import Collection
from pathlib import Path

from keys import secret_files
from keys.errors import KeyStoreError

FIRST, LAST = 1, 255  # the version is one byte of what is sealed
SEALING = "sealing"
_LATER = re.compile(r"master-([2-9]|[1-9][0-9]{1,2})")


def read_later(folder: Path) -> dict[int, bytes]:
    """Every `master-N` that is here, by N."""
    names = (_LATER.fullmatch(path.name) for path in folder.iterdir())
    versions = sorted(int(name[1]) for name in names if name)
    return {version: secret_files.read(path_of(folder, version)) for version in versions if version <= LAST}


def read_sealing(folder: Path, known: Collection[int]) -> int:
    """The version that seals, which must be among the `known`."""
    path = folder / SEALING
    try:
        written = path.read_text().strip()
    except FileNotFoundError:
        return FIRST
    except (OSError, ValueError) as error:
        raise KeyStoreError(f"{path} cannot be read: it must hold the number of a master key.") from error
    version = int(written) if re.fullmatch("[0-9]{1,3}", written) else None
    if version is None or version not in known:
        raise KeyStoreError(
            f"{path} names version {written[:9]!r} of the master key, and here are {listed(known)}: "
            "copy the whole key store from the machine that made it."
        )
    return version


def make_next(folder: Path, known: Collection[int]) -> int:
    """Write the version after all that are known; it seals nothing yet. Gives its number."""
    version = max(known) + 1
    if version > LAST:
        raise KeyStoreError(f"There can be no master key after version {LAST}.")
    try:
        secret_files.put(path_of(folder, version), secrets.token_bytes(secret_files.SECRET_BYTES), replace=False)
    except OSError as error:
        raise KeyStoreError(f"No master key can be written to {folder}: {error.strerror}.") from error
    return version


def use(folder: Path, known: Collection[int], version: int) -> None:
    """From its next start on, every process that reads this folder seals under this version."""
    if version not in known:
        raise KeyStoreError(f"There is no version {version} of the master key in {folder}; here: {listed(known)}.")
    try:
        secret_files.put(folder / SEALING, f"{version}\n".encode(), replace=True)
    except OSError as error:
        raise KeyStoreError(f"{folder / SEALING} cannot be written: {error.strerror}.") from error


def path_of(folder: Path, version: int) -> Path:
    """The file of a version after the first."""
    return folder / f"master-{version}"


def listed(versions: Collection[int]) -> str:
    """For a sentence: `1, 2`."""
    return ", ".join(str(version) for version in sorted(versions))
