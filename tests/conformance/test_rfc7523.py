"""Client assertions (RFC 7523, OIDC Core §9): the right one is accepted once, each wrong one is refused alike.

The tokens are made anew at every run by `tests/vectors/jwt/make_jwt.py`; where they leave the choice to us: the
issuer is the only audience, byte for byte, and without a `kid` the client's few keys are tried.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp.clients import assertions
from idp.database import Database

ISSUER, CLIENT = "https://masuk.gapura.example", "vektor-klien"
SCRIPT = Path(__file__).parents[1] / "vectors" / "jwt" / "make_jwt.py"
CHOSEN = {"no_kid": True, "aud_token_endpoint": False, "aud_ours_with_slash": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jwt")
    arguments = ["--aud", ISSUER, "--client", CLIENT, "--out", str(folder)]
    subprocess.run([sys.executable, str(SCRIPT), *arguments], check=True, capture_output=True)
    return folder


def accepted(database: Database, folder: Path, token: str) -> bool:
    keys = json.loads((folder / "jwks.json").read_text())
    client: Any = SimpleNamespace(client_id=CLIENT, jwks=keys, jwks_uri=None)
    return assertions.accepted(token, client, database.hot(), ISSUER, datetime.now(UTC), loopback=True)


def test_each_vector_is_judged_as_it_says(made: Path, database: Database) -> None:
    """(C034, C035, C061, row 30, row 31, row 33, row 34, row 35, row 36, row 37)"""
    expected = json.loads((made / "expected.json").read_text())
    judged = {}
    for name in expected:
        began = time.perf_counter()
        judged[name] = accepted(database, made, (made / f"{name}.jwt").read_text())
        assert time.perf_counter() - began < 1, name
    wanted = {name: CHOSEN.get(name, verdict == "accept") for name, verdict in expected.items()}
    assert judged == wanted
    assert len(judged) > 25


def test_an_assertion_works_once(made: Path, database: Database) -> None:
    """(C033, row 32) The vector `good` was used above; here another of its kind, twice."""
    subprocess.run(
        [sys.executable, str(SCRIPT), "--aud", ISSUER, "--client", CLIENT, "--out", str(made)], check=True
    )
    token = (made / "good.jwt").read_text()
    assert accepted(database, made, token)
    assert not accepted(database, made, token)


@pytest.mark.parametrize("value", [True, "9999999999", float("inf"), float("nan"), -1, 0, 2.0**33, None, [1]])
def test_a_date_is_a_finite_number_of_this_age(value: object) -> None:
    """(row 33)"""
    assert assertions.numeric_date(value) is None


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "." * 3, "A" * 20_000, "e30.W10.x", "e30.bnVsbA.x", "é.é.é"]
)
def test_what_cannot_be_read_names_nobody(token: str) -> None:
    assert assertions.claimed_client_id(token) == ""
