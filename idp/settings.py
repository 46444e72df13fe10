"""What an installation is told from outside: read once from the environment, judged at once, then frozen.

`SETTINGS` is the one list of names, with unit, default and reason; `gapura settings` prints it. A bad value is one
clear line that names the variable and the mend. Secrets never come by environment, only as paths of files.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
LONGEST_SHOWN = 60
# As browsers and clients write it: they compare bytes. No path, for the doors stand at the root.
_ISSUER = re.compile(
    r"https?://(?P<host>(?P<name>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
    r"|[0-9.]+|\[[0-9a-f:]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting that cannot be used; the text is one sentence with the mend."""


class Mode(StrEnum):
    """What an installation is; written into its database by the first migration run and never changed."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    DEMO = "demo"


@dataclass(frozen=True)
class Setting:
    """One variable of the environment, as an operator reads of it."""

    name: str
    unit: str
    default: str
    reason: str


SETTINGS = (
    Setting(
        "GAPURA_MODE",
        "production | sandbox | demo",
        "production",
        "What this installation is. Never changes after the first migration.",
    ),
    Setting(
        "GAPURA_ISSUER",
        "URL",
        "http://127.0.0.1:PORT, none in production",
        "The issuer: the address citizens and agencies know us by.",
    ),
    Setting(
        "PORT",
        "TCP port",
        "8000",
        "Where the server listens, on loopback; demo agencies take the next four.",
    ),
    Setting(
        "GAPURA_PROXIES",
        "addresses or networks, a comma between",
        "none: whoever connects is who asks",
        "Reverse proxies that tell in X-Forwarded-For who asked them; nobody else is believed.",
    ),
    Setting(
        "GAPURA_INSTANCE",
        "folder",
        "instance",
        "Everything this installation keeps outside a database server.",
    ),
    Setting(
        "DATABASE_URL",
        "postgresql:// URL",
        "none: an embedded PostgreSQL",
        "The PostgreSQL of the web doors.",
    ),
    Setting(
        "GAPURA_WORKER_DATABASE_URL",
        "postgresql:// URL",
        "DATABASE_URL",
        "The worker's own account in the same database.",
    ),
    Setting(
        "GAPURA_OWNER_DATABASE_URL",
        "postgresql:// URL",
        "DATABASE_URL",
        "The account that runs migrations.",
    ),
    Setting(
        "GAPURA_LISTEN_URL",
        "postgresql:// URL",
        "DATABASE_URL",
        "A direct connection for LISTEN where DATABASE_URL is a pooler. Nothing listens yet: it is only checked.",
    ),
    Setting(
        "GAPURA_EMBEDDED",
        "accept",
        "none",
        "Accepts the embedded PostgreSQL in production.",
    ),
    Setting(
        "GAPURA_POSTGRES_BIN",
        "folder",
        "the wheel's",
        "Other PostgreSQL binaries for the embedded server, version 18.",
    ),
    Setting(
        "GAPURA_MASTER_KEY_FILE",
        "file",
        "made in the key store, not in production",
        "The master key; a file so that no environment shows it.",
    ),
    Setting(
        "GAPURA_KEY_STORE",
        "folder",
        "INSTANCE/keys",
        "Master, look-up and pepper keys, outside the database.",
    ),
    Setting(
        "GAPURA_METRICS_TOKEN_FILE",
        "file",
        "none: loopback only",
        "Bearer token that may read /metrics from elsewhere.",
    ),
    Setting(
        "GAPURA_MESSAGES_URL",
        "https URL",
        "none: codes and warnings reach nobody; demo and sandbox show them at /demo/inbox",
        "The gateway that takes e-mails and SMS as JSON; http only on loopback.",
    ),
    Setting(
        "GAPURA_MESSAGES_TOKEN_FILE",
        "file",
        "none",
        "Bearer token for the message gateway.",
    ),
    Setting(
        "GAPURA_WEB_PROCESSES",
        "processes",
        "1",
        "Web processes; one a core that the database leaves free.",
    ),
    Setting(
        "GAPURA_WEB_THREADS",
        "threads",
        "4",
        "Threads in a web process, all but one of which may sign in; each holds one database connection.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Paths are absolute; URLs are as given, without a trailing slash."""

    mode: Mode
    issuer: str
    port: int
    instance: Path
    key_store: Path
    database_url: str | None = None
    worker_database_url: str | None = None
    owner_database_url: str | None = None
    listen_url: str | None = None
    embedded_accepted: bool = False
    postgres_bin: Path | None = None
    master_key_file: Path | None = None
    metrics_token_file: Path | None = None
    messages_url: str | None = None
    messages_token_file: Path | None = None
    proxies: tuple[Network, ...] = ()
    web_processes: int = 1
    web_threads: int = 4

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read and judge the environment. Raises SettingsError with one line."""
        values = {name: value for name, value in environ.items() if value}
        mode = _mode(values)
        port = _number(values, "PORT", 8000, 1, 65_000)
        instance = _path(values, "GAPURA_INSTANCE") or Path("instance").absolute()
        database_url = _database_url(values, "DATABASE_URL")
        settings = cls(
            mode=mode,
            issuer=_issuer(values, mode, port),
            port=port,
            instance=instance,
            key_store=_path(values, "GAPURA_KEY_STORE") or instance / "keys",
            database_url=database_url,
            worker_database_url=_database_url(values, "GAPURA_WORKER_DATABASE_URL") or database_url,
            owner_database_url=_database_url(values, "GAPURA_OWNER_DATABASE_URL") or database_url,
            listen_url=_database_url(values, "GAPURA_LISTEN_URL") or database_url,
            embedded_accepted=_choice(values, "GAPURA_EMBEDDED", ("accept",)) == "accept",
            postgres_bin=_path(values, "GAPURA_POSTGRES_BIN"),
            master_key_file=_path(values, "GAPURA_MASTER_KEY_FILE"),
            metrics_token_file=_path(values, "GAPURA_METRICS_TOKEN_FILE"),
            messages_url=_messages_url(values),
            messages_token_file=_path(values, "GAPURA_MESSAGES_TOKEN_FILE"),
            proxies=_networks(values, "GAPURA_PROXIES"),
            web_processes=_number(values, "GAPURA_WEB_PROCESSES", 1, 1, 256),
            web_threads=_number(values, "GAPURA_WEB_THREADS", 4, 1, 256),
        )
        _refuse_in_production(settings)
        return settings

    @property
    def open_states(self) -> list[str]:
        """The client states that may do anything here: no sandbox client in production (DESIGN §6.10)."""
        return ["live"] if self.mode is Mode.PRODUCTION else ["sandbox", "live"]


def unknown_settings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Names that look like settings and are none: misspelt, or of another version. Nothing reads them."""
    known = {one.name for one in SETTINGS}
    return sorted(name for name in environ if name.startswith("GAPURA_") and name not in known)


def _shown(value: str) -> str:
    """What stood there, on one line and not all of it where it is long."""
    return repr(value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…")


def _mode(values: Mapping[str, str]) -> Mode:
    value = _choice(values, "GAPURA_MODE", tuple(Mode))
    return Mode(value) if value else Mode.PRODUCTION


def _choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = values.get(name)
    if value is not None and value not in allowed:
        raise SettingsError(f"{name} is {_shown(value)}; write one of: {', '.join(allowed)}.")
    return value


def _number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = values.get(name, str(default))
    if not (re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most):
        raise SettingsError(f"{name} is {_shown(value)}; write a whole number from {least} to {most}.")
    return int(value)


def _path(values: Mapping[str, str], name: str) -> Path | None:
    if name not in values:
        return None
    wrong = SettingsError(f"{name} is {_shown(values[name])}; write the path of a folder or file in full.")
    if not values[name].isprintable():  # it will stand in sentences that are one line
        raise wrong
    try:
        return Path(values[name]).expanduser().absolute()
    except RuntimeError:  # ~ of an account that this machine does not know
        raise wrong from None


def _networks(values: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """Addresses, or networks with all their other bits zero: `10.0.0.1/8` was meant otherwise than it reads. Who
    names everybody would believe any stranger.
    """
    words = [one.strip() for one in values.get(name, "").split(",")] if name in values else []
    try:
        networks = tuple(ipaddress.ip_network(one) for one in words)
    except ValueError:
        networks = None
    if networks is None or not all(one.prefixlen for one in networks):
        raise SettingsError(
            f"{name} is {_shown(values[name])}; write addresses or networks such as 127.0.0.1, 10.0.0.0/8."
        )
    return networks


def _database_url(values: Mapping[str, str], name: str) -> str | None:
    """A URL as libpq reads it. Its text is never repeated in the error: it may hold a password."""
    value = values.get(name)
    if value is None:
        return None
    scheme, separator, rest = value.partition("://")
    if separator == "" or scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SettingsError(f"{name} is not a PostgreSQL address; write postgresql://account@host/database.")
    url = f"postgresql://{rest}"
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text may repeat a password
        raise SettingsError(f"{name} cannot be read; write postgresql://account@host/database.") from None
    return url


def _issuer(values: Mapping[str, str], mode: Mode, port: int) -> str:
    issuer = values.get("GAPURA_ISSUER")
    if issuer is None:
        if mode is Mode.PRODUCTION:
            raise SettingsError(
                "GAPURA_ISSUER is missing; in production write the https address of this installation."
            )
        return f"http://127.0.0.1:{port}"
    if "@" in issuer:  # what stands before it may be a password, so it is not repeated
        raise SettingsError("GAPURA_ISSUER has a name or a password in it; write https://host.")
    found = _ISSUER.fullmatch(issuer)
    if found is None or not _exists(found):
        raise SettingsError(
            f"GAPURA_ISSUER is {_shown(issuer)}; "
            "write https://host in small letters, no path, query, fragment or final slash."
        )
    loopback = mode is not Mode.PRODUCTION and found["host"] in LOOPBACK
    if not issuer.startswith("https:") and not loopback:
        raise SettingsError(
            f"GAPURA_ISSUER is {_shown(issuer)}; write an https address (http: loopback, not in production)."
        )
    return issuer


def _exists(found: re.Match[str]) -> bool:
    """Of what has the form of a host and a port: whether there can be such."""
    if int(found["port"] or 443) > 65_535 or found["port"] == "443" or len(found["host"]) > 253:
        return False
    try:
        return bool(found["name"] or ipaddress.ip_address(found["host"].strip("[]")))
    except ValueError:
        return False


def _messages_url(values: Mapping[str, str]) -> str | None:
    """What it carries is personal, so only loopback may go without TLS."""
    url = values.get("GAPURA_MESSAGES_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        near = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        fits = parts.port != 0 and url.isascii() and url.isprintable() and " " not in url and "#" not in url
    except ValueError:
        raise SettingsError("GAPURA_MESSAGES_URL cannot be read; write https://host/path.") from None
    if not fits or not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or near):
        raise SettingsError(
            "GAPURA_MESSAGES_URL must be an https address without a name and password in it (http: loopback)."
        )
    return url


def _refuse_in_production(settings: Settings) -> None:
    """What production may not do (DESIGN §7); the database's mode is judged where it is read."""
    if settings.mode is not Mode.PRODUCTION:
        return
    if settings.database_url is None and not settings.embedded_accepted:
        raise SettingsError("DATABASE_URL is missing; name a PostgreSQL server, or set GAPURA_EMBEDDED=accept.")
    if settings.master_key_file is None:
        raise SettingsError("GAPURA_MASTER_KEY_FILE is missing; production does not start on a generated key.")
