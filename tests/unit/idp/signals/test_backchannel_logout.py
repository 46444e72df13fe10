"""What a client is told of a sign-out: it can pass for nothing else (Back-Channel Logout 1.0 §2.4, §2.6)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from idp.clients.registry import Client
from idp.gate import Gate
from idp.signals import backchannel_logout
from keys import jws
from tests.unit.idp.signals.conftest import Added

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


@pytest.fixture
def client(gate: Gate, added: Added) -> Client:
    client_no = added("http://127.0.0.1:9/backchannel")
    return gate.registry.get().by_no[client_no]


def claims(gate: Gate, client: Client, delivery_id: UUID, session_id: UUID | None) -> dict[str, Any]:
    token = backchannel_logout.token(gate, client, delivery_id, uuid4(), session_id, NOW)
    keys = gate.keyring.get().verifiers("tokens")
    return jws.verify(token, keys, typ="logout+jwt", algorithms=[client.id_token_alg])


def test_it_names_the_session_that_ended_and_holds_nothing_more(gate: Gate, client: Client) -> None:
    delivery_id, session_id = uuid4(), uuid4()
    told = claims(gate, client, delivery_id, session_id)
    assert set(told) == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
    assert told["sid"] == gate.sid(session_id, client)
    assert told["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (told["aud"], told["jti"]) == (client.client_id, delivery_id.hex)
    assert told["exp"] - told["iat"] == 120


def test_without_a_session_all_of_the_citizens_end(gate: Gate, client: Client) -> None:
    assert "sid" not in claims(gate, client, uuid4(), None)
