"""The command answers people and programs, with an exit code, and refuses in one sentence."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from idp import cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.settings import SETTINGS


@pytest.fixture(autouse=True)
def environment(log_put_back: None, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("DATABASE_URL", postgres.url("gapura_web"))
    monkeypatch.setenv("GAPURA_OWNER_DATABASE_URL", postgres.url("gapura_owner"))


def test_settings_lists_every_setting_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["settings"]) == 0
    shown = capsys.readouterr().out
    assert all(setting.name in shown and setting.reason in shown for setting in SETTINGS)
    assert cli.main(["settings", "--json"]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} == {setting.name for setting in SETTINGS}


def test_a_check_that_finds_something_is_exit_code_3_and_else_0(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["database", "check", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["missing"] == []
    assert code == (3 if any(found["orphans"].values()) else 0)  # other tests leave orphans in the shared database


def test_an_orphan_is_told_by_number_and_kind(capsys: pytest.CaptureFixture[str], database: Database) -> None:
    with database.writing() as db:
        db.execute(
            text(
                "INSERT INTO idp.sessions (citizen_id, session_id, secret_digest, started_at, authenticated_at,"
                " seen_at, expires_at, idle_seconds, aal, amr)"
                " VALUES (uuidv7(), uuidv7(), '', now(), now(), now(), now(), 60, 1, '{pwd}')"
            )
        )
    assert cli.main(["database", "check"]) == 3
    assert "sessions of an unknown account" in capsys.readouterr().out


def test_an_upgrade_with_nothing_to_do_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["database", "upgrade", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revisions"] == []


def test_a_bad_setting_is_exit_code_1_and_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAPURA_MODE", "prod")
    assert cli.main(["database", "check"]) == 1
    assert capsys.readouterr().err.startswith("gapura: GAPURA_MODE is 'prod'")


def test_a_database_of_another_mode_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAPURA_MODE", "sandbox")
    assert cli.main(["database", "check"]) == 1
    assert "of mode demo" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--help"], *([one, "--help"] for one in cli.SUBJECTS), ["database", "check", "--help"]],
    ids=" ".join,
)
def test_every_level_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 0
    assert "usage: gapura" in capsys.readouterr().out


def test_what_is_not_understood_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["database", "destroy"])
    assert end.value.code == 2


def test_bytes_that_are_no_text_are_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["clients", "show", b"\xff".decode(errors="surrogateescape")]) == 2
    assert capsys.readouterr().err == "gapura: The command is not written in UTF-8.\n"


@pytest.mark.parametrize(
    ("words", "never"),
    [
        pytest.param("['--help']", "sqlalchemy", id="help needs no database"),
        pytest.param("['settings']", "sqlalchemy", id="nor does the list of settings"),
        pytest.param("['clients', '--help']", "idp.commands.worker", id="one subject without another's module"),
    ],
)
def test_only_what_is_asked_for_is_imported(words: str, never: str) -> None:
    """All subjects together take a second at each command."""
    program = (
        f"import atexit, sys; from idp import cli; atexit.register(lambda: print({never!r} in sys.modules));"
        f"cli.main({words})"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "False"


def test_a_reader_that_has_enough_ends_no_command_in_an_error() -> None:
    command = [sys.executable, "-c", "from idp.cli import main; raise SystemExit(main(['settings']))"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before it has said anything
        assert process.stderr.read() == b""
    assert process.returncode == 0
