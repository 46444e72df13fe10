"""The visible inbox: what was sent, newest first, for its owner's eyes."""

import stat
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from idp.demo import inbox
from idp.demo.inbox import Inbox

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def deliver(box: Inbox, subject: str) -> None:
    box.deliver(to="siti@warga.example", channel="email", subject=subject, text="Kode Anda: 123456", now=NOW)


def test_messages_are_listed_newest_first(tmp_path: Path) -> None:
    box = Inbox(tmp_path)
    assert box.list_newest() == []
    deliver(box, "Pertama")
    deliver(box, "Kedua\ndengan baris baru")
    newest, oldest = box.list_newest()
    assert (newest.subject, oldest.subject) == ("Kedua\ndengan baris baru", "Pertama")
    assert newest.sent_at == "2026-11-25T12:00:00+00:00"


def test_the_inbox_is_its_owners_alone(tmp_path: Path) -> None:
    deliver(Inbox(tmp_path), "Rahasia")
    assert stat.S_IMODE((tmp_path / "inbox.jsonl").stat().st_mode) == 0o600


def test_programs_read_it_as_json(tmp_path: Path) -> None:
    class Parts:
        class settings:
            instance = tmp_path

    app = Flask(__name__)
    app.extensions["gapura"] = Parts
    app.register_blueprint(inbox.blueprint)
    deliver(Inbox(tmp_path), "Halo")
    answer = app.test_client().get("/demo/inbox", headers={"Accept": "application/json"})
    assert answer.json == [
        {"to": "siti@warga.example", "channel": "email", "sent_at": NOW.isoformat(), "subject": "Halo",
         "text": "Kode Anda: 123456"}
    ]  # fmt: skip
