"""A data provider in miniature: it asks "may I?" as a program of an agency's does, with none of our code."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from idp.gate import Gate
from tests import local_http
from tests.clients.programs import wait_until_known
from tests.people import Person, a_person
from tests.running import Running
from tests.sample_client import sign_in

RICE_AID, PURPOSE = "bantuan-beras", "rice-aid-eligibility/1"
SCOPE = "openid profile village regency"
DOOR = "/access/v1/evaluation"


class Provider:
    """The demo's civil registry, or another client that may ask."""

    def __init__(self, running: Running, gate: Gate, client_id: str = "", secret: str = "") -> None:
        known = running.demo["data_providers"][0]
        self.issuer, self._gate = running.issuer, gate
        self.client_id = client_id or known["client_id"]
        self.secret = secret or known["client_secret"]
        self.token = self.new_token()

    def new_token(self, scope: str = "may_i") -> str:
        answer = local_http.post(
            f"{self.issuer}/token", data={"grant_type": "client_credentials", "scope": scope},
            auth=(self.client_id, self.secret),
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def sub(self, citizen_id: UUID) -> str:
        """What this provider calls a citizen. Looked up behind the doors: it learned it when somebody showed it a
        token."""
        return self._gate.sub(citizen_id, self._gate.registry.get().by_id[self.client_id])

    def question(self, citizen_id: UUID | str, *attributes: str, **changed: Any) -> dict[str, Any]:
        """The smallest one: may the rice aid read these of this citizen?"""
        sub = citizen_id if isinstance(citizen_id, str) else self.sub(citizen_id)
        return {
            "subject": {"type": "application", "id": changed.pop("application", RICE_AID)},
            "action": {"name": "read", "properties": {"purpose": changed.pop("purpose", PURPOSE)}},
            "resource": {"type": "citizen", "id": sub, "properties": {"attributes": list(attributes)}},
            **changed,
        }

    def ask(self, question: Any, door: str = DOOR, **headers: str) -> httpx.Response:
        """`question`: what becomes JSON, or bytes as they are."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = question if isinstance(question, bytes) else json.dumps(question).encode()
        as_sent = {name: value.encode("latin-1") for name, value in sent.items()}
        return local_http.post(f"{self.issuer}{door}", content=content, headers=as_sent)

    def may_i(self, citizen_id: UUID | str, *attributes: str, **changed: Any) -> dict[str, Any]:
        """The answer."""
        answer = self.ask(self.question(citizen_id, *attributes, **changed))
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


def allow_rice_aid(running: Running, person: dict[str, Any]) -> Any:
    """The citizen signs in there and allows name, village and regency; their browser."""
    browser = running.browser()
    sign_in(browser, running.client(RICE_AID), person, scope=SCOPE)
    return browser


@pytest.fixture(scope="module")
def provider(running: Running, gate: Gate) -> Provider:
    """The demo's civil registry. Whoever asks as it imports this."""
    return Provider(running, gate)


def who_allows_rice_aid(running: Running, gate: Gate) -> Person:
    """Somebody who allows the rice aid name, village and regency."""
    person = a_person(gate)
    allow_rice_aid(running, person.as_told())
    return person


def withdraw(browser: Any, consent_id: str) -> None:
    page = browser.get(f"/consents/{consent_id}/withdraw")
    done = browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
    assert done.status == 200, done.html[:500]


def looks(gate: Gate, citizen_id: UUID) -> list[tuple[str, set[str]]]:
    """What the citizen's list has of evaluations, oldest first: the reason, and the attributes by name."""
    by_no = gate.attributes.get().by_no
    with gate.database.reading() as db:
        found = db.execute(
            text("SELECT reason::text, attribute_nos FROM consent.disclosures"
                 " WHERE citizen_id = :citizen_id AND channel = 'evaluation' ORDER BY disclosure_id"),
            {"citizen_id": citizen_id},
        )  # fmt: skip
        return [(reason, {by_no[number].name for number in numbers}) for reason, numbers in found]


def an_asker(running: Running, gate: Gate) -> Provider:
    """Another program of the civil registry's."""
    file = running.instance / f"asker-{uuid4()}.json"
    file.write_text(json.dumps({
        "agency": "dukcapil-nusantara", "profile": "machine", "client_name": "Penanya", "scope": "may_i",
    }))  # fmt: skip
    added = running.command("clients", "add", "--file", str(file))
    wait_until_known(running, added["client_id"])
    return Provider(running, gate, added["client_id"], added["client_secret"])
