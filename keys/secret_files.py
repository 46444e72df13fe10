"""Files of 32 secret bytes that only their owner may read: read strictly, written whole and down to the disk."""

import os
import stat
import tempfile
from pathlib import Path

from keys.errors import KeyStoreError

SECRET_BYTES = 32


def read(path: Path) -> bytes:
    """The 32 bytes, or `KeyStoreError`: missing, not a file, of another length, or open to others."""
    try:
        refuse_open_to_others(path, "600")
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


def refuse_open_to_others(path: Path, wanted: str) -> None:
    """`KeyStoreError` if group or others have any right on it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyStoreError(
            f"{path} is open to others (mode {mode:o}): chmod {wanted} it, and ask who has read it."
        )


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, mode 0600."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put(path: Path, content: bytes, *, replace: bool) -> None:
    """Put a whole file beside others that are in use: who reads meanwhile sees all of it or nothing.

    `replace`: in place of what is there; without it, what is there is a `FileExistsError`.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as aside:
        fresh = Path(aside, path.name)
        write_new(fresh, content)
        if replace:
            os.replace(fresh, path)
        else:
            os.link(fresh, path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The folder's names are on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
