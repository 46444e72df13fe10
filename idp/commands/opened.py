"""What most commands work with: an installation's database, in one role."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from idp.commands.answer import CommandError
from idp.database import Database
from idp.installation import Installation
from idp.settings import Settings
from keys.errors import KeyStoreError
from keys.key_store import KeyStore


@contextmanager
def opened(role: str) -> Iterator[tuple[Settings, Database]]:
    """Settings and a database that fits, in one role, for the time of a command."""
    settings = Settings.from_env()
    with Installation(settings) as installation:
        installation.judge(role, datetime.now(UTC))
        database = installation.database(role)
        try:
            yield settings, database
        finally:
            database.close()


def opened_store(settings: Settings) -> KeyStore:
    """The installation's key store, or a refusal that names the mend."""
    try:
        return KeyStore.open(settings.key_store, master_key_file=settings.master_key_file)
    except KeyStoreError as error:
        raise CommandError(str(error)) from error
