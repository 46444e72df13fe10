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
from tests.sample_client import Browser, Page, consent, log_in

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
    assert found[1] in logins(webmail)
    return found[1]


def logins(webmail: Program) -> list[str]:
    """Whose mailbox Dovecot opened for a token, in order."""
    return re.findall(r"Login: user=<(\w+)>, method=XOAUTH2", webmail.log.with_name("mail.log").read_text())


def enter(running: Running, webmail: Program, browser: Browser) -> Page:
    page = browser.get(f"{webmail.home}/index.php/login/oauth")
    if page.has_form("identifier", "password"):
        page = log_in(browser, page, running.citizen(SUPARNO))
    return consent(browser, page) if page.has_form("decision") else page


def test_a_citizen_reads_mail_and_again_without_typing(running: Running, webmail: Program) -> None:
    browser = running.browser(webmail.home)
    owner = mailbox(enter(running, webmail, browser), webmail)
    forget(browser)
    assert mailbox(browser.get(f"{webmail.home}/index.php/login/oauth"), webmail) == owner


def test_a_withdrawal_closes_the_mailbox_that_is_open(running: Running, webmail: Program) -> None:
    browser = running.browser(webmail.home)
    mail = enter(running, webmail, browser)
    mailbox(mail, webmail)
    sql = """
        SELECT consents.consent_id FROM consent.consents
        JOIN idp.clients USING (client_no) WHERE clients.client_id = %(client_id)s"""
    ((consent_id,),) = running.rows(sql, client_id=webmail.client_id)
    page = browser.get(f"/consents/{consent_id}/withdraw")
    form = next(form for form in page.forms if any(button[2] == "withdraw-confirm" for button in form.buttons))
    browser.submit(page, form, press="withdraw-confirm")
    opened = logins(webmail)
    browser.get(mail.url)
    assert logins(webmail) == opened, "the mail server asks Gapura each time, and was told no"
    assert browser.get(f"{webmail.home}/index.php/login/oauth").has_form("decision"), "it asks anew"
