"""Letters are made from a file, codes are printed once, and nothing personal is an argument or an answer."""

import io
import json
import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp import cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.settings import Mode, Settings
from keys.key_store import KeyStore

PERSON = {"nik": "6471010101900001", "holder": "dukcapil", "birthdate": "1990-01-01", "name": "Sukarni Surat"}


@pytest.fixture(autouse=True)
def environment(
    log_put_back: None, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    KeyStore.open(tmp_path / "keys", create=True)
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("DATABASE_URL", postgres.url("gapura_web"))
    monkeypatch.setenv("GAPURA_INSTANCE", str(tmp_path))


class Shell:
    """The command as an operator's shell runs it."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = cli.main(["accounts", *arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def answer(self, *arguments: str, typed: str = "") -> Any:
        code, out, err = self.run(*arguments, "--json", typed=typed)
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_a_letter_is_made_found_and_shown(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "persons.json"
    file.write_text(json.dumps([PERSON, PERSON | {"nik": "6471010101900002"}]))
    first, second = shell.answer("letter", "--file", str(file))
    assert first["citizen_id"] != second["citizen_id"]
    assert len(first["code"]) == 14
    assert shell.answer("find", typed="6471 0101 0190 0001\n") == {"citizen_id": first["citizen_id"]}
    shown = shell.answer("show", first["citizen_id"])
    assert (shown["state"], shown["ial"], shown["password_since"], shown["signed_in"]) == ("pending", 0, None, 0)
    assert set(shown["proved"]) == {"nik"}
    assert "Sukarni" not in json.dumps(shown)
    for_people = shell.run("show", first["citizen_id"])[1]
    assert re.search(r"^proved: nik 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$", for_people, re.MULTILINE)
    inbox = (tmp_path / "inbox.jsonl").read_text()
    assert first["code"] in inbox


def test_the_file_may_come_from_standard_input(shell: Shell) -> None:
    (made,) = shell.answer("letter", "--file", "-", typed=json.dumps(PERSON | {"nik": "6471010101900003"}))
    assert made["expires_at"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "cannot be read as JSON"),
        ("[]", "must hold 1 to"),
        ('[{"nik": "6471010101900009"}]', "Person 1 must be an object"),
        (json.dumps([PERSON | {"nik": "647101010190"}]), "Person 1 has no readable NIK (nik_length)"),
        (json.dumps([PERSON | {"birthdate": "1-1-90"}]), "Person 1 has a birthdate that is no day"),
        (json.dumps([PERSON | {"holder": "Nobody!"}]), "Person 1 has a holder that is no agency's code"),
        (json.dumps([PERSON | {"name": "\ud800"}]), "Person 1 has a name that is no text"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_without_what_stood_there(
    shell: Shell, content: str, said: str
) -> None:
    code, out, err = shell.run("letter", "--file", "-", typed=content)
    assert (code, out) == (1, "")
    assert said in err
    assert "6471" not in err
    assert err.count("\n") == 1


def test_whoever_is_not_there_is_said_without_repeating_who(shell: Shell) -> None:
    assert shell.run("find", typed="nobody.here@example.id") == (1, "", "gapura: No account has this email.\n")
    code, _, err = shell.run("show", "0193a5b0-0000-7000-8000-000000000001")
    assert (code, "There is no account" in err) == (1, True)
    assert shell.run("find", typed="?")[0] == 1


def test_without_its_key_store_nothing_is_done(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAPURA_KEY_STORE", str(tmp_path / "elsewhere"))
    code, _, err = shell.run("find", typed="081234567890")
    assert (code, "key store" in err) == (1, True)


def test_an_account_is_frozen_resumed_and_closed(shell: Shell, tmp_path: Path) -> None:
    """(row 97)"""
    file = tmp_path / "persons.json"
    file.write_text(json.dumps(PERSON | {"nik": "6471010101900077"}))
    (made,) = shell.answer("letter", "--file", str(file))
    citizen_id = made["citizen_id"]
    code, _, said = shell.run("suspend", citizen_id)
    assert (code, "can become suspended" in said) == (1, True), "pending is not yet anybody's"
    assert shell.answer("close", citizen_id) == {"citizen_id": citizen_id, "state": "closed"}
    assert shell.answer("show", citizen_id)["state"] == "closed"
    assert shell.run("close", citizen_id)[0] == 1
    assert shell.run("resume", "00000000-0000-0000-0000-000000000000")[0] == 1


@pytest.mark.parametrize("act", ["suspend", "close"])
def test_in_production_nobody_ends_a_citizens_access_alone(
    shell: Shell, act: str, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """DESIGN §6.11"""
    gate: Any = SimpleNamespace(
        settings=Settings(Mode.PRODUCTION, "https://gapura.example", 8000, tmp_path, tmp_path), database=database
    )
    monkeypatch.setattr("idp.commands.accounts.opened_gate", lambda: nullcontext(gate))
    code, _, said = shell.run(act, "00000000-0000-0000-0000-000000000000")
    assert (code, "two people" in said) == (1, True)
