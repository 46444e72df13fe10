"""A citizen of a test's own with all that signing in leaves at an application, and what still works of it."""

import json
import queue
import time
from base64 import urlsafe_b64decode
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from idp.gate import Gate
from tests.builders import PASSWORD, a_citizen
from tests.clients.programs import AGREEMENT, register
from tests.running import Running
from tests.sample_client import Browser, SampleClient, Tokens, Visit, sign_in

SCOPE = "openid profile email"
OFFLINE = f"{SCOPE} offline_access"


class Told:
    """An application's back-channel door. Of the logout tokens that come, those about `subject` count: one about
    another test's citizen may be late.
    """

    def __init__(self) -> None:
        self.tokens: queue.Queue[str] = queue.Queue()
        self.subject = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        self.tokens.put(parse_qs(body)["logout_token"][0])
        handler.send_response(204)
        handler.end_headers()

    def is_told(self, within: float) -> bool:
        ends = time.monotonic() + within
        with suppress(queue.Empty):
            while True:
                token = self.tokens.get(timeout=max(0.0, ends - time.monotonic()))
                if unverified(token)["sub"] == self.subject:
                    return True
        return False


def an_application(running: Running, told_at: str | None = None, agency: str = "dinkes-sukamaju") -> SampleClient:
    """One that refreshes, and that is told at `told_at` when a session ends."""
    home = "https://uji-akhir.example.go.id"
    more: dict[str, Any] = {
        "agency": agency, "scope": OFFLINE, "grant_types": ["authorization_code", "refresh_token"],
        "backchannel_logout_uri": told_at, "sign_in_agreement": AGREEMENT | {"optional": ["email"]},
    }  # fmt: skip
    added = register(running, home, "/cb", "standard", more)
    return SampleClient(running.issuer, {
        "client_id": added["CLIENT_ID"], "client_secret": added["CLIENT_SECRET"], "redirect_uris": [f"{home}/cb"],
    })  # fmt: skip


def unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


@dataclass
class Standing:
    """`bound` hangs on the session, `offline` outlives it; `code` waits to be redeemed."""

    running: Running
    client: SampleClient
    citizen: dict[str, Any]
    citizen_id: UUID
    browser: Browser
    bound: Tokens
    offline: Tokens
    code: tuple[Visit, str]

    def works(self) -> dict[str, bool]:
        """What of it still gives something; the code last, because asking burns it."""
        return {
            "session": self.signed_in(),
            "silent": self.known_silently(),
            "access": self.reads(self.bound),
            "offline access": self.reads(self.offline),
            "refresh": self.refreshes(self.bound),
            "offline refresh": self.refreshes(self.offline),
            "code": self.client.redeem(*self.code).status_code == 200,
        }

    def signed_in(self) -> bool:
        return self.browser.get("/consents").url.endswith("/consents")

    def known_silently(self) -> bool:
        """By the application's request that may not ask (`prompt=none`)."""
        return "code" in self.browser.get(self.client.visit(SCOPE, prompt="none").url).answer

    def reads(self, tokens: Tokens) -> bool:
        """At userinfo; and introspection must agree with it."""
        answer = self.client.userinfo(tokens.access_token)
        assert answer.status_code in (200, 401), answer.text
        asked = self.client.http.post(
            self.client.metadata["introspection_endpoint"], data={"token": tokens.access_token},
            auth=(self.client.client_id, str(self.client.secret)),
        )  # fmt: skip
        if asked.status_code == 200:  # a suspended client may not even ask
            assert asked.json()["active"] is (answer.status_code == 200)
        return answer.status_code == 200

    def refreshes(self, tokens: Tokens) -> bool:
        form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
        answer = self.client.token(form)
        assert answer.status_code in (200, 400, 401), answer.text
        return answer.status_code == 200

    def consent(self) -> str:
        """How the citizen's consent to this client stands: in force, or why not."""
        ((withdrawn, over, revision),) = self.running.rows(
            "SELECT c.withdrawn_at IS NOT NULL, c.expires_at <= now(), c.revision FROM consent.consents AS c"
            "  JOIN idp.clients AS k USING (client_no)"
            " WHERE k.client_id = %(client_id)s AND c.citizen_id = %(citizen_id)s",
            client_id=self.client.client_id, citizen_id=self.citizen_id,
        )  # fmt: skip
        return "ended" if withdrawn or over else f"version {revision}"

    def consent_id(self) -> UUID:
        ((consent_id,),) = self.running.rows(
            "SELECT c.consent_id FROM consent.consents AS c JOIN idp.clients AS k USING (client_no)"
            " WHERE k.client_id = %(client_id)s AND c.citizen_id = %(citizen_id)s",
            client_id=self.client.client_id, citizen_id=self.citizen_id,
        )  # fmt: skip
        found: UUID = consent_id
        return found

    def again(self) -> Tokens:
        """The citizen comes once more, through whichever pages appear."""
        return sign_in(self.browser, self.client, self.citizen, scope=SCOPE)

    def press(self, path: str, name: str) -> None:
        page = self.browser.get(path)
        done = self.browser.submit(page, page.form("csrf_token"), press=name)
        assert done.status == 200, json.dumps(done.html[:500])


def a_standing(running: Running, gate: Gate, client: SampleClient) -> Standing:
    with gate.database.writing() as db:
        made = a_citizen(db, gate.vault, hashing=gate.hashing)
    citizen = {"nik": made.nik.normal, "password": PASSWORD}
    browser = running.browser()
    bound = sign_in(browser, client, citizen, scope=SCOPE)
    offline = sign_in(browser, client, citizen, scope=OFFLINE, prompt="consent")
    visit = client.visit(SCOPE)
    code = client.code(visit, browser.get(visit.url))
    return Standing(running, client, citizen, made.citizen_id, browser, bound, offline, (visit, code))
