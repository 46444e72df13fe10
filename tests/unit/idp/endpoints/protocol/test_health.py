"""The process says that it lives, whether it can serve, and its numbers to nobody from elsewhere."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from idp import metrics
from idp.database import Database
from idp.endpoints.protocol import health
from idp.endpoints.protocol.health import may_read_metrics
from idp.settings import Mode, Settings

TOKEN = "0123456789abcdef0123"


def _settings(folder: Path, with_token: bool = False) -> Settings:
    token = folder / "token"
    if with_token:
        token.write_text(TOKEN + "\n")
    return Settings(
        Mode.DEMO,
        "http://127.0.0.1:1",
        1,
        folder,
        folder / "keys",
        metrics_token_file=token if with_token else None,
    )


def _client(database: Database, settings: Settings) -> FlaskClient:
    app = Flask("health")
    app.extensions["gapura"] = SimpleNamespace(database=database, settings=settings)
    app.register_blueprint(health.blueprint)
    return app.test_client()


def test_a_process_with_a_database_that_writes_is_ready(database: Database, tmp_path: Path) -> None:
    client = _client(database, _settings(tmp_path))
    assert client.get("/health").get_json() == {"status": "ok"}
    ready = client.get("/ready")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "ok")
    assert ready.headers["Cache-Control"] == "no-store"


def test_without_its_database_it_lives_and_is_not_ready(tmp_path: Path) -> None:
    """(C082)"""
    absent = Database("postgresql://nobody@/gapura?host=/nonexistent", "gapura_web")
    client = _client(absent, _settings(tmp_path))
    assert client.get("/health").status_code == 200
    ready = client.get("/ready")
    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "2")


def test_a_database_that_does_not_write_is_not_ready(database: Database, tmp_path: Path) -> None:
    """(C083): an old primary answers reads for days."""
    client = _client(database, _settings(tmp_path))
    database.hot().execute("SET default_transaction_read_only = on")
    assert client.get("/ready").status_code == 503
    database.hot().execute("SET default_transaction_read_only = off")
    assert client.get("/ready").status_code == 200


def test_this_machine_reads_the_numbers(database: Database, tmp_path: Path) -> None:
    metrics.count_answer("/token", 200, 0.002)
    shown = _client(database, _settings(tmp_path)).get("/metrics")
    assert shown.status_code == 200
    assert 'gapura_requests_total{door="/token",status="200"}' in shown.get_data(as_text=True)


@pytest.mark.parametrize(
    ("remote", "headers", "may"),
    [
        pytest.param("127.0.0.1", {}, True, id="this machine"),
        pytest.param("::1", {}, True, id="this machine by IPv6"),
        pytest.param("203.0.113.9", {}, False, id="another machine"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False, id="through a proxy, whatever it says"),
        pytest.param("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False, id="through a proxy of the standard"),
        pytest.param(None, {}, False, id="nobody knows whence"),
        pytest.param("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, True, id="the token"),
        pytest.param("203.0.113.9", {"Authorization": f"bearer {TOKEN}"}, True, id="the scheme in small letters"),
        pytest.param("203.0.113.9", {"Authorization": f"Bearer {TOKEN}x"}, False, id="another token"),
        pytest.param("203.0.113.9", {"Authorization": f"Basic {TOKEN}"}, False, id="another scheme"),
        pytest.param("203.0.113.9", {"Authorization": "Bearer "}, False, id="an empty token"),
        pytest.param("203.0.113.9", {"Authorization": "Bearer é"}, False, id="a token that is no ASCII"),
    ],
)
def test_who_may_read_the_numbers(tmp_path: Path, remote: str | None, headers: dict[str, str], may: bool) -> None:
    assert may_read_metrics(_settings(tmp_path, with_token=True), remote, Headers(headers)) is may


def test_without_a_token_file_no_token_is_good(tmp_path: Path) -> None:
    headers = Headers({"Authorization": f"Bearer {TOKEN}"})
    assert not may_read_metrics(_settings(tmp_path), "203.0.113.9", headers)
