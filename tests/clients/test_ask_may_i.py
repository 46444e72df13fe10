"""docs/how-to/ask-may-i.md, followed literally: its files written, its commands run by a shell, with what each of
them printed put in the place of the words in capitals.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from consent.decision import Reason
from idp.gate import Gate
from idp.processes import written_out
from tests.asking import withdraw
from tests.chromium import missing
from tests.clients.programs import wait_until_known
from tests.people import a_person
from tests.running import ROOT, Running
from tests.sample_client import sign_in

PAGE = (ROOT / "docs" / "how-to" / "ask-may-i.md").read_text()
BLOCKS = [block.strip("\n") for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", PAGE, re.MULTILINE)]


NEVER_SAID = {"used_up", "citizen_unknown", "obligation_unsupported"}  # yet


class Reader:
    """Who follows the page, in a folder of their own. `said`: what stands for the words in capitals."""

    def __init__(self, running: Running, folder: Path) -> None:
        port = urlsplit(running.issuer).port or 0
        self.running, self.folder, self.said = running, folder, dict[str, str]()
        self._ours = {
            "http://127.0.0.1:8000": running.issuer, "http://127.0.0.1:8004": f"http://127.0.0.1:{port + 4}",
            "instance/": f"{running.instance}/", ".venv/bin/python": sys.executable,
            "examples/": f"{ROOT}/examples/",
        }  # fmt: skip

    def block(self, number: int) -> str:
        text = "\n".join(line.removeprefix("    ") for line in BLOCKS[number].splitlines())
        for words, meant in self._ours.items():
            text = text.replace(words, meant)
        for word, meant in self.said.items():
            text = re.sub(rf"\b{word}\b", meant, text)
        return text

    def write(self, name: str, number: int) -> None:
        (self.folder / name).write_text(self.block(number))

    def run(self, number: int, line: int | None = None) -> subprocess.CompletedProcess[str]:
        environment = written_out(os.environ) | {
            "GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(self.running.instance),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        script = self.block(number) if line is None else self.block(number).splitlines()[line]
        return subprocess.run(
            ["/bin/sh", "-c", script], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60
        )


@pytest.fixture
def reader(running: Running, tmp_path: Path) -> Reader:
    if subprocess.run(["/bin/sh", "-c", "command -v curl"], capture_output=True).returncode:
        missing("curl is not installed: the how-to is not followed")
    return Reader(running, tmp_path)


def test_the_how_to_is_followed(reader: Reader, running: Running, gate: Gate) -> None:
    """(C039)"""
    registration, commands, token, question, ask, night = range(len(BLOCKS))
    reader.write("provider.json", registration)
    added = reader.run(commands, line=0)
    assert added.returncode == 0, added.stderr
    reader.said |= dict(re.findall(r"(client_id|client_secret)\W+([\w-]+)", added.stdout))
    reader.said = {name.upper(): value for name, value in reader.said.items()}
    assert reader.run(commands, line=1).returncode == 0
    wait_until_known(running, reader.said["CLIENT_ID"])

    reader.said["TOKEN"] = json.loads(reader.run(token).stdout)["access_token"]
    person, browser = a_person(gate), running.browser()
    sign_in(browser, running.client(), person.as_told(), scope="openid profile", attributes=["birthdate"])
    reader.said["SUB"] = gate.sub(person.citizen_id, gate.registry.get().by_id[reader.said["CLIENT_ID"]])
    reader.write("question.json", question)
    answers = [json.loads(reader.run(ask).stdout) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["decision"], answers[0]["context"]["attributes"]) == (True, ["name", "birthdate"])
    explained = set(re.findall(r"`(\w+)`", PAGE))
    assert set(answers[0]["context"]) <= explained
    assert {reason.value for reason in Reason} - NEVER_SAID <= explained

    at_the_demo(reader, night)


def at_the_demo(reader: Reader, night: int) -> None:
    """As the citizen and as the clinic's night job."""
    running = reader.running
    citizen, browser = running.citizen(7), running.browser()
    sign_in(browser, running.client(), citizen, scope="openid profile", attributes=[])
    reader.said["NIK"] = citizen["nik"]
    permitted = reader.run(night)
    assert (permitted.returncode, json.loads(permitted.stdout)) == (0, {"name": citizen["name"]}), permitted.stderr
    looked = browser.get("/disclosures").html
    assert "Kantor Catatan Sipil Nusantara" in looked
    withdraw(browser, consent_of(running, looked))
    denied = reader.run(night)
    assert (denied.returncode, json.loads(denied.stdout)["reason"]) == (1, "withdrawn")


def consent_of(running: Running, page: str) -> Any:
    """That the newest row of who looked leads to."""
    found = re.search(r"/consents/([0-9a-f-]{36})", page)
    assert found is not None
    return found[1]
