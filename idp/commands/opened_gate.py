"""What a command works with that does what a door does: a web process's parts.

Apart from `opened`, because to import them takes as long as the rest of a command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from idp.commands.answer import CommandError
from idp.gate import Gate
from idp.installation import Installation
from idp.settings import Settings
from keys.errors import KeyStoreError


@contextmanager
def opened_gate() -> Iterator[Gate]:
    """A web process's parts, for a command that does what a door does."""
    settings = Settings.from_env()
    with Installation(settings) as installation:
        installation.judge("gapura_web", datetime.now(UTC))
        try:
            gate = Gate.build(settings, installation.url("gapura_web"))
        except KeyStoreError as refusal:
            raise CommandError(str(refusal)) from refusal
        try:
            yield gate
        finally:
            gate.database.close()
