"""A client whose keys lie behind an address of its own, seen over HTTP by two processes (RFC 7523, OIDC Core
§10.1.1)."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests import local_http
from tests.clients.programs import register
from tests.running import Running
from tests.served import served

MACHINE = {
    "redirect_uris": None, "post_logout_redirect_uris": None, "sign_in_agreement": None, "scope": "status.read",
    "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
}  # fmt: skip


class Agency:
    """Serves the public half of its key, and counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.rotate("first")

    def rotate(self, kid: str) -> None:
        self.kid, self.key = kid, ECKey.generate_key("P-256")

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        public = self.key.as_dict(private=False) | {"kid": self.kid, "use": "sig", "alg": "ES256"}
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps({"keys": [public]}).encode())

    def token(self, running: Running, client_id: str, kid: str | None = None) -> httpx.Response:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": client_id, "sub": client_id, "aud": running.issuer, "iat": now,
                                  "exp": now + 60, "jti": secrets.token_hex(16)}  # fmt: skip
        signed = jwt.encode({"alg": "ES256", "kid": kid or self.kid}, claims, self.key, algorithms=["ES256"])
        form = {
            "grant_type": "client_credentials", "client_assertion": signed,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }  # fmt: skip
        return local_http.post(f"{running.issuer}/token", data=form, timeout=15)


@pytest.fixture
def agency() -> Agency:
    return Agency()


def test_a_client_rotates_its_key_behind_its_address_and_invented_ids_are_one_fetch(
    running: Running, agency: Agency
) -> None:
    """(row 39)"""
    with served(agency.serve) as home:
        client_id = register(running, home, "", "machine", MACHINE | {"jwks_uri": home + "jwks"})["CLIENT_ID"]
        assert [agency.token(running, client_id).status_code for _ in range(6)] == [200] * 6
        assert agency.asked == 1

        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            strangers = pool.map(lambda number: agency.token(running, client_id, f"k{number}"), range(1000))
            assert {answer.status_code for answer in strangers} == {401}
        half_minutes = int((time.monotonic() - began) // 30)
        assert agency.asked <= 2 + half_minutes, "more than one fetch in 30 s"

        time_passes(running, client_id)
        before = agency.asked
        agency.rotate("second")
        assert [agency.token(running, client_id).status_code for _ in range(6)] == [200] * 6
        assert agency.asked == before + 1


def time_passes(running: Running, client_id: str) -> None:
    running.rows(
        "UPDATE idp.client_keys AS k SET fetched_at = k.fetched_at - interval '31 s', failed_at = NULL"
        "  FROM idp.clients AS c WHERE c.client_no = k.client_no AND c.client_id = %(client_id)s RETURNING 1",
        client_id=client_id,
    )
