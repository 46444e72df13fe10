"""granian under our rules, run as a child: `python -m idp.serving`. It serves `wsgi:app` on loopback, brings back
a worker that died, and ends with its parent (as each of its workers does with it, see `wsgi.py`).
"""

import sys

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from idp import log
from idp.settings import Settings

ADDRESS = "127.0.0.1"
LONGEST_HEAD = (8 + 16) * 1024  # the query and the headers of a request (protocol.md §5); 431 beyond
LOG = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"log": {"class": "idp.log.StandardLibrary"}},
    "root": {"handlers": ["log"], "level": "WARNING"},
    "loggers": {"_granian": {}},
}


def main() -> int:
    """Serve until told to stop: TERM and INT finish what is under way, HUP replaces the workers one by one."""
    log.configure()
    settings = Settings.from_env()
    Server(
        target="wsgi:app",
        address=ADDRESS,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_processes,
        blocking_threads=settings.web_threads,
        backlog=1024,
        backpressure=8 * settings.web_threads,  # further ones wait in the backlog, where they cost no memory
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=10_000, keep_alive=True, max_buffer_size=LONGEST_HEAD, pipeline_flush=False
        ),
        websockets=False,
        log_dictconfig=LOG,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
