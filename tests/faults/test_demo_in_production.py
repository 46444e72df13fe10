"""Nothing of the demo, the sandbox or a test works in production (DESIGN §6.10): an installation started as a
nation starts it, and what it refuses to start with.

Seen to fail: with the inbox registered in every mode, with the country prepared in every mode, with http, a
missing master key or an unaccepted embedded server let through, and with a generated master key let through.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from idp.app import create_flask
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from tests import local_http
from tests.running import ROOT
from tests.unit.idp.test_launcher import Running as Launched
from tests.unit.idp.test_launcher import begin_with

ISSUER = "https://masuk.gapura.example"
IMPORTED = """
import sys
{start}
print(*(name for name in sorted(sys.modules) if name.split(".")[0] in ("idp", "tests", "examples")), sep="\\n")
"""


class Production(Launched):
    """With a master key of its own, in a file, and the embedded server accepted."""

    def environment(self, **changes: str) -> dict[str, str]:
        key = self.folder / "master.key"
        if not key.exists():
            key.write_bytes(os.urandom(32))
            key.chmod(0o600)
        nations = {"GAPURA_MODE": "production", "GAPURA_ISSUER": ISSUER, "GAPURA_EMBEDDED": "accept",
                   "GAPURA_MASTER_KEY_FILE": str(key)}  # fmt: skip
        return super().environment(**nations | changes)

    def python(self, program: str) -> str:
        """What it wrote, run beside the installation and with its settings."""
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=self.environment(), capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def gapura(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("gapura"), *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(), input=typed, capture_output=True, text=True, timeout=60
        )

    def count(self, table: str) -> int:
        with psycopg.connect(EmbeddedPostgres(self.folder / "instance").url("gapura_owner")) as connection:
            connection.execute("SET ROLE gapura_owner")
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def production() -> Iterator[Production]:
    folder = Path(tempfile.mkdtemp(prefix="gapura-production-"))
    folder.chmod(0o711)
    production = Production(folder)
    try:
        production.start()
        yield production
    finally:
        production.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("import wsgi", id="a web process"),
        pytest.param("import idp.worker; from idp.launcher import _make_ready", id="the worker and the launcher"),
        pytest.param("from idp import cli; [cli._parser(one) for one in cli.SUBJECTS]", id="the commands"),
    ],
)
def test_no_module_of_the_demo_is_imported(production: Production, start: str) -> None:
    imported = production.python(IMPORTED.format(start=start)).splitlines()
    assert "idp.settings" in imported
    assert [name for name in imported if name.startswith(("idp.demo", "tests", "examples"))] == []


def test_no_door_of_the_demo_is_there(production: Production, gate: Gate) -> None:
    """Every path that the demo has and production has not."""
    of_demo = {rule.rule for rule in create_flask(gate).url_map.iter_rules()}
    told = production.python(
        "import wsgi\nfrom idp.app import create_flask\n"
        "print(*(rule.rule for rule in create_flask(wsgi.app._gate).url_map.iter_rules()), sep='\\n')"
    )
    more = of_demo - set(told.splitlines())
    assert "/demo/inbox" in more
    for path in more | {"/demo", "/demo/"}:
        assert local_http.get(f"http://127.0.0.1:{production.port}{path}").status_code == 404, path


def test_nobody_lives_there_yet(production: Production) -> None:
    for table in ("idp.accounts", "idp.identifiers", "idp.clients", "idp.client_secrets", "idp.agencies",
                  "consent.consents", "consent.agreements"):  # fmt: skip
        assert production.count(table) == 0, table
    assert not (production.folder / "instance" / "demo.json").exists()
    answer = local_http.post(
        f"http://127.0.0.1:{production.port}/token", auth=("antrean-puskesmas", "x"),
        data={"grant_type": "client_credentials"},
    )  # fmt: skip
    assert answer.status_code == 401


def test_the_commands_of_a_rehearsal_refuse(production: Production) -> None:
    """(DESIGN §6.11)"""
    for words in (["bench", "seed"], ["bench", "grow", "--citizens", "1"]):
        done = production.gapura(*words)
        assert done.returncode != 0, words
    assert production.count("idp.accounts") == 0


def test_a_client_of_production_is_a_draft_and_lives_on_no_loopback(production: Production) -> None:
    assert (
        production.gapura("agencies", "add", "dinas", "--name", "D", "--dpo-contact", "d@d.example").returncode
        == 0
    )
    client = (
        '{"agency": "dinas", "profile": "machine", "client_name": "M", "token_endpoint_auth_method":'
        ' "private_key_jwt", "grant_types": ["client_credentials"], "jwks_uri": "%s"}'
    )
    near = production.gapura("clients", "add", "--file", "-", typed=client % "http://127.0.0.1:8000/jwks")
    assert near.returncode == 1
    assert "jwks_uri" in near.stderr
    far = production.gapura(
        "clients", "add", "--file", "-", "--json", typed=client % "https://m.example.go.id/jwks"
    )
    assert far.returncode == 0, far.stderr
    client_id = re.search(r'"client_id": "([^"]+)"', far.stdout)
    assert client_id is not None
    assert '"state": "draft"' in production.gapura("clients", "show", client_id[1], "--json").stdout


REFUSED = [
    ({"GAPURA_ISSUER": "http://masuk.gapura.example"}, "https address"),
    ({"GAPURA_ISSUER": "http://127.0.0.1:8000"}, "https address"),
    ({"GAPURA_ISSUER": ""}, "GAPURA_ISSUER is missing"),
    ({"GAPURA_EMBEDDED": ""}, "GAPURA_EMBEDDED=accept"),
    ({"GAPURA_MASTER_KEY_FILE": ""}, "GAPURA_MASTER_KEY_FILE is missing"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_it_does_not_start_as_a_demo_does(tmp_path: Path, changes: dict[str, str], sentence: str) -> None:
    assert sentence in Production(tmp_path).refused(**changes)


def test_it_starts_on_no_database_of_another_mode_and_on_no_key_that_was_made_for_it(migrated: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="gapura-demo-"))
    folder.chmod(0o711)
    demo, production = Launched(folder), Production(folder)
    try:
        begin_with(migrated, demo)
        demo.start()
        demo.end()
        assert demo.nobody_left(within=15)
        assert "of mode demo" in production.refused()
        shutil.rmtree(folder / "instance" / "pgdata")
        made = folder / "instance" / "keys" / "master"
        assert made.exists(), sorted(path.name for path in made.parent.iterdir())
        assert "master key was made by Gapura" in production.refused(GAPURA_MASTER_KEY_FILE=str(made))
    finally:
        production.end()
        demo.end()
        shutil.rmtree(folder, ignore_errors=True)
