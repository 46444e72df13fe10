"""What most commands work with: an installation's database, in one role."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from idp.database import Database
from idp.installation import Installation
from idp.settings import Settings


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
