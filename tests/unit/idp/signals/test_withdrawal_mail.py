"""To whom an agency's e-mails go, what they say, when they are noted, and what their link opens."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from idp import jobs
from idp.gate import Gate
from idp.signals import delivery, withdrawal_mail
from idp.signals.messages import Channel, Message
from idp.signals.withdrawal_clock import Answer, Clock
from keys.sealing import Kind
from tests.unit.idp.signals.conftest import Added


class Sent:
    """A gateway that takes what it is given; `refuses`: it is away; `dies`: the worker, just after."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refuses = self.dies = False

    def __call__(self, message: Message, now: datetime) -> None:
        if self.refuses:
            raise ConnectionError
        self.messages.append(message)
        if self.dies:
            raise KeyboardInterrupt


@pytest.fixture
def sent() -> Sent:
    return Sent()


def withdrawn(gate: Gate, client_no: int, ago: timedelta = timedelta(0)) -> tuple[UUID, UUID]:
    """A consent taken back so long ago, its clock begun: citizen and consent."""
    citizen_id, consent_id = uuid4(), uuid4()
    with gate.database.writing() as db:
        delivery.start_clock(db, citizen_id, consent_id, client_no, gate.now() - ago)
    return citizen_id, consent_id


def write(gate: Gate, sent: Sent, about: tuple[UUID, UUID], number: int = 0) -> None:
    arguments = {"citizen_id": str(about[0]), "consent_id": str(about[1]), "number": number}
    withdrawal_mail.write(gate, sent, arguments)


def clock_of(gate: Gate, about: tuple[UUID, UUID]) -> Clock:
    with gate.database.reading() as db:
        return delivery.clocks_of(db, about[0])[about[1]]


def answer(gate: Gate, about: tuple[UUID, UUID], said: Answer) -> None:
    with gate.database.writing() as db:
        found = delivery.find(db, *about)
        assert found is not None
        delivery.answer(db, found, said, "UU 43/2009" if said is Answer.KEPT else None)


def rows(gate: Gate, sql: str, **params: Any) -> list[Any]:
    with gate.database.reading() as db:
        return [tuple(row) for row in db.connection().exec_driver_sql(sql, params)]


def trail(gate: Gate, about: tuple[UUID, UUID]) -> list[Any]:
    sql = """
        SELECT e.action, e.outcome, e.detail FROM idp.audit_events AS e
         WHERE e.object_id = %(id)s ORDER BY e.event_id"""
    return rows(gate, sql, id=str(about[1]))


def test_the_data_protection_officer_is_written_to_and_that_is_noted(gate: Gate, added: Added, sent: Sent) -> None:
    client_no = added(None)
    about = withdrawn(gate, client_no)
    assert clock_of(gate, about).told_at is None
    write(gate, sent, about)
    (message,) = sent.messages
    assert (message.to, message.channel) == ("dpo@kabar.example", Channel.EMAIL)
    assert message.subject == "Izin berakhir: Antrean"
    links = re.findall(r"\S+/agency/withdrawals/link\?link=\S+", message.text)
    assert len(set(links)) == 1, "one link, in both languages"
    assert withdrawal_mail.read_link(gate, links[0].partition("link=")[2]) == about
    client = gate.registry.get().by_no[client_no]
    for never in (str(about[0]), gate.sub(about[0], client)):
        assert never not in message.text
    assert clock_of(gate, about).state == "told"
    assert trail(gate, about) == [("withdrawal.told", "done", {"number": 0})]


def test_what_was_not_taken_is_not_noted(gate: Gate, added: Added, sent: Sent) -> None:
    about, sent.refuses = withdrawn(gate, added(None)), True
    with pytest.raises(ConnectionError):
        write(gate, sent, about)
    assert clock_of(gate, about).state == "withdrawn"
    assert trail(gate, about) == []


def test_a_worker_killed_before_it_noted_sends_it_again_under_the_same_id(
    gate: Gate, added: Added, sent: Sent
) -> None:
    """(C084) Twice, never not at all. Seen to fail: with the note before the sending."""
    about, sent.dies = withdrawn(gate, added(None)), True
    with pytest.raises(KeyboardInterrupt):
        write(gate, sent, about)
    assert clock_of(gate, about).state == "withdrawn"
    sent.dies = False
    write(gate, sent, about)
    first, second = sent.messages
    assert first.message_id == second.message_id
    assert clock_of(gate, about).state == "told"
    write(gate, sent, about, 1)
    assert sent.messages[2].message_id != first.message_id, "a reminder is another message"


@pytest.mark.parametrize(("said", "written"), [(Answer.ACKNOWLEDGED, 1), (Answer.DELETED, 0), (Answer.KEPT, 0)])
def test_who_is_done_is_not_written_to(gate: Gate, added: Added, sent: Sent, said: Answer, written: int) -> None:
    about = withdrawn(gate, added(None))
    answer(gate, about, said)
    write(gate, sent, about, 1)
    assert len(sent.messages) == written


def test_what_nobody_knows_is_not_written_about(gate: Gate, sent: Sent) -> None:
    write(gate, sent, (uuid4(), uuid4()))
    write(gate, sent, withdrawn(gate, 2_000_000))
    assert sent.messages == []


def test_an_agency_whose_contact_is_no_address_is_said_not_to_be_told(
    gate: Gate, added: Added, sent: Sent
) -> None:
    client_no = added(None)
    about = withdrawn(gate, client_no)
    registry = gate.registry.get()
    by_no = registry.by_no | {client_no: replace(registry.by_no[client_no], dpo_contact="loket 3")}
    known = replace(gate, registry=SimpleNamespace(get=lambda: replace(registry, by_no=by_no)))  # type: ignore[arg-type]
    write(known, sent, about)
    write(known, sent, about)
    assert sent.messages == []
    clock = clock_of(gate, about)
    assert (clock.state, clock.attempts) == ("withdrawn", 0)
    assert clock.not_told_at is not None
    assert trail(gate, about)[0] == ("withdrawal.told", "failed", {"number": 0})


def asked(gate: Gate, about: tuple[UUID, UUID]) -> list[int]:
    """The numbers of the e-mails that wait to be sent about this."""
    sql = """
        SELECT (j.args->>'number')::integer FROM jobs.procrastinate_jobs AS j
         WHERE j.task_name = %(name)s AND j.args->>'consent_id' = %(id)s ORDER BY j.id"""
    return [row[0] for row in rows(gate, sql, name=jobs.WRITE_TO_AGENCY.name, id=str(about[1]))]


def test_each_reminder_is_asked_for_once(gate: Gate, added: Added) -> None:
    client_no = added(None)
    ages = [withdrawn(gate, client_no, timedelta(hours=hours)) for hours in (23, 25, 49, 73)]
    for _ in range(3):
        while withdrawal_mail.remind(gate):
            pass
    assert [asked(gate, about) for about in ages] == [[], [1], [2], [3]]


def test_the_third_tells_the_citizen_that_the_agency_is_late(gate: Gate, added: Added) -> None:
    client_no = added(None)
    about, told = withdrawn(gate, client_no, timedelta(hours=73)), withdrawn(gate, client_no, timedelta(hours=74))
    with gate.database.writing() as db:
        delivery.told(db, *told)
    while withdrawal_mail.remind(gate):
        pass
    sql = "SELECT n.kind, n.detail FROM idp.notifications AS n WHERE n.citizen_id = %(id)s"
    assert rows(gate, sql, id=about[0]) == [
        ("withdrawal_overdue", {"client_no": client_no, "consent_id": str(about[1])})
    ]
    assert trail(gate, about) == [("withdrawal.overdue", "failed", {"number": 3})]
    assert (clock_of(gate, about).not_told_at is None, clock_of(gate, about).attempts) == (False, 3)
    assert clock_of(gate, told).not_told_at is None


@pytest.mark.parametrize(
    ("number", "subject"),
    [(0, "Izin berakhir"), (1, "Pengingat: "), (2, "Pengingat: "), (3, "Terlambat: ")],
)
def test_a_reminder_says_that_it_is_one(gate: Gate, added: Added, sent: Sent, number: int, subject: str) -> None:
    about = withdrawn(gate, added(None))
    write(gate, sent, about, number)
    assert sent.messages[0].subject.startswith(subject)
    expected = "withdrawal.reminded" if number else "withdrawal.told"
    assert trail(gate, about) == [(expected, "done", {"number": number})]


def test_a_link_opens_what_it_was_made_for_and_nothing_else(gate: Gate) -> None:
    now, about = gate.clock(), (uuid4(), uuid4())
    link = withdrawal_mail.link_to(gate, *about, now).partition("link=")[2]
    assert withdrawal_mail.read_link(gate, link) == about
    middle = len(link) // 2
    changed = link[:middle] + ("A" if link[middle] != "A" else "B") + link[middle + 1 :]
    of_another_kind = gate.sealer.seal(Kind.CANCELLATION, about[0].bytes + about[1].bytes, now)
    for other in ("", "x", changed, link[:-1], f"{link}=", of_another_kind, "\ud800", "é" * 90, "A" * 9000):
        assert withdrawal_mail.read_link(gate, other) is None


def test_a_link_lives_for_thirty_days(gate: Gate) -> None:
    about = (uuid4(), uuid4())
    for days, lives in ((29, True), (32, False)):
        link = withdrawal_mail.link_to(gate, *about, gate.clock() - timedelta(days=days)).partition("link=")[2]
        assert (withdrawal_mail.read_link(gate, link) == about) is lives
