"""A message leaves with its cause, sealed on the way, not after its end, and not to who was erased."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from idp import jobs
from idp.gate import Gate
from idp.signals import message_words, messages, notifications
from idp.signals.message_words import Kind
from idp.signals.messages import Message
from idp.worker import Parts
from keys.errors import CannotOpen
from tests.builders import Citizen, a_citizen

WORDS = message_words.words(Kind.NOTIFICATION, "id")


@pytest.fixture
def gate(parts: Parts) -> Iterator[Gate]:
    """On the worker's own server, where no other test's jobs are."""
    yield parts.gate
    with parts.database.writing() as db:
        db.execute(text("DELETE FROM jobs.procrastinate_jobs"))


@pytest.fixture
def citizen(gate: Gate) -> Citizen:
    with gate.database.writing() as db:
        return a_citizen(db, gate.vault)


def waiting(gate: Gate) -> list[dict[str, Any]]:
    with gate.database.reading() as db:
        rows = db.execute(
            text("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = :name ORDER BY id"),
            {"name": jobs.SEND_MESSAGE.name},
        )
        return [row.args for row in rows]


def sent(gate: Gate) -> list[Message]:
    came: list[Message] = []
    for arguments in waiting(gate):
        messages.send(gate, lambda message, now: came.append(message), arguments)
    return came


def test_it_arrives_as_it_was_put_and_its_job_tells_nothing(gate: Gate, citizen: Citizen) -> None:
    with gate.database.writing() as db:
        channel = messages.put(db, gate.vault, citizen.citizen_id, citizen.phone, WORDS)
    written = json.dumps(waiting(gate))
    assert citizen.phone.normal not in written
    assert "Gapura" not in written
    (message,) = sent(gate)
    assert (message.to, message.channel, message.text) == (citizen.phone.normal, channel, WORDS.text)
    assert citizen.phone.normal not in repr(message)


def test_without_its_cause_nothing_is_sent(gate: Gate, citizen: Citizen) -> None:
    def act() -> None:
        with gate.database.writing() as db:
            messages.put(db, gate.vault, citizen.citizen_id, citizen.phone, WORDS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert waiting(gate) == []


def test_what_has_run_out_is_not_sent_late(gate: Gate, citizen: Citizen) -> None:
    for ends_in in (timedelta(minutes=10), timedelta(0)):
        with gate.database.writing() as db:
            messages.put(db, gate.vault, citizen.citizen_id, citizen.phone, WORDS, until=gate.now() + ends_in)
    assert len(waiting(gate)) == 2
    assert len(sent(gate)) == 1


def test_nobody_writes_to_who_was_erased(gate: Gate, citizen: Citizen) -> None:
    with gate.database.writing() as db:
        messages.put(db, gate.vault, citizen.citizen_id, citizen.phone, WORDS)
        db.execute(text("DELETE FROM idp.citizen_keys WHERE citizen_id = :id"), {"id": citizen.citizen_id})
    assert sent(gate) == []


def test_a_message_of_one_does_not_open_as_another(gate: Gate, citizen: Citizen) -> None:
    with gate.database.writing() as db:
        messages.put(db, gate.vault, citizen.citizen_id, citizen.phone, WORDS)
        other = a_citizen(db, gate.vault)
    (arguments,) = waiting(gate)
    with pytest.raises(CannotOpen):
        messages.send(gate, lambda message, now: None, arguments | {"citizen_id": str(other.citizen_id)})


def test_a_warning_goes_to_every_channel_that_is_still_the_citizens(gate: Gate, citizen: Citizen) -> None:
    """(row 91, row 92)"""
    with gate.database.writing() as db:
        other = a_citizen(db, gate.vault)
        gate.vault.link(db, other.citizen_id, citizen.phone, gate.now())  # sold again, and proved by its new owner
        notifications.warn(db, gate.vault, citizen.citizen_id, "password_changed", "en")
        (row,) = notifications.list_of(db, citizen.citizen_id)
    assert (row.kind, row.sent_by) == ("password_changed", ["page", "email"])
    (message,) = sent(gate)
    assert (message.to, message.subject) == (citizen.email.normal, "Gapura notification")
    assert "http" not in message.text


@pytest.mark.parametrize("kind", Kind)
def test_every_message_has_its_words_in_both_languages(kind: Kind) -> None:
    assert set(message_words.WORDS[kind]) == {"id", "en"}
