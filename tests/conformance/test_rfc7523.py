"""Client assertions (RFC 7523, OIDC Core §9): the right one is accepted once, each wrong one is refused alike.

The tokens are made anew at every run by `tests/vectors/jwt/make_jwt.py`; where they leave the choice to us: the
issuer is the only audience, byte for byte, and without a `kid` the client's few keys are tried.
"""

import base64
import json
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from idp.clients import assertions
from idp.clients.authentication import ASSERTION_TYPE
from idp.database import Database
from tests import local_http
from tests.running import Running

SIGNS = "lapor-pajak"
ISSUER, CLIENT = "https://masuk.gapura.example", "vektor-klien"
SCRIPT = Path(__file__).parents[1] / "vectors" / "jwt" / "make_jwt.py"
ES256 = JWSRegistry.algorithms["ES256"]
CHOSEN = {"no_kid": True, "aud_token_endpoint": False, "aud_ours_with_slash": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jwt")
    arguments = ["--aud", ISSUER, "--client", CLIENT, "--out", str(folder)]
    subprocess.run([sys.executable, str(SCRIPT), *arguments], check=True, capture_output=True)
    return folder


def accepted(database: Database, folder: Path, token: str, metadata: dict[str, Any] | None = None) -> bool:
    keys = json.loads((folder / "jwks.json").read_text())
    client: Any = SimpleNamespace(client_id=CLIENT, jwks=keys, jwks_uri=None, metadata=metadata or {})
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


@pytest.mark.parametrize(
    ("registered", "right"), [("ES256", True), ("RS256", False), ("EdDSA", False), (None, True)]
)
def test_a_client_that_registered_its_algorithm_signs_with_no_other(
    made: Path, database: Database, registered: str | None, right: bool
) -> None:
    """OIDC Registration §2, `token_endpoint_auth_signing_alg`: the vectors are ES256."""
    subprocess.run(
        [sys.executable, str(SCRIPT), "--aud", ISSUER, "--client", CLIENT, "--out", str(made)], check=True
    )
    token = (made / "good.jwt").read_text()
    assert accepted(database, made, token, {"token_endpoint_auth_signing_alg": registered}) is right


@pytest.fixture(scope="module")
def key(running: Running) -> ECKey:
    """Of the demo's application that signs."""
    told = next(one for one in running.demo["clients"] if one["client_id"] == SIGNS)
    return ECKey.import_key(told["private_jwk"])


def signed(running: Running, key: ECKey, **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": SIGNS, "sub": SIGNS, "aud": running.issuer, "exp": now + 60, "jti": secrets.token_urlsafe(8)}
    return jwt.encode({"alg": "ES256", "kid": key.kid or key.thumbprint()}, claims | changed, key)


def forged(running: Running, key: ECKey, header: dict[str, Any], **changed: Any) -> str:
    """What the library would not write, members of any type, rightly signed; `...` leaves one out."""
    now = int(time.time())
    claims = {"iss": SIGNS, "sub": SIGNS, "aud": running.issuer, "exp": now + 60, "jti": secrets.token_urlsafe(8)}
    parts = [{"alg": "ES256", "kid": key.kid} | header, claims | changed]
    kept = [{name: value for name, value in part.items() if value is not ...} for part in parts]
    signing_input = b".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in kept)
    signature = ES256.sign(signing_input, key)
    return (signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


STRANGER = ECKey.generate_key("P-256").as_dict(private=False)
HEADERS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"typ": "JWT"}, True),
    ({"typ": "client-authentication+jwt"}, True),
    ({"typ": "oauth-authz-req+jwt"}, False),
    ({"typ": "secevent+jwt"}, False),
    ({"alg": ["ES256"]}, False),
    ({"alg": ...}, False),
    ({"alg": "None"}, False),
    ({"alg": "RS256"}, False),
    ({"b64": False, "crit": ["b64"]}, False),
    ({"jku": "https://jahat.example/jwks"}, True),
    ({"x5u": "https://jahat.example/x5u"}, True),
    ({"x5c": ["AAAA"]}, True),
    ({"jwk": STRANGER}, True),
    ({"kid": ...}, True),
    ({"kid": "../../etc/passwd"}, False),
    ({"kid": "' OR 1=1"}, False),
    ({"kid": "k" * 10_000}, False),
    ({"kid": None}, False),
    ({"kid": 7}, False),
]


# As short as that: what is drawn anew in each process of the suite must not stand in a name.
@pytest.mark.parametrize(("header", "right"), HEADERS, ids=[str(row)[:30] for row in HEADERS])
def test_its_header_chooses_no_key_and_no_algorithm(
    running: Running, key: ECKey, header: dict[str, Any], right: bool
) -> None:
    """(C035, row 35, row 36, row 37, row 38, row 66) The stored key signed it; what names another is not read."""
    answer = shown(running, "/introspect", forged(running, key, header))
    assert answer.status_code == (200 if right else 401), answer.text


CLAIMED: list[tuple[dict[str, Any], bool]] = [
    ({"aud": ["{issuer}"]}, False),
    ({"aud": "{issuer}/token"}, False),
    ({"aud": "{issuer}/par"}, False),
    ({"aud": "{issuer}/"}, False),
    ({"sub": ...}, False),
    ({"sub": [SIGNS]}, False),
    ({"sub": 7}, False),
    ({"iss": ...}, False),
    ({"iss": "antrean-puskesmas"}, False),
    ({"exp": ...}, False),
    ({"exp": -5}, True),
    ({"exp": -15}, False),
    ({"exp": 290}, True),
    ({"exp": 330}, False),
    ({"iat": 0}, True),
    ({"iat": 9}, True),
    ({"iat": 61}, False),
    ({"iat": -400}, True),
    ({"nbf": 9}, True),
    ({"nbf": 61}, False),
    ({"nbf": -400}, True),
    ({"iat": True}, False),
    ({"jti": ...}, False),
    ({"jti": ""}, False),
    ({"jti": 7}, False),
    ({"jti": "j" * 129}, False),
]


@pytest.mark.parametrize(("claims", "right"), CLAIMED, ids=[str(row)[:60] for row in CLAIMED])
def test_its_claims_are_for_us_of_this_client_and_of_now(
    running: Running, key: ECKey, claims: dict[str, Any], right: bool
) -> None:
    """(C034, C061, row 30, row 31, row 33, row 34) Times count from now; an old `iat` is a slow client's."""

    def meant(name: str, value: Any) -> Any:
        if name in ("exp", "iat", "nbf") and type(value) is int:
            return int(time.time()) + value
        return json.loads(json.dumps(value).replace("{issuer}", running.issuer)) if name == "aud" else value

    sent = {name: meant(name, value) for name, value in claims.items()}
    answer = shown(running, "/introspect", forged(running, key, {}, **sent))
    assert answer.status_code == (200 if right else 401), answer.text


def shown(running: Running, door: str, assertion: str) -> httpx.Response:
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, "token": "x",
            "grant_type": "authorization_code", "code": "x"}  # fmt: skip
    return local_http.post(f"{running.issuer}{door}", data=form)


def test_a_replay_is_refused_at_every_door_and_after_a_failed_grant(running: Running, key: ECKey) -> None:
    """(C033, row 32) The first proved the client, although its code was none."""
    assertion = signed(running, key)
    assert shown(running, "/token", assertion).json()["error"] == "invalid_grant"
    for door in ("/token", "/introspect", "/revoke"):
        answer = shown(running, door, assertion)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), door


def test_of_many_who_show_one_assertion_at_once_one_is_believed(running: Running, key: ECKey) -> None:
    """(C033, row 32) By two processes; whose case differs is another."""
    for _ in range(20):
        name = secrets.token_hex(8)
        assertions_of = [signed(running, key, jti=name)] * 8 + [signed(running, key, jti=name.upper() + "A")]
        with ThreadPoolExecutor(9) as pool:
            answers = list(pool.map(lambda one: shown(running, "/introspect", one).status_code, assertions_of))
        assert sorted(answers[:8]) == [200] + [401] * 7
        assert answers[8] == 200


def test_whatever_is_wrong_with_it_the_answer_is_the_same(running: Running, key: ECKey) -> None:
    """(C035, row 43)"""
    wrong = [signed(running, ECKey.generate_key("P-256")), signed(running, key, aud=f"{running.issuer}/token"),
             signed(running, key, sub="nobody-here", iss="nobody-here"), signed(running, key, exp=1), "x", "a.b.c",
             signed(running, key, iat=int(time.time()) + 400), "x" * 40_000]  # fmt: skip
    answers = {(one.status_code, one.text) for one in (shown(running, "/token", token) for token in wrong)}
    assert len(answers) == 1
    assert {status for status, _ in answers} == {401}


@pytest.mark.parametrize("value", [True, "9999999999", float("inf"), float("nan"), -1, 0, 2.0**33, None, [1]])
def test_a_date_is_a_finite_number_of_this_age(value: object) -> None:
    """(row 33)"""
    assert assertions.numeric_date(value) is None


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "." * 3, "A" * 20_000, "e30.W10.x", "e30.bnVsbA.x", "é.é.é"]
)
def test_what_cannot_be_read_names_nobody(token: str) -> None:
    assert assertions.claimed_client_id(token) == ""
