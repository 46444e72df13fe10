"""The example's reading of logout tokens: what is not one of ours, for it, now, ends nobody's session."""

import base64
import importlib.util
import json
import time
from http.server import BaseHTTPRequestHandler
from types import ModuleType
from typing import Any

import pytest
from authlib.integrations.flask_client import OAuth
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.running import ROOT
from tests.served import served

ISSUER, CLIENT_ID = "https://gapura.example", "antrean"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def _example() -> ModuleType:
    """By its path: the folder is copied by agencies and is no package of ours."""
    file = ROOT / "examples" / "agency_flask" / "logout_tokens.py"
    spec = importlib.util.spec_from_file_location("logout_tokens", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = _example()
KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})


def signed(key: ECKey = KEY, typ: str | None = "logout+jwt", **changed: Any) -> str:
    """A good one, but for what the test changes; None leaves a member out."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "j1", "sub": "abc", "sid": "s",
              "events": {EVENT: {}}} | changed  # fmt: skip
    header = {"alg": "ES256", "kid": key.kid, "typ": typ}
    return jwt.encode(
        {name: value for name, value in header.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
        key,
    )


def gapura(**metadata: Any) -> Any:
    known = {"jwks": {"keys": [KEY.as_dict(private=False)]}, "jwks_uri": "http://127.0.0.1:9/jwks"} | metadata
    return OAuth(Flask("agency")).register(
        "gapura",
        client_id=CLIENT_ID,
        issuer=ISSUER,
        id_token_signing_alg_values_supported=["RS256", "ES256", "EdDSA"],
        **known,
    )


def test_a_logout_token_says_who_and_which_session() -> None:
    told = example.LogoutTokens(gapura()).read(signed())
    assert (told["sub"], told["sid"]) == ("abc", "s")


def test_it_works_once() -> None:
    """(row 105)"""
    tokens, token = example.LogoutTokens(gapura()), signed()
    assert tokens.read(token) is not None
    assert tokens.read(token) is None
    assert tokens.read(signed(jti="j2")) is not None


UNSIGNED = base64.urlsafe_b64encode(b'{"alg":"none","typ":"logout+jwt"}').rstrip(b"=").decode()
LONG_AGO = int(time.time()) - 600


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="no token at all"),
        pytest.param(signed(iss="https://other.example"), id="another issuer"),
        pytest.param(signed(aud="another"), id="for another application"),
        pytest.param(signed(iat=LONG_AGO, exp=LONG_AGO + 120), id="too old"),
        pytest.param(signed(iat=LONG_AGO + 9000, exp=LONG_AGO + 9900), id="of the future"),
        pytest.param(signed(exp=None), id="never too old"),
        pytest.param(signed(jti=None), id="without a number"),
        pytest.param(signed(sub=None), id="about nobody"),
        pytest.param(signed(nonce="n"), id="an ID token has a nonce"),
        pytest.param(signed(events=None), id="without an event"),
        pytest.param(signed(events={"https://other.example/event": {}}), id="another event"),
        pytest.param(signed(events=1), id="an event that is none"),
        pytest.param(signed(typ="JWT"), id="another kind of token"),
        pytest.param(signed(ECKey.generate_key("P-256", {"kid": "one"})), id="signed by another key"),
        pytest.param(signed().rpartition(".")[0] + ".", id="not signed"),
        pytest.param(f"{UNSIGNED}.{signed().split('.')[1]}.", id="said not to be signed"),
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    """(row 105)"""
    tokens = example.LogoutTokens(gapura())
    with pytest.raises(example.Refused):
        tokens.read(token)


def test_a_new_key_is_fetched_and_a_stranger_cannot_make_us_ask_again_and_again() -> None:
    new = ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256", "use": "sig"})
    asked = []

    def keys(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps({"keys": [new.as_dict(private=False)]}).encode())

    with served(keys) as home:
        tokens = example.LogoutTokens(gapura(jwks_uri=home))
        assert tokens.read(signed(new)) is not None
        for kid in ("three", "four"):
            with pytest.raises(example.Refused):
                tokens.read(signed(ECKey.generate_key("P-256", {"kid": kid}), jti=kid))
    assert len(asked) == 1
