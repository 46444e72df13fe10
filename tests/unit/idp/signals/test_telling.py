"""Who is told, who is not, what is written of it, and that a receiver that does not answer delays no other."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from idp import log
from idp.gate import Gate
from idp.invalidation import Cached
from idp.signals import deliveries, delivery, outbox, telling
from idp.signals.telling import Telling
from idp.signals.withdrawal_clock import Clock
from keys.keyring import Keyring
from tests.receivers import Receiver, gone
from tests.unit.idp.signals.conftest import Added, at_work

LOGOUT, WITHDRAWN = "backchannel_logout", "consent-withdrawn"


@pytest.fixture
def receivers() -> Iterator[dict[str, Receiver]]:
    """By how they behave."""
    found = {
        "hangs": Receiver(hangs=True),
        "answers 500": Receiver(500),
        "redirects": Receiver(302),
        "answers 400": Receiver(400),
        "is well": Receiver(),
    }
    yield found
    for receiver in found.values():
        receiver.close()


def put(gate: Gate, client_no: int, kind: str = LOGOUT, citizen_id: UUID | None = None, **detail: Any) -> UUID:
    """A signal in the outbox; about whom."""
    about = citizen_id or uuid4()
    with gate.database.writing() as db:
        outbox.put(db, client_no, about, kind, detail or {"session_id": str(uuid4())})
    return about


def withdrawn(gate: Gate, client_no: int) -> tuple[UUID, UUID]:
    """A consent taken back just now, its clock begun, its signal in the outbox: citizen and consent."""
    citizen_id, consent_id = uuid4(), uuid4()
    with gate.database.writing() as db:
        now = db.connection().exec_driver_sql("SELECT now()").scalar_one()
        delivery.start_clock(db, citizen_id, consent_id, client_no, now)
        outbox.put(db, client_no, citizen_id, WITHDRAWN, {"consent_id": str(consent_id), "reason": "withdrawn"})
    return citizen_id, consent_id


def rows(gate: Gate, sql: str, **params: Any) -> list[Any]:
    with gate.database.reading() as db:
        return list(db.connection().exec_driver_sql(sql, params))


def change(gate: Gate, sql: str, **params: Any) -> None:
    with gate.database.writing() as db:
        db.connection().exec_driver_sql(sql, params)


def clock_of(gate: Gate, citizen_id: UUID, consent_id: UUID) -> Clock:
    with gate.database.reading() as db:
        return delivery.clocks_of(db, citizen_id)[consent_id]


def tell_once(gate: Gate) -> None:
    """Hand over, and one attempt at each delivery that is due."""
    telling.hand_over(gate)
    step_until_still(Telling(gate))


def step_until_still(telling: Telling) -> None:
    while telling.step():
        pass


def given_up(gate: Gate, citizen_id: UUID) -> list[Any]:
    return rows(
        gate,
        "SELECT d.last_answer, d.attempts FROM idp.deliveries AS d"
        " WHERE d.citizen_id = %(citizen_id)s AND d.given_up_at IS NOT NULL",
        citizen_id=citizen_id,
    )


def test_the_well_one_is_told_within_two_seconds_beside_four_that_are_not(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    """(C054) One hangs, one answers 500, one redirects, one is gone, each with a long queue."""
    bad = [added(receivers[how].uri) for how in ("hangs", "answers 500", "redirects")] + [added(gone())]
    well = added(receivers["is well"].uri)
    for client_no in bad * 20:
        put(gate, client_no)
    with at_work(gate):
        time.sleep(1.5)  # by now each of the bad has what places it can get
        for _ in range(6):
            put(gate, well)
            began = time.monotonic()
            receivers["is well"].told.get(timeout=5)
            assert time.monotonic() - began < 2
            time.sleep(0.4)
        for receiver in receivers.values():
            receiver.let_go.set()


def test_whoever_hangs_is_asked_twice_at_once_and_then_rarely(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    hanging = added(receivers["hangs"].uri)
    for _ in range(20):
        put(gate, hanging)
    with at_work(gate):
        time.sleep(4)
        assert len(receivers["hangs"].told_at) == 2
        time.sleep(4)  # both cut after five seconds, then a rest of five
        assert len(receivers["hangs"].told_at) == 2
        receivers["hangs"].let_go.set()


def test_nothing_is_locked_and_no_transaction_open_while_a_receiver_hangs(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    put(gate, added(receivers["hangs"].uri))
    with at_work(gate):
        receivers["hangs"].told.get(timeout=5)
        with gate.database.writing() as db:
            db.connection().exec_driver_sql("SELECT 1 FROM idp.deliveries FOR UPDATE NOWAIT")
            db.connection().exec_driver_sql("SELECT 1 FROM idp.outbox FOR UPDATE NOWAIT")
        assert rows(gate, "SELECT 1 FROM pg_stat_activity WHERE starts_with(state, 'idle in transaction')") == []
        receivers["hangs"].let_go.set()


def test_a_delivery_that_cannot_be_opened_is_given_up_and_the_rest_is_told(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    well = added(receivers["is well"].uri)
    lost, fine = put(gate, well), put(gate, well)
    telling.hand_over(gate)
    change(gate, "UPDATE idp.deliveries SET token_sealed = '\\x01ff' WHERE citizen_id = %(lost)s", lost=lost)
    step_until_still(Telling(gate))
    assert receivers["is well"].told.qsize() == 1
    assert given_up(gate, lost) == [("unreadable", 1)]
    assert rows(gate, "SELECT 1 FROM idp.deliveries WHERE citizen_id = %(fine)s", fine=fine) == []


@pytest.mark.parametrize("detail", ['"words"', '{"session_id": "not an id"}', "[1]", "null", '{"consent_id": 7}'])
def test_a_signal_that_cannot_be_read_holds_up_no_other(
    gate: Gate, added: Added, receivers: dict[str, Receiver], detail: str
) -> None:
    well = added(receivers["is well"].uri)
    broken = put(gate, well)
    sql = "UPDATE idp.outbox SET detail = %(detail)s::jsonb WHERE citizen_id = %(broken)s"
    change(gate, sql, detail=detail, broken=broken)
    put(gate, well)
    tell_once(gate)
    assert receivers["is well"].told.qsize() == 1
    assert rows(gate, "SELECT 1 FROM idp.outbox") == []


@pytest.mark.usefixtures("log_put_back")
def test_what_nobody_can_be_told_is_counted_in_the_log(gate: Gate, added: Added) -> None:
    lines = io.StringIO()
    log.configure(stream=lines)
    deaf = added(None)
    put(gate, deaf)
    put(gate, deaf)
    put(gate, deaf, "token-claims-change", attribute_nos=[1])
    telling.hand_over(gate)
    said = lines.getvalue()
    assert '"because":"no_address","count":2' in said
    assert '"kind":"token-claims-change","because":"no_receiver","count":1' in said
    assert rows(gate, "SELECT 1 FROM idp.outbox") == []


def test_a_withdrawal_that_was_told_says_when(gate: Gate, added: Added, receivers: dict[str, Receiver]) -> None:
    about = withdrawn(gate, added(receivers["is well"].uri))
    assert clock_of(gate, *about).told_at is None
    tell_once(gate)
    clock = clock_of(gate, *about)
    assert clock.told_at is not None
    assert clock.withdrawn_at <= clock.told_at < clock.withdrawn_at + timedelta(minutes=1)
    assert (clock.not_told_at, clock.attempts) == (None, 0)


def test_a_withdrawal_that_was_not_taken_yet_is_not_told(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    about = withdrawn(gate, added(receivers["answers 500"].uri))
    tell_once(gate)
    clock = clock_of(gate, *about)
    assert (clock.told_at, clock.not_told_at) == (None, None)


def test_a_withdrawal_by_an_application_without_an_address_is_left_to_the_e_mail(gate: Gate, added: Added) -> None:
    about = withdrawn(gate, added(None))
    tell_once(gate)
    clock = clock_of(gate, *about)
    assert (clock.told_at, clock.not_told_at) == (None, None)


def test_who_was_told_by_e_mail_is_not_said_to_be_untold(gate: Gate, added: Added) -> None:
    about = tried_in_vain(gate, added(gone()), timedelta(hours=72, minutes=1))
    with gate.database.writing() as db:
        delivery.told(db, *about)
    telling.give_up_too_old(gate)
    assert given_up(gate, about[0]) == [("unreachable", 17)]
    assert clock_of(gate, *about).not_told_at is None
    assert notified(gate, about[0]) == []


def tried_in_vain(gate: Gate, client_no: int, since: timedelta) -> tuple[UUID, UUID]:
    """A withdrawal whose signal has that age and was sent 17 times: citizen and consent."""
    citizen_id, consent_id = withdrawn(gate, client_no)
    with gate.database.writing() as db:
        (signal,) = outbox.take(db)
        aged = db.connection().exec_driver_sql("SELECT uuidv7(%(ago)s)", {"ago": -since}).scalar_one()
        deliveries.keep(db, gate.rest_sealer, replace(signal, signal_id=aged))
        db.connection().exec_driver_sql(
            "UPDATE idp.deliveries SET attempts = 17, last_answer = 'unreachable' WHERE delivery_id = %(aged)s",
            {"aged": aged},
        )
    return citizen_id, consent_id


def test_after_three_days_of_attempts_everybody_concerned_reads_it(gate: Gate, added: Added) -> None:
    client_no = added(gone())
    citizen_id, consent_id = tried_in_vain(gate, client_no, timedelta(hours=72, minutes=1))
    telling.give_up_too_old(gate)
    telling.give_up_too_old(gate)  # a second worker finds nothing left
    assert given_up(gate, citizen_id) == [("unreachable", 17)]
    clock = clock_of(gate, citizen_id, consent_id)
    assert clock.not_told_at is not None
    assert (clock.told_at, clock.attempts) == (None, 17)
    assert notified(gate, citizen_id) == [
        ("withdrawal_not_told", {"client_no": client_no, "consent_id": str(consent_id), "attempts": 17})
    ]
    trail = rows(
        gate,
        "SELECT e.outcome, e.detail FROM idp.audit_events AS e"
        " WHERE e.action = 'delivery.given_up' AND e.actor_no = %(client_no)s",
        client_no=client_no,
    )
    assert trail == [("failed", {"kind": WITHDRAWN, "attempts": 17, "last_answer": "unreachable"})]


def test_before_three_days_nothing_is_given_up(gate: Gate, added: Added) -> None:
    citizen_id, _ = tried_in_vain(gate, added(gone()), timedelta(hours=71, minutes=59))
    telling.give_up_too_old(gate)
    assert given_up(gate, citizen_id) == []
    assert notified(gate, citizen_id) == []


def notified(gate: Gate, citizen_id: UUID) -> list[Any]:
    sql = "SELECT n.kind, n.detail FROM idp.notifications AS n WHERE n.citizen_id = %(citizen_id)s"
    return rows(gate, sql, citizen_id=citizen_id)


def test_a_sign_out_that_will_never_be_taken_ends_at_once_and_the_citizen_is_told(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    client_no = added(receivers["answers 400"].uri)
    citizen_id = put(gate, client_no)
    tell_once(gate)
    assert given_up(gate, citizen_id) == [("400", 1)]
    assert notified(gate, citizen_id) == [("logout_not_told", {"client_no": client_no, "attempts": 1})]


def test_an_application_whose_address_went_meanwhile_is_not_called(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    client_no = added(receivers["is well"].uri)
    citizen_id = put(gate, client_no)
    telling.hand_over(gate)
    change(gate, "UPDATE idp.deliveries SET client_no = %(deaf)s", deaf=added(None))
    step_until_still(Telling(gate))
    assert given_up(gate, citizen_id) == [("no_address", 1)]
    assert receivers["is well"].told.empty()


def test_a_fault_of_ours_is_tried_again_and_ends_nothing(
    gate: Gate, added: Added, receivers: dict[str, Receiver]
) -> None:
    """Here: no key to sign with. Its next attempt lies ahead, and the worker goes on."""
    citizen_id = put(gate, added(receivers["is well"].uri))
    telling.hand_over(gate)
    without_keys = replace(gate, keyring=Cached(gate.watch, lambda _: Keyring(())))
    step_until_still(Telling(without_keys))
    assert given_up(gate, citizen_id) == []
    sql = "SELECT d.last_answer, d.next_attempt_at > now() FROM idp.deliveries AS d WHERE d.citizen_id = %(about)s"
    assert rows(gate, sql, about=citizen_id) == [("failed", True)]
    assert receivers["is well"].told.empty()
