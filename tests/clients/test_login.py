"""Applications that nobody here wrote sign a citizen in, again without typing, and out, at a Gapura in its default
demo.

The citizen is Suparno: one word for a name and no e-mail address, which is what breaks popular libraries.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import missing
from tests.clients.programs import HERE, NOBODY, Program, forget, node_modules, python_of, register, started
from tests.running import ROOT, Running, free_port
from tests.sample_client import Browser, Page, consent, log_in

SUPARNO = 2
EXAMPLES = ROOT / "examples"
MODULES = Path("/usr/lib/apache2/modules")
Told = dict[str, str]  # ISSUER, HOME_URL, CLIENT_ID, CLIENT_SECRET


@dataclass(frozen=True)
class Start:
    """One command line, what it needs beside `Told`, and the account it runs as where we are root."""

    command: list[str | Path]
    environment: dict[str, str]
    account: tuple[int, int] | None = None


def node(client: str, _told: Told, _where: Path) -> Start:
    node_modules()
    return Start(["node", f"{client}/application.mjs"], {"NODE_ENV": "production"})


def django(client: str, told: Told, where: Path) -> Start:
    environment = {
        "FOLDER": str(where),
        "PYTHONPATH": f"{HERE / client}:{HERE}",
        "DJANGO_SETTINGS_MODULE": "settings",
    }
    return Start([python_of(client), "serve_django.py", port_of(told)], environment)


def authlib(_client: str, told: Told, where: Path) -> Start:
    secret = where / "secret"
    secret.write_text(told["CLIENT_SECRET"])
    environment = {
        "AGENCY_ISSUER": told["ISSUER"],
        "AGENCY_CLIENT_ID": told["CLIENT_ID"],
        "AGENCY_CLIENT_SECRET_FILE": str(secret),
        "AGENCY_SCOPE": "openid profile",
    }
    return Start([sys.executable, EXAMPLES / "agency_flask" / "app.py", port_of(told)], environment)


def apache(_client: str, told: Told, where: Path) -> Start:
    """Not as root, and from a copy: another account may not be able to read ours."""
    server = shutil.which("apache2", path="/usr/sbin:/usr/bin")
    if server is None or not (MODULES / "mod_auth_openidc.so").exists():
        missing("Apache with mod_auth_openidc is not installed: the unchanged program is not tried")
    account = NOBODY if os.getuid() == 0 else None
    for name in ("apache.conf", "program.py", "refused.html"):
        shutil.copy(EXAMPLES / "unchanged" / name, where)
    if account is not None:
        os.chown(where, *account)
    environment = {
        "FOLDER": str(where),
        "MODULES": str(MODULES),
        "PROGRAM": str(where / "program.py"),
        "REFUSED_PAGE": str(where / "refused.html"),
        "LISTEN_PORT": port_of(told),
        "SCOPE": "openid profile",
    }
    return Start([server, "-D", "FOREGROUND", "-f", where / "apache.conf"], environment, account)


def port_of(told: Told) -> str:
    return told["HOME_URL"].rpartition(":")[2]


@dataclass(frozen=True)
class Application:
    """How one is registered, started and entered. `leave` is where it signs out; None where it cannot."""

    name: str
    start: Callable[[str, Told, Path], Start]
    callback: str
    profile: str = "standard"
    enter: str = "/login"
    leave: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def social_auth(alg: str) -> Application:
    """Told by its one setting which algorithm it was registered with."""

    def start(client: str, told: Told, where: Path) -> Start:
        started = django(client, told, where)
        return replace(started, environment=started.environment | {"ALG": alg})

    more = {"id_token_signed_response_alg": alg}
    return Application(
        "social_auth_app_django", start, "/complete/oidc/", profile="classic", enter="/start", more=more
    )


APPLICATIONS = [
    Application(
        "openid_client", node, "/callback", leave="/logout", more={"id_token_signed_response_alg": "ES256"}
    ),
    Application("authlib", authlib, "/callback", leave="/logout", more={"id_token_signed_response_alg": "EdDSA"}),
    Application("express_openid_connect", node, "/callback", leave="/logout"),
    Application("authjs", node, "/auth/callback/gapura", enter="/auth/signin", more={"id_token_claims": "scope"}),
    Application("passport_openidconnect", node, "/callback", profile="classic"),
    Application(
        "mozilla_django_oidc", django, "/oidc/callback/", enter="/oidc/authenticate/", leave="/oidc/logout/"
    ),
    Application(
        "django_allauth", django, "/accounts/oidc/gapura/login/callback/", enter="/accounts/oidc/gapura/login/"
    ),
    social_auth("ES256"),
    social_auth("EdDSA"),
    Application("mod_auth_openidc", apache, "/oidc/callback", enter="/", leave="/oidc/callback?logout=%2F"),
]


@pytest.fixture(
    params=APPLICATIONS, ids=lambda one: "-".join([one.name, *map(str, one.more.values())]), scope="module"
)
def application(request: pytest.FixtureRequest) -> Application:
    found: Application = request.param
    return found


@pytest.fixture(scope="module")
def program(running: Running, application: Application) -> Iterator[Program]:
    with tempfile.TemporaryDirectory(prefix="gapura-client-") as folder:
        where = Path(folder)
        home = f"http://127.0.0.1:{free_port()}"
        told = register(running, home, application.callback, application.profile, application.more)
        start = application.start(application.name, told, where)
        with started(start.command, told | start.environment, HERE, where, account=start.account) as program:
            yield program


def received(page: Page) -> dict[str, str]:
    return dict(re.findall(r'data-claim="(\w+)"[^>]*>([^<]*)<', page.html))


def start_at(browser: Browser, address: str) -> Page:
    """Where an application sends the citizen to Gapura; some have them press a button first."""
    page = browser.get(address)
    for guard in ("csrfToken", "csrfmiddlewaretoken"):
        if page.url == address and page.has_form(guard):
            return browser.submit(page, page.form(guard))
    return page


def enter(browser: Browser, running: Running, program: Program, start: str) -> dict[str, str]:
    """Through whichever pages of Gapura's come, to what the application shows that it got."""
    page = start_at(browser, program.home + start)
    if page.has_form("identifier", "password"):
        page = log_in(browser, page, running.citizen(SUPARNO))
    if page.has_form("decision"):
        page = consent(browser, page)
    assert page.url.rstrip("/") == program.home, (
        page.url,
        page.status,
        page.errors,
        page.html[-1000:],
        program.said(),
    )
    return received(page)


def test_a_citizen_signs_in_then_again_without_typing_and_out(
    running: Running, application: Application, program: Program
) -> None:
    browser = running.browser(program.home)
    first = enter(browser, running, program, application.enter)
    assert re.fullmatch(r"a[a-z2-7]{26}", first["sub"])
    assert first["name"] == "Suparno"

    forget(browser)
    page = start_at(browser, program.home + application.enter)
    assert page.url.rstrip("/") == program.home, "nobody had to type"
    assert received(page)["sub"] == first["sub"]

    if application.leave is not None:
        sign_out(browser, page, program.home + application.leave)
        assert "sub" not in received(browser.get(program.home))
        assert start_at(browser, program.home + application.enter).has_form("identifier", "password")


def sign_out(browser: Browser, page: Page, leave: str) -> Page:
    """By the form that the application shows, or else by its address."""
    forms = [form for form in page.forms if form.action and leave.endswith(form.action)]
    return browser.submit(page, forms[0]) if forms else browser.get(leave)
