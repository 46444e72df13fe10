"""One installation as a process finds it: its databases, given by address or embedded, and whether they fit.

Everything that runs (launcher, web, worker, commands) begins here, so a bad start is the same sentence everywhere.
"""

from datetime import datetime
from types import TracebackType

import psycopg

from idp import schema
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from idp.errors import DatabaseAway
from idp.schema import SchemaError
from idp.settings import Settings, SettingsError

# What a start or a command may be refused with: each one sentence for an operator.
BAD_STARTS = (SettingsError, EmbeddedPostgresError, SchemaError, DatabaseAway)


class Installation:
    """Entered before use: with no DATABASE_URL the embedded server is started, or attached to."""

    def __init__(self, settings: Settings, *, must_own: bool = False) -> None:
        self.settings = settings
        self._must_own = must_own
        self.embedded: EmbeddedPostgres | None = None

    def __enter__(self) -> "Installation":
        if self.settings.database_url is None:
            self.embedded = EmbeddedPostgres(self.settings.instance, self.settings.postgres_bin)
            self.embedded.start_or_attach(attach=not self._must_own)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.embedded is not None:
            self.embedded.stop()

    def revive(self) -> bool:
        """Start an embedded server that has died again; returns whether it had. Others are not ours to start."""
        if self.embedded is None or self.embedded.alive():
            return False
        self.embedded.stop()
        self.embedded.start_or_attach(attach=False)
        return True

    def url(self, role: str) -> str:
        """The address of the account that may become `role`."""
        if self.embedded is not None:
            return self.embedded.url(role)
        by_role = {
            "gapura_worker": self.settings.worker_database_url,
            "gapura_owner": self.settings.owner_database_url,
        }
        url = by_role.get(role) or self.settings.database_url
        if url is None:
            raise SchemaError(f"No address for {role}; set DATABASE_URL.")
        return url

    def database(self, role: str) -> Database:
        return Database(self.url(role), role)

    def upgrade(self) -> list[str]:
        """Bring the schema to this program's revision; returns the revisions gone through."""
        return schema.upgrade(self.url("gapura_owner"), self.settings.mode)

    def judge(self, role: str, clock: datetime) -> None:
        """Refuse a database that does not fit this program, this mode or this clock (UTC)."""
        try:
            with psycopg.connect(self.url(role), connect_timeout=5, autocommit=True) as connection:
                connection.execute(f"SET ROLE {role}")  # a name of ours, never a stranger's
                schema.judge(connection, self.settings.mode, clock)
        except psycopg.OperationalError as error:
            raise SchemaError(
                f"No connection to the database ({schema.first_line(error)}); see DATABASE_URL."
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise SchemaError(
                f"The database account may not become {role}; run gapura database upgrade, or make it a member."
            ) from error
