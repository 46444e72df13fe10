"""Keys behind an address: fetched once for all processes, again for a new one, never often, and kept while the
address is away. The server is a real one, over TLS.
"""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from joserfc.jwk import ECKey, OctKey, RSAKey

from consent import attributes, purposes
from idp.clients import agencies, jwks, registration, registry
from idp.clients.registration import Registered
from idp.clients.registry import Client
from idp.database import Database
from tests.served import make_certificate, served

_serial = count(1)


def key(kid: str | None) -> dict[str, Any]:
    made = ECKey.generate_key("P-256").as_dict(private=False)
    return made if kid is None else made | {"kid": kid, "alg": "ES256", "use": "sig"}


@dataclass
class Address:
    """What an agency serves; `asked` counts, and each hook may delay or break the answer."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    status: int = 200
    body: bytes | None = None
    waits: float = 0.0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        time.sleep(self.waits)
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        handler.send_response(self.status)
        handler.send_header("Location", "https://localhost:1/")
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def address() -> Address:
    return Address([key("k1")])


@pytest.fixture
def url(address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    certificate = make_certificate(tmp_path / "localhost.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(address.answer, certificate) as url:
        yield url + "jwks"


@pytest.fixture
def client(database: Database, url: str) -> Client:
    return a_client(database, url)


def a_client(database: Database, url: str) -> Client:
    now, code = datetime.now(UTC), f"kunci-uji-{next(_serial)}"
    raw = {"agency": code, "profile": "machine", "client_name": "Mesin", "jwks_uri": url,
           "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"]}  # fmt: skip
    with database.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)
        agencies.register(db, code=code, name={"id": "A", "en": "A"}, dpo_contact="dpo@a.example", now=now)
        outcome = registration.add(db, raw, now=now, rehearsal=True)
        assert isinstance(outcome, Registered), outcome
        return registry.load(db).by_id[outcome.client_id]


def kids(database: Database, client: Client, kid: str | None, **more: Any) -> set[str | None]:
    found = jwks.keys_of(client, kid, database.hot(), loopback=more.pop("loopback", True), **more)
    return {one.kid for one in found}


def later(database: Database, client: Client, seconds: int) -> None:
    """Let time pass for this client's set."""
    moved = """UPDATE idp.client_keys SET fetched_at = fetched_at - %(by)s * interval '1 second',
               failed_at = failed_at - %(by)s * interval '1 second' WHERE client_no = %(client_no)s"""
    database.hot().execute(moved, {"by": seconds, "client_no": client.client_no})


def test_a_set_is_fetched_once_and_again_after_five_minutes(
    database: Database, client: Client, address: Address
) -> None:
    """(row 39)"""
    for _ in range(5):
        assert kids(database, client, "k1") == {"k1"}
    assert address.asked == 1
    later(database, client, 299)
    kids(database, client, "k1")
    assert address.asked == 1
    later(database, client, 2)
    kids(database, client, "k1")
    assert address.asked == 2


def test_a_new_key_is_found_by_one_more_fetch(database: Database, client: Client, address: Address) -> None:
    """(row 39) An old key that the client took out is no key from then on."""
    assert kids(database, client, "k1") == {"k1"}
    later(database, client, 31)
    address.keys = [key("k2")]
    assert kids(database, client, "k2") == {"k2"}
    assert address.asked == 2


def test_a_thousand_unknown_key_ids_are_one_fetch_in_thirty_seconds(
    database: Database, client: Client, address: Address
) -> None:
    """(row 39)"""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: kids(database, client, f"invented-{number}"), range(1000)))
    assert address.asked == 1
    later(database, client, 31)
    for number in range(100):
        kids(database, client, f"invented-{number}")
    assert address.asked == 2


def test_a_token_that_names_no_key_asks_once_more_where_none_fits(
    database: Database, client: Client, address: Address
) -> None:
    """(row 37)"""
    kids(database, client, None)
    later(database, client, 31)
    address.keys = [key("k2")]
    assert kids(database, client, None) == {"k1"}
    assert kids(database, client, None, missed=True) == {"k2"}


BROKEN: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 301},
    {"status": 204, "body": b""},
    {"body": b"<html>"},
    {"body": b'{"keys": 1}'},
    {"body": b'{"keys": [], "keys": []}'},
    {"body": b"x" * 70_000},
    {"body": b"[" * 60_000},
    {"keys": [OctKey.generate_key(256).as_dict(private=True)]},
    {"keys": [RSAKey.generate_key(2048).as_dict(private=True)]},
    {"keys": [key("k1"), key("k1")]},
    {"keys": [key(str(number)) for number in range(21)]},
    {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
]


BROKEN_HOW = ["a fault", "a redirect", "nothing", "a page", "no list", "a member twice", "too long", "bottomless",
              "a secret", "a private key", "one kid twice", "too many", "off the curve"]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=BROKEN_HOW)
def test_a_fetch_that_fails_keeps_the_set_of_before(
    database: Database, client: Client, address: Address, broken: dict[str, Any]
) -> None:
    """(row 39, row 67, row 100) The log names the client and nothing of what came; nobody waits for what is
    over."""
    kids(database, client, "k1")
    later(database, client, 301)
    for name, value in broken.items():
        setattr(address, name, value)
    with structlog.testing.capture_logs() as logged:
        assert kids(database, client, "k1") == {"k1"}
        began = time.monotonic()
        assert kids(database, client, "k9") == {"k1"}
        assert time.monotonic() - began < jwks.BUDGET_SECONDS / 2
    assert address.asked == 2, "a failure too is tried again after 30 s only"
    assert logged == [{"event": "key set not fetched", "client_id": client.client_id, "log_level": "warning"}]


def test_of_a_served_set_the_good_keys_count(database: Database, client: Client, address: Address) -> None:
    """(row 67) And no private member of a careless agency comes to lie in our database."""
    careless = RSAKey.generate_key(2048).as_dict(private=True) | {"kid": "careless"}
    address.keys = [key("k1"), careless, {"kty": "new", "kid": "x"}, {"kty": "EC"}]
    assert kids(database, client, "k1") == {"k1"}
    stored = database.hot().execute(
        "SELECT jwks FROM idp.client_keys WHERE client_no = %s", [client.client_no]
    ).fetchone()  # fmt: skip
    assert stored is not None
    assert [set(one) for one in stored[0]["keys"]] == [{"kty", "crv", "x", "y", "kid", "alg"}]


def test_an_empty_set_takes_all_keys_back(database: Database, client: Client, address: Address) -> None:
    kids(database, client, "k1")
    later(database, client, 301)
    address.keys = []
    assert kids(database, client, "k1") == set()


def test_an_inner_address_is_not_asked(database: Database, client: Client, address: Address) -> None:
    """(row 98) Where the house is not a rehearsal, this machine is an inner address."""
    assert kids(database, client, "k1", loopback=False) == set()
    assert address.asked == 0


def test_an_address_that_hangs_costs_three_seconds_and_two_threads(
    database: Database, client: Client, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(row 101) The one who fetches, and one who waits for it; everybody else is answered at once."""
    monkeypatch.setattr(jwks, "BUDGET_SECONDS", 1.0)
    address.waits = 10.0
    began, lasted = threading.Barrier(6), []

    def ask(_: int) -> None:
        began.wait()
        start = time.monotonic()
        kids(database, client, "k1")
        lasted.append(time.monotonic() - start)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert address.asked == 1
    assert sum(one > 0.5 for one in lasted) <= 2
    assert max(lasted) < 2


def test_whoever_comes_while_it_is_fetched_waits_for_it(
    database: Database, client: Client, address: Address
) -> None:
    """Two calls of a client whose set nobody has yet: both find the key, with one fetch."""
    address.waits = 0.5
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: kids(database, client, "k1"), range(2)))
    assert found == [{"k1"}, {"k1"}]
    assert address.asked == 1


def test_the_keys_of_an_address_that_was_replaced_are_nobodys(
    database: Database, client: Client, address: Address, url: str
) -> None:
    kids(database, client, "k1")
    address.keys = [key("k2")]
    with database.writing() as db:
        row = registration.get(db, client.client_id)
        raw = {"profile": "machine", "client_name": "Mesin", "jwks_uri": url + "?2", **row.rest,
               "token_endpoint_auth_method": "private_key_jwt"}  # fmt: skip
        registration.change(db, row, raw | {"jwks_uri": url + "?2"}, rehearsal=True)
        moved = registry.load(db).by_id[client.client_id]
    assert moved.jwks_uri == url + "?2"
    assert kids(database, moved, "k1") == {"k2"}
