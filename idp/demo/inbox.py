"""The visible inbox: the e-mails, SMS and letters of a demo or sandbox, which reach nobody, kept in one file.

`GET /demo/inbox` shows it, as a page or as JSON by `Accept`. The file is ours alone (0600), each line one message;
several processes may append.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, request

from idp.accounts.letters import Letter
from idp.settings import Settings
from idp.web import pages

NEWEST = 500
blueprint = Blueprint("demo_inbox", __name__)


@dataclass(frozen=True, slots=True)
class Message:
    """`channel` is email, sms or letter; `sent_at` an ISO 8601 time in UTC."""

    to: str
    channel: str
    sent_at: str
    subject: str
    text: str


class Inbox:
    """The messages of one installation."""

    def __init__(self, instance: Path) -> None:
        self._path = instance / "inbox.jsonl"

    def deliver(self, *, to: str, channel: str, subject: str, text: str, now: datetime) -> None:
        line = json.dumps(asdict(Message(to, channel, now.isoformat(), subject, text)), ensure_ascii=False)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(line + "\n")

    def list_newest(self) -> list[Message]:
        """The newest first, at most 500."""
        if not self._path.exists():
            return []
        with self._path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            lines = file.read().splitlines()
        return [Message(**json.loads(line)) for line in reversed(lines[-NEWEST:])]


def show_letter(settings: Settings, to: str, letter: Letter, now: datetime, more: str = "") -> None:
    """A letter that a demo or sandbox does not print. `more`: what its reader would know by themselves."""
    text = f"Kode dari surat: {letter.code}. Aktifkan akun Anda di {settings.issuer}/activate.{more}"
    Inbox(settings.instance).deliver(to=to, channel="letter", subject="Kode Gapura Anda", text=text, now=now)


@blueprint.get("/demo/inbox")
def show() -> Response:
    messages = Inbox(current_app.extensions["gapura"].settings.instance).list_newest()
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify([asdict(message) for message in messages])
    shown = [(message, datetime.fromisoformat(message.sent_at)) for message in messages]
    return pages.render("demo/inbox.html", messages=shown)
