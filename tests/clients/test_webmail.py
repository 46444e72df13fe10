"""Roundcube before Dovecot: a webmail that signs a citizen in, a mail server that takes the webmail's token."""

import grp
import os
import pwd
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from string import Template

import pytest

from tests.chromium import missing
from tests.clients.programs import HERE, NOBODY, Program, forget, listens, register, started
from tests.running import Running, free_port
from tests.sample_client import Page, consent, log_in

SUPARNO = 2
ROUNDCUBE = Path("/var/lib/roundcube")
DEFAULTS = Path("/etc/roundcube/defaults.inc.php")
SCHEMA = Path("/usr/share/roundcube/SQL/sqlite.initial.sql")
FILES = HERE / "roundcube"
REFRESHES = {"grant_types": ["authorization_code", "refresh_token"]}


@pytest.fixture(scope="module")
def webmail(running: Running) -> Iterator[Program]:
    php, dovecot = shutil.which("php"), shutil.which("dovecot", path="/usr/sbin:/usr/bin")
    if php is None or dovecot is None or not SCHEMA.exists():
        missing("Roundcube, Dovecot or PHP is not installed: the webmail is not tried")
    account = NOBODY if os.getuid() == 0 else (os.getuid(), os.getgid())
    with tempfile.TemporaryDirectory(prefix="gapura-webmail-") as folder:
        where, port = Path(folder), free_port()
        home = f"http://127.0.0.1:{port}"
        told = register(running, home, "/index.php/login/oauth", "classic", REFRESHES) | {
            "FOLDER": folder,
            "IMAP_PORT": str(port + 1),
            "ROUNDCUBE_CONFIG_DIR": folder,
            "ACCOUNT": pwd.getpwuid(account[0]).pw_name,
            "GROUP": grp.getgrgid(account[1]).gr_name,
        }
        _furnish(where, told)
        for path in (where, *where.iterdir()):
            os.chown(path, *account)
        owner = account if os.getuid() == 0 else None
        mail = [dovecot, "-F", "-c", where / "dovecot.conf"]
        pages = [php, "-d", "opcache.enable=0", "-S", f"127.0.0.1:{port}", "-t", ROUNDCUBE / "public_html"]
        imap = {"HOME_URL": f"imap://127.0.0.1:{port + 1}"}
        with (
            started(pages, told, where, where, account=owner) as program,
            started(mail, told | imap, where, where, account=owner, is_up=listens),
        ):
            yield program


def _furnish(where: Path, told: dict[str, str]) -> None:
    """Configuration, filled in where the program cannot read its environment, and an empty database."""
    shutil.copy(DEFAULTS, where)
    for name in ("config.inc.php", "gapura.inc.php"):
        shutil.copy(FILES / name, where)
    for name in ("dovecot.conf", "dovecot-oauth2.conf.ext"):
        (where / name).write_text(Template((FILES / name).read_text()).substitute(told))
    (where / "mail").mkdir()
    with closing(sqlite3.connect(where / "roundcube.db")) as database:
        database.executescript(SCHEMA.read_text())


def mailbox(page: Page, webmail: Program) -> str:
    """Whose it is, as Roundcube shows it and as Dovecot opened it for the token."""
    assert "_task=mail" in page.url, (page.url, page.status, page.html[-3000:], webmail.said())
    found = re.search(r'class="header-title username">(a[a-z2-7]{26})@', page.html)
    assert found is not None, page.html[:3000]
    said = webmail.log.with_name("mail.log").read_text()
    assert f"Login: user=<{found[1]}>, method=XOAUTH2" in said, said
    return found[1]


def test_a_citizen_reads_mail_and_again_without_typing(running: Running, webmail: Program) -> None:
    browser = running.browser(webmail.home)
    start = f"{webmail.home}/index.php/login/oauth"
    page = log_in(browser, browser.get(start), running.citizen(SUPARNO))
    owner = mailbox(consent(browser, page) if page.has_form("decision") else page, webmail)
    forget(browser)
    assert mailbox(browser.get(start), webmail) == owner
