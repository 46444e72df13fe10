"""What hostile tests need beside the running server: its parts in this process, and both shells around them."""

from collections.abc import Iterator

import pytest

from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.settings import Settings
from tests.running import Running


@pytest.fixture(scope="session")
def gate(running: Running) -> Iterator[Gate]:
    """The parts of one more web process of the running server."""
    environ = {
        "GAPURA_MODE": "demo",
        "GAPURA_INSTANCE": str(running.instance),
        "PORT": running.issuer.rpartition(":")[2],
    }
    gate = Gate.build(Settings.from_env(environ), EmbeddedPostgres(running.instance).url("gapura_web"))
    gate.watch.start()
    yield gate
    gate.watch.stop()
    gate.database.close()
