"""May I, as a person sees it: consent given in a browser, an application's server asks the data provider while
nobody is there, the citizen's page shows who looked; after a withdrawal the next answer is a denial with its
reason, and that stands on the page too.

Seen to fail: with the example answering without asking, and with a decision remembered.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from idp.processes import written_out
from tests import local_http
from tests.asking import withdraw
from tests.running import ROOT, Running
from tests.sample_client import Browser, sign_in

CLINIC, PURPOSE = "antrean-puskesmas", "clinic-queue/1"
PROGRAM = ROOT / "examples" / "agency_flask" / "ask_registry.py"
HOLDER = "Kantor Catatan Sipil Nusantara"


def registry(running: Running) -> str:
    return f"http://127.0.0.1:{(urlsplit(running.issuer).port or 0) + 4}"


def asked_at_night(running: Running, nik: str, *attributes: str, purpose: str = PURPOSE) -> tuple[int, Any]:
    """The clinic's own program, as its cron runs it: exit code and what it printed."""
    environment = written_out(os.environ) | {
        "AGENCY_ISSUER": running.issuer, "AGENCY_CLIENT_ID": CLINIC,
        "AGENCY_CLIENT_SECRET_FILE": str(running.instance / "agencies" / CLINIC / "secret"),
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, PROGRAM, registry(running), purpose, *attributes],
        env=environment, input=f"{nik}\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert answer.stderr == ""
    return answer.returncode, json.loads(answer.stdout)


def rows_of(browser: Browser) -> list[str]:
    """The rows of who looked that name the registry, newest first."""
    return [row for row in browser.get("/disclosures").html.split("<tr>") if HOLDER in row]


def test_permitted_looked_withdrawn_denied_and_the_citizen_sees_all_of_it(running: Running) -> None:
    """(C039, C047, row 52)"""
    citizen, browser = running.citizen(3), running.browser()
    sign_in(browser, running.client(CLINIC), citizen, scope="openid profile", attributes=["birthdate"])
    code, said = asked_at_night(running, citizen["nik"], "name", "birthdate")
    assert (code, said) == (0, {"name": citizen["name"], "birthdate": said["birthdate"]})

    (permitted,) = rows_of(browser)
    assert "Ikut melihat, sebagai pemegang data:" in permitted
    for shown in ("Antrean Puskesmas", "Nama", "Tanggal lahir", "izin Anda"):
        assert shown.lower() in permitted.lower()
    assert "Tidak diberikan" not in permitted

    consent = re.search(r"/consents/([0-9a-f-]{36})", permitted)
    assert consent is not None, "a row leads to what it rests on"
    withdraw(browser, consent[1])
    assert asked_at_night(running, citizen["nik"], "name", "birthdate") == (
        1, {"error": "not_allowed", "reason": "withdrawn"},
    )  # fmt: skip

    denied, before = rows_of(browser)
    assert before.partition("</td>")[2] == permitted.partition("</td>")[2], "what was seen stays in the list"
    assert "Ditanyakan oleh pemegang data:" in denied
    assert '<span class="tag care">Tidak diberikan</span> izin sudah dicabut' in denied
    english = Browser(running.issuer, {"Accept-Language": "en"})
    english.cookies = dict(browser.cookies)
    newest = english.get("/disclosures").html.split("<tr>")[2]  # after the heads
    assert "Asked by the holder of the data:" in newest
    assert "the permission was withdrawn" in newest


def test_what_the_citizen_did_not_allow_stays_in_the_register(running: Running) -> None:
    """The whole answer is a no: an application that asks for more than it has gets nothing by the way."""
    citizen, browser = running.citizen(4), running.browser()
    sign_in(browser, running.client(CLINIC), citizen, scope="openid profile", attributes=[])
    assert asked_at_night(running, citizen["nik"], "name")[0] == 0
    assert asked_at_night(running, citizen["nik"], "name", "village") == (
        1, {"error": "not_allowed", "reason": "not_in_consent"},
    )  # fmt: skip
    assert (
        asked_at_night(running, citizen["nik"], "name", purpose="tax-return/1")[1]["reason"] == "agreement_missing"
    )


def test_whom_nobody_asked_and_whom_nobody_knows_are_told_alike(running: Running) -> None:
    unknown = asked_at_night(running, "3273010101010101", "name")
    assert unknown == (1, {"error": "not_allowed", "reason": "not_asked_yet"})


def test_a_citizens_token_opens_no_record(running: Running) -> None:
    """It is theirs, for what they see themselves; here an application speaks for itself."""
    tokens = sign_in(running.browser(), running.client(CLINIC), running.citizen(5), scope="openid profile")
    for shown in (tokens.access_token, "nothing"):
        answer = local_http.post(
            f"{registry(running)}/records", headers={"Authorization": f"Bearer {shown}"},
            json={"nik": running.citizen(5)["nik"], "purpose": PURPOSE, "attributes": ["name"]},
        )  # fmt: skip
        assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"nik":"1"}'])
def test_a_question_that_is_none_is_told_so(running: Running, body: bytes) -> None:
    answer = local_http.post(
        f"{registry(running)}/records", content=body,
        headers={"Authorization": "Bearer x", "Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 400
