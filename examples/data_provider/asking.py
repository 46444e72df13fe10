"""Asking Gapura "may I?" (OpenID AuthZEN Authorization API 1.0): a token of our own, a question, a decision."""

import time
import uuid
from typing import Any

import requests


class Asking:
    """One provider's. It keeps its own token until shortly before it ends, and never a decision."""

    def __init__(self, gapura: str, ourselves: tuple[str, str], within_seconds: float) -> None:
        self._gapura, self._ourselves, self._within = gapura, ourselves, within_seconds
        self._token, self._good_until = "", 0.0

    def may_i(self, application: str, purpose: str, sub: str, attributes: list[str]) -> dict[str, Any]:
        """The decision. What is no decision raises: then nobody may. Should the answer be lost on the way, the
        same `X-Request-ID` asks again without a second look at the citizen.
        """
        question = {
            "subject": {"type": "application", "id": application},
            "action": {"name": "read", "properties": {"purpose": purpose}},
            "resource": {"type": "citizen", "id": sub, "properties": {"attributes": attributes}},
        }
        request_id = str(uuid.uuid4())
        try:
            asked = self._post(question, request_id)
        except (requests.ConnectionError, requests.Timeout):
            asked = self._post(question, request_id)
        asked.raise_for_status()
        decision: dict[str, Any] = asked.json()
        return decision

    def _post(self, question: dict[str, Any], request_id: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._own_token()}", "X-Request-ID": request_id}
        address = f"{self._gapura}/access/v1/evaluation"
        return requests.post(address, json=question, headers=headers, timeout=self._within)

    def _own_token(self) -> str:
        if time.monotonic() >= self._good_until:
            form = {"grant_type": "client_credentials", "scope": "may_i"}
            given = requests.post(f"{self._gapura}/token", form, auth=self._ourselves, timeout=self._within)
            given.raise_for_status()
            self._token = given.json()["access_token"]
            self._good_until = time.monotonic() + given.json()["expires_in"] - 30
        return self._token
