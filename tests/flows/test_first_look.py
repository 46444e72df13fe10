"""Who allows an application for the first time is told of both: the permission, and the first look."""

import time
from datetime import UTC, datetime

from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from keys.key_store import KeyStore
from keys.sealing import RestSealer
from tests.builders import PASSWORD, a_citizen
from tests.running import Running
from tests.sample_client import sign_in

LOOK = "Dinas Kesehatan Kota Sukamaju melihat data Anda untuk pertama kali."


def newcomer(running: Running) -> dict[str, str]:
    """Somebody at whom no agency has looked."""
    store = KeyStore.open(running.instance / "keys")
    vault, hashing = Vault(RestSealer(store.master), store.lookup), PasswordHashing(store.pepper)
    database = Database(EmbeddedPostgres(running.instance).url("gapura_web"), "gapura_web")
    with database.writing() as db:
        made = a_citizen(db, vault, hashing=hashing, now=datetime.now(UTC))
    database.close()
    return {"nik": made.nik.normal, "password": PASSWORD}


def test_an_agencys_first_look_is_told_soon_after_it_and_once(running: Running) -> None:
    browser, client, citizen = running.browser(), running.client(), newcomer(running)
    tokens = sign_in(browser, client, citizen, scope="openid profile")
    assert client.userinfo(tokens.access_token).status_code == 200
    ends = time.monotonic() + 60
    while LOOK not in (page := browser.get("/notifications")).html:
        assert time.monotonic() < ends, page.html[-3000:]
        time.sleep(0.5)
    assert "Anda memberi izin kepada Antrean Puskesmas." in page.html
    again = client.visit("openid profile")
    tokens = client.exchange(again, browser.get(again.url))
    assert client.userinfo(tokens.access_token).status_code == 200
    time.sleep(1)
    assert browser.get("/notifications").html.count(LOOK) == page.html.count(LOOK)
