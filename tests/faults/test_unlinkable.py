"""Two agencies lay side by side all that they ever got about one citizen, and find nothing in common (OIDC Core
§8.1, §17.3).

Seen to fail: with one sector for all, and with the introspected `sub` of the token's client in place of the
asking one's.
"""

import base64
import json
from typing import Any

from idp.gate import Gate
from tests import local_http
from tests.clients.programs import register
from tests.faults.standing import OFFLINE, a_standing, an_application
from tests.running import Running
from tests.sample_client import SampleClient, sign_in

SHARED = 12  # characters in common that chance does not make
# A sealed string says its kind's version and day: 4 characters. What both were told openly is no link.
OPENLY = {"iss", "acr", "amr", "iat", "exp", "auth_time", "token_type", "scope", "expires_in", "name", "email",
          "email_verified", "updated_at", "active"}  # fmt: skip


def values(told: dict[str, Any]) -> set[str]:
    """Every text in it that is not the same for everybody, and the bytes of each that is base64url, as hex."""
    found: set[str] = set()
    for name, value in told.items():
        if name not in OPENLY and isinstance(value, str):
            found.add(value)
            found.update(decoded(part) for part in value.split("."))
    return found - {""}


def decoded(text: str) -> str:
    """Not of what is hex itself, such as a `jti`: that begins with its time, as `iat` says openly."""
    if all(digit in "0123456789abcdef" for digit in text):
        return ""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
    except ValueError:
        return ""


def in_common(one: set[str], other: set[str]) -> set[str]:
    def pieces(texts: set[str]) -> set[str]:
        return {text[start : start + SHARED] for text in texts for start in range(len(text) - SHARED + 1)}

    return pieces(one) & pieces(other)


def test_what_two_agencies_hold_of_one_citizen_has_nothing_in_common(running: Running, gate: Gate) -> None:
    """(row 58)"""
    running.command("agencies", "add", "agensi-dua", "--name", "Dua", "--dpo-contact", "dpo@dua.example")
    clients = [an_application(running), an_application(running, agency="agensi-dua")]
    standing = a_standing(running, gate, clients[0])
    held = []
    for client in clients:
        tokens = sign_in(standing.browser, client, standing.citizen, scope=OFFLINE, prompt="consent")
        visit = client.visit(OFFLINE)
        code = client.code(visit, standing.browser.get(visit.url))
        answer = {name: value for name, value in tokens.answer.items() if name != "id_token"}
        userinfo = client.userinfo(tokens.access_token).json()
        asked = introspected(client, tokens.access_token)
        claims = {name: value for name, value in tokens.claims.items() if name not in ("aud", "nonce")}
        asked = {name: value for name, value in asked.items() if name not in ("aud", "client_id")}
        held.append(values(answer) | values({"code": code}) | values(claims) | values(userinfo) | values(asked))
        assert {claims["sub"], claims["sid"], asked["jti"]} <= held[-1]
    assert in_common(*held) == set()


def introspected(client: SampleClient, token: str) -> dict[str, Any]:
    answer: dict[str, Any] = local_http.post(
        client.metadata["introspection_endpoint"], data={"token": token},
        auth=(client.client_id, str(client.secret)),
    ).json()  # fmt: skip
    assert answer["active"]
    return answer


def test_a_data_provider_knows_the_citizen_by_a_number_of_its_own(running: Running, gate: Gate) -> None:
    """(row 58)"""
    running.command("agencies", "add", "pemegang-data", "--name", "Data", "--dpo-contact", "dpo@data.example")
    client = an_application(running)
    tokens = a_standing(running, gate, client).bound
    provider = register(running, "", "", "machine", {
        "agency": "pemegang-data", "redirect_uris": None, "post_logout_redirect_uris": None,
        "sign_in_agreement": None, "scope": "status.read", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "introspects": [client.client_id],
    })  # fmt: skip
    told = local_http.post(
        client.metadata["introspection_endpoint"], data={"token": tokens.access_token},
        auth=(provider["CLIENT_ID"], provider["CLIENT_SECRET"]),
    ).json()  # fmt: skip
    assert told["active"]
    assert told["sub"] != tokens.claims["sub"]
    assert in_common({told["sub"]}, {tokens.claims["sub"]}) == set()
    assert json.dumps(told).count(tokens.claims["sub"]) == 0


def test_no_client_can_be_taken_for_a_citizen(running: Running, gate: Gate) -> None:
    """(row 29) Who registers cannot choose the id, and no id has the form of a `sub`, which is 27 characters."""
    client = an_application(running)
    standing = a_standing(running, gate, client)
    sub = standing.bound.claims["sub"]
    for wanted in (sub, str(standing.citizen_id), standing.citizen_id.hex):
        added = register(running, "https://meniru.example.go.id", "/cb", "standard", {"client_id": wanted})
        assert added["CLIENT_ID"] != wanted
    ids = [row[0] for row in running.rows("SELECT client_id FROM idp.clients")]
    assert len(ids) > 5
    assert all(len(one) != len(sub) for one in ids)
    assert gate.pairwise.citizen(ids[0], "dinkes-sukamaju") is None
