"""Programs that run as our children, started again when they die; later each time they die young."""

import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from idp.processes import start_child

YOUNG_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30
STOP_SECONDS = 15


class Child:
    """One program: how it is started, and how it has fared. `address` is where people find it, if they do."""

    def __init__(
        self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], address: str | None = None
    ) -> None:
        self.name = name
        self.address = address
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0  # monotonic seconds
        self._died_at: float | None = None
        self._young_deaths = 0

    def start(self) -> None:
        self._process = start_child(self._command, environment=self._environment)
        self._started_at, self._died_at = time.monotonic(), None

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process is not None else None

    def due(self) -> bool:
        """Whether it died and has been dead for long enough to be started again."""
        if self.exit_code() is None:
            return False
        now = time.monotonic()
        if self._died_at is None:
            self._died_at = now
            self._young_deaths = self._young_deaths + 1 if now - self._started_at < YOUNG_SECONDS else 0
        pause = min(LONGEST_PAUSE_SECONDS, 0.25 * (1 << min(self._young_deaths, 10)))
        return now - self._died_at >= pause

    def ask_to_stop(self) -> None:
        if self.exit_code() is None and self._process is not None:
            self._process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait for it until the deadline (monotonic seconds), then insist."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_all(children: Iterable[Child]) -> None:
    """Ask all at once, then wait for each: what is under way is finished, and nobody waits twice."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.stop(deadline)
