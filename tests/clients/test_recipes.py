"""Each how-to shows the very file that the tests run."""

import textwrap
from pathlib import Path

import pytest

from tests.clients.programs import HERE
from tests.running import ROOT

HOW_TO = ROOT / "docs" / "how-to"
LOGIN, SERVICE = "# ---- the login ----\n", "# ---- the service ----\n"
MOST_LINES = 15

RECIPES = [
    ("connect-openid-client.md", HERE / "openid_client" / "login.mjs"),
    ("connect-express-openid-connect.md", HERE / "express_openid_connect" / "login.mjs"),
    ("connect-authjs.md", HERE / "authjs" / "login.mjs"),
    ("connect-passport-openidconnect.md", HERE / "passport_openidconnect" / "login.mjs"),
    ("connect-oidc-client-ts.md", HERE / "oidc_client_ts" / "login.js"),
    ("connect-authlib-flask.md", ROOT / "examples" / "agency_flask" / "app.py"),
    ("connect-authlib-flask.md", ROOT / "examples" / "agency_flask" / "logout_tokens.py"),
    ("connect-mozilla-django-oidc.md", HERE / "mozilla_django_oidc" / "gapura.py"),
    ("connect-mozilla-django-oidc.md", HERE / "mozilla_django_oidc" / "by_sub.py"),
    ("connect-django-allauth.md", HERE / "django_allauth" / "gapura.py"),
    ("connect-social-auth-app-django.md", HERE / "social_auth_app_django" / "gapura.py"),
    ("connect-roundcube-and-dovecot.md", HERE / "roundcube" / "gapura.inc.php"),
    ("connect-roundcube-and-dovecot.md", HERE / "roundcube" / "dovecot.conf"),
    ("connect-roundcube-and-dovecot.md", HERE / "roundcube" / "dovecot-oauth2.conf.ext"),
    ("put-an-unchanged-application-behind-the-gate.md", ROOT / "examples" / "unchanged" / "apache.conf"),
]
CONFIGURATION = (
    "passport_openidconnect/login.mjs",
    "oidc_client_ts/login.js",
    "gapura.py",
    "gapura.inc.php",
    ".conf",
)


def recipe(file: Path) -> str:
    """The whole file, or what stands between its two marks."""
    return file.read_text().rpartition(LOGIN)[2].partition(SERVICE)[0].strip("\n")


@pytest.mark.parametrize(("page", "file"), RECIPES, ids=[f"{page} {file.name}" for page, file in RECIPES])
def test_a_how_to_shows_the_file_that_is_run(page: str, file: Path) -> None:
    assert textwrap.indent(recipe(file), "    ") + "\n" in (HOW_TO / page).read_text()


@pytest.mark.parametrize(
    "file",
    [file for _, file in RECIPES if str(file).endswith(CONFIGURATION)],
    ids=lambda file: f"{file.parent.name} {file.name}",
)
def test_a_configuration_is_short(file: Path) -> None:
    lines = [line for line in recipe(file).splitlines() if line and not line.startswith(("#", "import "))]
    assert len(lines) <= MOST_LINES


def test_every_how_to_that_connects_something_is_run() -> None:
    assert {page.name for page in HOW_TO.glob("connect-*.md")} <= {page for page, _ in RECIPES}
