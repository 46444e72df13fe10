"""Registering agencies and applications by command, from nothing to a secret shown once."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from consent import attributes, purposes
from idp import cli
from idp.clients import registry
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.signals import delivery
from idp.signals.withdrawal_clock import Answer
from keys import handles

_serial = count(1)
METADATA: dict[str, Any] = {
    "profile": "standard",
    "client_name": "Antrean",
    "redirect_uris": ["http://localhost:3000/cb"],
    "scope": "openid profile",
    "sign_in_agreement": {
        "purpose": "clinic-queue",
        "required": ["name"],
        "optional": ["email"],
        "law": [],
        "retention_days": 365,
        "if_refused": "Loket tetap melayani Anda.",
    },
}
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def environment(
    log_put_back: None, postgres: EmbeddedPostgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("DATABASE_URL", postgres.url("gapura_web"))
    monkeypatch.setenv("GAPURA_OWNER_DATABASE_URL", postgres.url("gapura_owner"))
    with database.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command's answer as a program reads it."""

    def command(*words: str) -> Any:
        assert cli.main([*words, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Run:
    """The one sentence of a command that is refused."""

    def command(*words: str) -> str:
        assert cli.main(list(words)) == 1
        return capsys.readouterr().err

    return command


@pytest.fixture
def agency(run: Run) -> str:
    code = f"dinkes-{next(_serial)}"
    run("agencies", "add", code, "--name", "Dinas Kesehatan", "--dpo-contact", "dpo@dinkes.example")
    return code


@pytest.fixture
def file(tmp_path: Path, agency: str) -> str:
    path = tmp_path / "client.json"
    path.write_text(json.dumps(METADATA | {"agency": agency}))
    return str(path)


def test_an_application_is_added_from_a_file_and_its_secret_shown_once(
    run: Run, file: str, database: Database
) -> None:
    added = run("clients", "add", "--file", file)
    with database.reading() as db:
        client = registry.load(db).by_id[added["client_id"]]
    assert client.state == "sandbox"
    assert client.sign_in_agreement is not None
    assert [digest for _, digest, _ in client.secret_digests] == [handles.digest(added["client_secret"])]
    assert added["client_secret"] not in json.dumps(run("clients", "show", added["client_id"]))


def test_an_application_goes_live_is_suspended_and_resumed(run: Run, file: str) -> None:
    client_id = run("clients", "add", "--file", file)["client_id"]
    states = [run("clients", act, client_id)["state"] for act in ("go-live", "suspend", "resume")]
    assert states == ["live", "suspended", "live"]
    assert run("clients", "show", client_id)["state"] == "live"
    assert client_id in {one["client_id"] for one in run("clients", "show")}


def test_a_secret_is_replaced_beside_the_present_one(run: Run, file: str) -> None:
    added = run("clients", "add", "--file", file)
    renewed = run("clients", "rotate-secret", added["client_id"])
    assert renewed["client_secret"] != added["client_secret"]
    assert len(run("clients", "show", added["client_id"])["secrets"]) == 2


def test_what_is_wrong_with_a_file_is_one_sentence_that_names_each_field(
    refusal: Run, tmp_path: Path, agency: str
) -> None:
    path = tmp_path / "client.json"
    path.write_text(
        json.dumps(METADATA | {"agency": agency, "redirect_uris": ["javascript:x"], "scope": "profile"})
    )
    said = refusal("clients", "add", "--file", str(path))
    assert "redirect_uris: " in said
    assert "scope: add openid" in said
    path.write_text("[]")
    assert "one JSON object" in refusal("clients", "add", "--file", str(path))
    path.write_text("[" * 100_000)
    assert "not JSON" in refusal("clients", "add", "--file", str(path))
    path.write_text("{")
    assert "not JSON" in refusal("clients", "add", "--file", str(path))
    assert "cannot be read" in refusal("clients", "add", "--file", str(tmp_path / "none"))


def test_nobody_is_one_sentence(refusal: Run) -> None:
    for words in (
        ("clients", "show"),
        ("clients", "suspend"),
        ("clients", "rotate-secret"),
        ("agreements", "show"),
    ):
        assert "no client" in refusal(*words, "nobody")
    assert "no agency" in refusal("agencies", "suspend", "nobody")
    for number in ("0", "2147483648", "9" * 30):
        assert "no proposal" in refusal("agreements", "approve", number)


def test_an_agencys_code_is_given_once(run: Run, refusal: Run, agency: str) -> None:
    assert agency in {one["code"] for one in run("agencies", "show")}
    said = refusal("agencies", "add", agency, "--name", "Lain", "--dpo-contact", "dpo@lain.example")
    assert "another agency" in said
    assert "2 to 64" in refusal("agencies", "add", "A B", "--name", "Lain", "--dpo-contact", "dpo@lain.example")


def test_a_data_protection_officer_is_an_address_that_can_be_written_to(
    run: Run, refusal: Run, agency: str
) -> None:
    for nobody in ("loket 3", "0215550100", "dpo@", ""):
        for words in (("add", "lain-lagi", "--name", "Lain"), ("contact", agency)):
            assert "no e-mail address" in refusal("agencies", *words, "--dpo-contact", nobody)
    assert agency in run("agencies", "contact", agency, "--dpo-contact", " PDP@Dinkes.example ")["code"]
    (found,) = [one for one in run("agencies", "show") if one["code"] == agency]
    assert found["dpo_contact"] == "pdp@dinkes.example"
    assert "no agency" in refusal("agencies", "contact", "tidak-ada", "--dpo-contact", "pdp@dinkes.example")


def test_what_an_agency_owes_for_three_days_is_listed(
    run: Run, capsys: pytest.CaptureFixture[str], file: str, agency: str, database: Database
) -> None:
    client_id = run("clients", "add", "--file", file)["client_id"]
    late, done, young = uuid4(), uuid4(), uuid4()
    with database.writing() as db:
        client_no = registry.load(db).by_id[client_id].client_no
        now = db.connection().exec_driver_sql("SELECT now()").scalar_one()
        for consent_id, hours in ((late, 73), (done, 80), (young, 71)):
            delivery.start_clock(db, late, consent_id, client_no, now - timedelta(hours=hours))
        found = delivery.find(db, late, done)
        assert found is not None
        delivery.answer(db, found, Answer.DELETED, None, by="link", actor_no=client_no)
    assert cli.main(["agencies", "overdue", "--json", "--limit", "100000"]) == 3
    rows = [one for one in json.loads(capsys.readouterr().out) if one["client_id"] == client_id]
    assert [(one["agency"], one["id"], one["state"]) for one in rows] == [(agency, str(late), "withdrawn")]


def test_an_agency_is_suspended_with_its_applications(run: Run, refusal: Run, file: str, agency: str) -> None:
    client_id = run("clients", "add", "--file", file)["client_id"]
    run("agencies", "suspend", agency)
    assert run("clients", "show", client_id)["agency_state"] == "suspended"
    assert "is suspended" in refusal("agencies", "verify", agency)
    assert run("agencies", "resume", agency)["state"] == "registered"
    assert "is registered" in refusal("agencies", "resume", agency)
    run("agencies", "verify", agency)
    assert run("clients", "show", client_id)["agency_state"] == "verified"


def test_an_applications_agreements_are_shown_in_names(run: Run, file: str) -> None:
    client_id = run("clients", "add", "--file", file)["client_id"]
    (agreement,) = run("agreements", "show", client_id)
    assert (agreement["purpose"], agreement["required"], agreement["optional"]) == (
        "clinic-queue",
        ["name"],
        ["email"],
    )
    assert agreement["state"] == "approved"
