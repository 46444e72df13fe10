"""The operator's own gateway for e-mail and SMS: one HTTPS address that takes a message as JSON and answers 2xx.

Which provider carries it is the gateway's affair, so a change of provider changes nothing here. The address is
the operator's word, not a stranger's: it may lie in the inner network. `Idempotency-Key` lets the gateway drop
what came twice.
"""

from datetime import datetime
from pathlib import Path

import httpx

from idp import token_files
from idp.settings import Settings, SettingsError
from idp.signals.messages import Message

SECONDS = 10.0
MISSING = "No message gateway: codes and warnings reach nobody. Set GAPURA_MESSAGES_URL."


class NotSent(Exception):
    """The gateway did not take it. The text carries nothing of the message."""


class Gateway:
    """Sends by POST {"to", "channel", "subject", "text"}; the token comes by file, which no environment shows."""

    def __init__(self, url: str | None, token_file: Path | None) -> None:
        self._url = url
        self._token_file = token_file

    @classmethod
    def of(cls, settings: Settings) -> "Gateway":
        return cls(settings.messages_url, settings.messages_token_file)

    def __call__(self, message: Message, now: datetime) -> None:  # noqa: ARG002 (a sender is called so)
        if self._url is None:
            raise NotSent(MISSING)
        headers = {"Idempotency-Key": message.message_id.hex}
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {self._token(self._token_file)}"
        said = {"to": message.to, "channel": message.channel, "subject": message.subject, "text": message.text}
        try:
            answer = httpx.post(self._url, json=said, headers=headers, timeout=SECONDS, follow_redirects=False)
        except httpx.HTTPError as error:
            raise NotSent(f"the message gateway cannot be reached ({type(error).__name__})") from None
        if not answer.is_success:
            raise NotSent(f"the message gateway answered {answer.status_code}")

    @staticmethod
    def _token(file: Path) -> str:
        try:
            return token_files.read_messages_token(file)
        except SettingsError as error:
            raise NotSent(str(error)) from None
