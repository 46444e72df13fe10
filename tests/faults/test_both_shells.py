"""A hot door answers the same through the thin front and through Flask alone: status, body and headers. A limit or
a header that only one shell knows would be a hole in the other.

Seen to fail: with the headers of every answer left out by the front.
"""

import re
from typing import Any

import pytest
from prometheus_client.registry import REGISTRY
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from idp.app import HOT, create_flask, hot_doors
from idp.gate import Gate
from idp.web.shells import Front
from tests.running import Running

FORM = "application/x-www-form-urlencoded"
# What is drawn anew for each answer.
CHANCE = re.compile(r"GPR-[2-9A-Z]{4}-[2-9A-Z]{4}|(?<=__Host-gapura-browser=)[^;]+|(?<=handle=)[^&\"]+")
BROWSER = {"HTTP_ACCEPT_LANGUAGE": "id", "HTTP_ACCEPT": "text/html"}
WAYS: list[dict[str, Any]] = [
    {"method": "GET"},
    {"method": "HEAD"},
    {"method": "OPTIONS", "headers": {"Origin": "https://stranger.example"}},
    {"method": "PUT"},
    {"method": "GET", "query_string": "a=%ff"},
    {"method": "GET", "query_string": "x=" + "y" * 9000},
    {"method": "GET", "query_string": "access_token=abc"},
    {"method": "GET", "headers": {"Authorization": "Bearer nothing", "Origin": "http://127.0.0.1:1"}},
    {"method": "GET", "headers": {"If-None-Match": '"other"'}},
    {"method": "POST", "data": b"{}", "content_type": "application/json"},
    {"method": "POST", "data": b"{}", "content_type": "application/json", "headers": {"X-Request-ID": "a-1"}},
    {"method": "POST", "data": b"{}", "headers": {"X-Request-ID": "x" * 200, "Authorization": "Bearer nothing"}},
    {"method": "POST", "data": b"grant_type=password", "content_type": FORM},
    {"method": "POST", "data": b"token=abc&token=abc&client_id=sim-saya", "content_type": FORM},
    {"method": "POST", "data": b"a=" + b"b" * 70_000, "content_type": FORM},
    {"method": "POST", "data": b"a=%00", "content_type": FORM, "headers": {"Authorization": "Basic /w=="}},
]


def seen(response: Response) -> tuple[int, str, list[tuple[str, str]]]:
    """All of the answer, without what is chance."""
    headers = sorted((name.lower(), CHANCE.sub("*", value)) for name, value in response.headers)
    return response.status_code, CHANCE.sub("*", response.get_data(as_text=True)), headers


@pytest.fixture(scope="module")
def shells(gate: Gate) -> tuple[Client, Client]:
    flask = create_flask(gate)
    return Client(Front(gate, hot_doors(gate), flask)), Client(flask)


def ask(shell: Client, running: Running, path: str, way: dict[str, Any]) -> Response:
    environ = EnvironBuilder(path, running.issuer, environ_base=BROWSER, **way).get_environ()
    return Client(shell.application).open(environ)  # no cookies from one request to the next


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(str(value)[:30] for value in way.values()))
@pytest.mark.parametrize("path", [path for path, _ in HOT])
def test_both_shells_answer_alike(
    running: Running, shells: tuple[Client, Client], path: str, way: dict[str, Any]
) -> None:
    """(row 109, C090)"""
    front, flask = (ask(shell, running, path, way) for shell in shells)
    assert seen(front) == seen(flask)
    assert front.status_code < 500


def counted(door: str, status: int) -> tuple[float, float]:
    """Answers, and times taken of the door."""
    answers = REGISTRY.get_sample_value("gapura_requests_total", {"door": door, "status": str(status)})
    times = REGISTRY.get_sample_value("gapura_request_seconds_count", {"door": door})
    return answers or 0, times or 0


@pytest.mark.parametrize(
    ("path", "way", "door", "status"),
    [
        pytest.param("/jwks", {"method": "GET"}, "/jwks", 200, id="a hot door"),
        pytest.param(
            "/token", {"method": "POST", "data": b"a=b", "content_type": FORM}, "/token", 400, id="an error"
        ),
        pytest.param("/token", {"method": "PUT"}, "none", 405, id="a method of no door"),
        pytest.param("/services", {"method": "GET"}, "/services", 200, id="a page"),
        pytest.param("/3273004405900001", {"method": "GET"}, "none", 404, id="no door at all"),
    ],
)
def test_both_shells_count_each_answer_once_under_a_name_of_ours(
    running: Running, shells: tuple[Client, Client], path: str, way: dict[str, Any], door: str, status: int
) -> None:
    """(row 111) Seen to fail: with nobody counting, for as long as nobody looked."""
    for shell in shells:
        answers, times = counted(door, status)
        assert ask(shell, running, path, way).status_code == status
        assert counted(door, status) == (answers + 1, times + 1)


@pytest.fixture(scope="module")
def shells_without_a_database(gate: Gate) -> tuple[Client, Client]:
    away = Gate.build(gate.settings, "postgresql://nobody@/none?host=/nonexistent")
    flask = create_flask(away)
    return Client(Front(away, hot_doors(away), flask)), Client(flask)


@pytest.mark.parametrize("path", [path for path, _ in HOT])
def test_while_the_database_is_away_no_door_breaks(
    running: Running, shells_without_a_database: tuple[Client, Client], path: str
) -> None:
    """(C082) Seen to fail: with CORS asking the database for origins whatever happens."""
    for shell in shells_without_a_database:
        for way in WAYS:
            answer = ask(shell, running, path, way)
            assert answer.status_code == 503 or answer.status_code < 500, (
                way,
                answer.get_data(as_text=True)[:500],
            )
