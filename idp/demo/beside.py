"""The demo agencies that run beside the server, as commands: PORT+1 Flask, +2 an unchanged program, +3 employees,
+4 a data provider.

Each gets a written-out environment and reads its secret from a file of its own; whoever starts them (the launcher)
also ends them.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from idp.demo.services import APPLICATIONS, Application, known_secret
from idp.processes import written_out
from idp.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "examples"
REGISTER = "register.json"
APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Beside:
    """One program to start: its address for people, and how."""

    name: str
    url: str
    command: list[str]
    environment: dict[str, str]


@dataclass(frozen=True)
class NotHere:
    """Why one is not started, as one sentence for the terminal."""

    sentence: str


def agencies(settings: Settings) -> list[Beside | NotHere]:
    """What to start. Writes their secrets, each readable by us alone."""
    by_offset = {one.port_offset: one for one in APPLICATIONS if one.port_offset is not None}
    return [
        _flask(by_offset[1], "agency_flask", settings),
        _unchanged(by_offset[2], settings),
        _flask(by_offset[3], "employees", settings),
        _flask(by_offset[4], "data_provider", settings, "residence"),
    ]


def _flask(application: Application, example: str, settings: Settings, path: str = "") -> Beside:
    port = settings.port + (application.port_offset or 0)
    folder = folder_of(application.client_id, settings)
    secret = folder / "secret"
    _write(secret, known_secret(application.client_id))
    environment = written_out(os.environ) | {
        "AGENCY_ISSUER": settings.issuer,
        "AGENCY_CLIENT_ID": application.client_id,
        "AGENCY_CLIENT_SECRET_FILE": str(secret),
        "AGENCY_NAME": application.name["id"],
        "AGENCY_SCOPE": application.scope,
        "STAFF_FILE": str(folder / "staff.json"),
        "REGISTER_FILE": str(folder / REGISTER),
    }
    command = [sys.executable, str(EXAMPLES / example / "app.py"), str(port)]
    return Beside(application.name["id"], f"http://127.0.0.1:{port}/{path}", command, environment)


def find_apache() -> str | None:
    """Its program, where it and mod_auth_openidc are installed."""
    has_module = (APACHE_MODULES / "mod_auth_openidc.so").exists()
    return shutil.which("apache2", path="/usr/sbin:/usr/bin:/usr/local/sbin") if has_module else None


def _unchanged(application: Application, settings: Settings) -> Beside | NotHere:
    port = settings.port + (application.port_offset or 0)
    apache = find_apache()
    if apache is None:
        return NotHere(
            f"The unchanged program at port {port} is left out: it needs Apache with mod_auth_openidc"
            " (Debian: apt-get install apache2 libapache2-mod-auth-openidc)."
        )
    folder = folder_of(application.client_id, settings)
    environment = written_out(os.environ) | {
        "FOLDER": str(folder),
        "MODULES": str(APACHE_MODULES),
        "PROGRAM": str(EXAMPLES / "unchanged" / "program.py"),
        "REFUSED_PAGE": str(EXAMPLES / "unchanged" / "refused.html"),
        "LISTEN_PORT": str(port),
        "ISSUER": settings.issuer,
        "CLIENT_ID": application.client_id,
        "CLIENT_SECRET": known_secret(application.client_id),
        "SCOPE": application.scope,
    }
    command = [apache, "-D", "FOREGROUND", "-f", str(EXAMPLES / "unchanged" / "apache.conf")]
    return Beside(application.name["id"], f"http://127.0.0.1:{port}/", command, environment)


def folder_of(client_id: str, settings: Settings) -> Path:
    """Where an application beside the server keeps what is its own."""
    folder = settings.instance / "agencies" / client_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
