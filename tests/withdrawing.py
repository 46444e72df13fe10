"""Somebody who took a permission back, and the e-mails that their agency got: what tests of its answer share."""

import re
import time
from collections.abc import Callable
from uuid import UUID

from idp.gate import Gate
from idp.signals import withdrawal_mail
from tests.people import ARRIVES_WITHIN_SECONDS, a_person, messages_to
from tests.running import Running
from tests.sample_client import sign_in

OFFICERS = {
    "bantuan-beras": "dpo@dinsos.sukamaju.example",
    "antrean-puskesmas": "dpo@dinkes.sukamaju.example",
    "surat-keterangan": "dpo@dukcapil.example",
    "sim-saya": "dpo@sim.example",
}
STATE = """
SELECT w.told_at, w.acknowledged_at, w.deleted_at, w.kept_at, w.kept_under
  FROM idp.withdrawals AS w WHERE w.consent_id = %(id)s"""


class Withdrawn:
    """Somebody who allowed an application, and took it back a moment ago, or only the attribute `part` of it."""

    def __init__(
        self,
        running: Running,
        gate: Gate,
        client_id: str = "bantuan-beras",
        scope: str = "openid profile",
        part: str | None = None,
    ) -> None:
        self._running, self._gate, self.client_id, self._scope = running, gate, client_id, scope
        self.person = a_person(gate)
        self.browser = running.browser()
        self.give()
        self.consent_id = self._id("SELECT c.consent_id FROM consent.consents AS c WHERE c.citizen_id = %(id)s")
        self.take_back(part)
        # By which the agency answers: the consent, or the act that took the part back.
        self.answered_as = self._id("SELECT w.consent_id FROM idp.withdrawals AS w WHERE w.citizen_id = %(id)s")

    def give(self) -> None:
        client, told = self._running.client(self.client_id), self.person.as_told()
        sign_in(self.browser, client, told, scope=self._scope, prompt="consent")

    def take_back(self, part: str | None = None) -> None:
        of = f"/attributes/{part}" if part else ""
        page = self.browser.get(f"/consents/{self.consent_id}{of}/withdraw")
        self.browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")

    def _id(self, sql: str) -> UUID:
        found: UUID = self._running.rows(sql, id=self.person.citizen_id)[0][0]
        return found

    def links(self, count: int = 1) -> list[str]:
        """Those that came for this consent, oldest first."""
        deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
        while len(found := self._links()) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} e-mails came"
            time.sleep(0.1)
        return found

    def _links(self) -> list[str]:
        texts = [message["text"] for message in messages_to(self._running, OFFICERS[self.client_id])]
        links = [re.findall(r"\S+/agency/withdrawals/link\?link=\S+", text)[0] for text in texts]
        about = (self.person.citizen_id, self.answered_as)
        return [one for one in links if withdrawal_mail.read_link(self._gate, one.partition("link=")[2]) == about]

    def state(self) -> tuple[object, ...]:
        return self._running.rows(STATE, id=self.consent_id)[0]

    def trail(self) -> list[str]:
        sql = "SELECT e.action FROM idp.audit_events AS e WHERE e.object_id = %(id)s ORDER BY e.event_id"
        return [
            row[0] for row in self._running.rows(sql, id=str(self.consent_id)) if row[0].startswith("withdrawal.")
        ]

    def own_page(self, language: str = "id") -> str:
        return self.browser.get(f"/consents/{self.consent_id}?ui_locales={language}").html


Withdraws = Callable[..., Withdrawn]
