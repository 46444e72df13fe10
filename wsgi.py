"""The WSGI entry. Imported: `app`, by the environment's settings. Run: everything (see idp/launcher)."""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from idp import launcher, log, token_files
from idp.installation import Installation
from idp.processes import die_with_parent
from idp.settings import Settings


def application() -> Callable[..., Iterable[bytes]]:
    """One web process: it ends with the server that made it, and refuses a database that does not fit."""
    from idp.app import create_app

    die_with_parent(signal.SIGKILL, os.getppid())
    log.configure()
    settings = Settings.from_env()
    token_files.refuse_unusable(settings)
    installation = Installation(settings)
    installation.__enter__()  # left with the process: an embedded server of ours dies with us
    installation.judge("gapura_web", datetime.now(UTC))
    return create_app(settings, installation.url("gapura_web"))


if __name__ == "__main__":
    sys.exit(launcher.main(sys.argv[1:]))

app = application()
