"""`python wsgi.py`: one command that makes an installation ready and runs all of it until told to stop.

Database, schema, key store and first keys; in demo and sandbox the country in miniature; then worker, web server and
demo agencies as children that die with us and see only their own environment. A child that dies is started again; a bad
start is one sentence with the mend. Nothing here serves or decides.
"""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from idp import log
from idp.embedded_postgres import EmbeddedPostgresError
from idp.errors import DatabaseAway
from idp.installation import Installation
from idp.processes import die_with_parent, start_child, written_out
from idp.schema import SchemaError
from idp.serving import ADDRESS
from idp.settings import SETTINGS, Mode, Settings, SettingsError
from keys.errors import KeyStoreError

ROOT = Path(__file__).parents[1]
STARTUP_SECONDS = 60
STOP_SECONDS = 15


class BadStart(Exception):
    """It cannot start as things are; the text is one sentence with the mend."""


@dataclass
class Child:
    """A program we keep running. `required`: without it there is no service, so its failing start ends us."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    folder: Path = ROOT
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)

    def start(self) -> None:
        self.process = start_child(self.command, environment=self.environment, folder=self.folder)
        self.started_at = time.monotonic()

    def dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self, deadline: float) -> None:
        """Ask, wait until the deadline (monotonic), insist."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
