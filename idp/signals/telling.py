"""Telling clients what concerns them: signals become deliveries, deliveries are attempted, each with its own
timeout, tries and back-off, and each outcome is written where people look for it (C054).

200 and 204 end a delivery; 400, or an application that has no address any more, says that it will never be taken;
anything else is tried again until it is too old. What was given up stands in the trail, in the citizen's messages
and at the consent that was withdrawn.
"""

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog
from sqlalchemy.orm import Session

from idp import audit, metrics, outbound
from idp.clients.registry import Client
from idp.gate import Gate
from idp.outbound import Unreachable
from idp.signals import backchannel_logout, deliveries, delivery, notifications, outbox
from idp.signals.deliveries import Delivery
from idp.signals.outbox import Signal
from idp.signals.places import PLACES, Places

BY_LOGOUT_TOKEN = ("backchannel_logout", "consent-withdrawn")
TAKEN = ("200", "204")
NEVER_TAKEN = ("400", "no_client", "no_address", "unreadable")
PACE_SECONDS = 0.5
BATCH = 200
log = structlog.get_logger()


def hand_over(gate: Gate) -> bool:
    """Turn signals into deliveries, in the transaction that takes them. True: there may be more."""
    fates: Counter[tuple[str, str]] = Counter()
    with gate.database.writing() as db:
        signals = outbox.take(db)
        for signal in signals:
            fates[signal.kind, _handed_over(db, gate, signal)] += 1
    for (kind, fate), count in fates.items():
        metrics.SIGNALS.labels(kind, fate).inc(count)
        if fate != "kept":
            log.info("signals not sent", kind=kind, because=fate, count=count)
    return len(signals) >= outbox.BATCH


def _handed_over(db: Session, gate: Gate, signal: Signal) -> str:
    """`kept`, or why this signal goes no further. One that cannot be read holds up no other."""
    client = gate.registry.get().by_no.get(signal.client_no)
    if signal.kind not in BY_LOGOUT_TOKEN:
        return "no_receiver"  # security events, which no client can ask for yet
    try:
        deliveries.about_of(signal.detail)
    except deliveries.Unreadable:
        log.error("signal unreadable", kind=signal.kind, signal_id=signal.signal_id)
        return "unreadable"
    if client is not None and client.backchannel_logout_uri:
        deliveries.keep(db, gate.rest_sealer, signal)
        return "kept"
    # A session's end was said on the page of signing out; of a consent's its agency is written to.
    return "no_address"


class Telling:
    """The attempts under way in one worker. `step` is called by one thread; each attempt has a thread of its own
    and settles its delivery itself, so it ends in order even when the worker is told to stop."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._threads = ThreadPoolExecutor(PLACES, "telling")
        self._under_way: dict[Future[bool], int] = {}
        self._places: Places | None = None  # until the database has said who fails

    def step(self) -> bool:
        """Begin what is due and has a place, then wait for an attempt to end, half a second at most. True: come
        again at once."""
        places = self._places or self._first_places()
        for claimed in self._claim(places):
            places.take(claimed.client_no)
            self._under_way[self._threads.submit(attempt, self._gate, claimed)] = claimed.client_no
        if not self._under_way:
            return False
        ended, _ = wait(self._under_way, PACE_SECONDS, FIRST_COMPLETED)
        for future in ended:
            places.leave(self._under_way.pop(future), time.monotonic(), well=future.result())
        return True

    def _first_places(self) -> Places:
        with self._gate.database.reading() as db:
            self._places = Places(deliveries.failing_clients(db), time.monotonic())
        return self._places

    def _claim(self, places: Places) -> list[Delivery]:
        claimed: list[Delivery] = []
        with self._gate.database.writing() as db:
            for of_failing in (False, True):
                limit = places.free(of_failing=of_failing)
                if limit > 0:
                    busy = places.busy(time.monotonic())
                    claimed += deliveries.claim(
                        db, limit, not_these=busy, failing=places.failing, of_failing=of_failing
                    )
        return claimed


def attempt(gate: Gate, claimed: Delivery) -> bool:
    """Send it and settle it; whether the receiver answered as it should. Never raises: a fault of ours is tried
    again like a fault of theirs, and what could not be settled comes again after a minute."""
    answer = "failed"
    try:
        answer = _answer(gate, claimed)
    except Exception as error:
        log.error("delivery failed", kind=claimed.kind, client_no=claimed.client_no, exc_info=error)
    try:
        with gate.database.writing() as db:
            _settle(db, gate, claimed, answer)
    except Exception as error:
        log.error("delivery not settled", kind=claimed.kind, client_no=claimed.client_no, exc_info=error)
    metrics.DELIVERIES.labels(_group(answer)).inc()
    return answer in TAKEN or answer in NEVER_TAKEN


def give_up_too_old(gate: Gate) -> bool:
    """What was tried for three days. True: there may be more."""
    with gate.database.writing() as db:
        old = deliveries.too_old(db, BATCH)
        for one, answer in old:
            _give_up(db, gate, one, answer)
    return len(old) == BATCH


def _answer(gate: Gate, claimed: Delivery) -> str:
    """The status that came back, or a word of ours for why none did."""
    client = gate.registry.get().by_no.get(claimed.client_no)
    if client is None:
        return "no_client"
    if not client.backchannel_logout_uri:
        return "no_address"
    try:
        about = deliveries.opened(gate.rest_sealer, claimed)
    except deliveries.Unreadable:
        return "unreadable"
    token = backchannel_logout.token(
        gate, client, claimed.delivery_id, claimed.citizen_id, about.session_id, claimed.at
    )
    return _sent(gate, client, token)


def _sent(gate: Gate, client: Client, token: str) -> str:
    uri = client.backchannel_logout_uri or ""
    try:
        answer = outbound.post_form(uri, {"logout_token": token}, loopback=gate.loopback)
    except Unreachable:
        return "unreachable"
    return str(answer.status)


def _settle(db: Session, gate: Gate, claimed: Delivery, answer: str) -> None:
    if answer in TAKEN:
        consent_id = deliveries.opened(gate.rest_sealer, claimed).consent_id
        if consent_id is not None:
            delivery.told(db, claimed.citizen_id, consent_id)
        deliveries.done(db, claimed.delivery_id)
    elif answer in NEVER_TAKEN:
        _give_up(db, gate, claimed, answer)
    else:
        deliveries.try_later(db, claimed.delivery_id, answer)


def _give_up(db: Session, gate: Gate, claimed: Delivery, answer: str) -> None:
    if not deliveries.give_up(db, claimed.delivery_id, answer):
        return
    try:
        consent_id = deliveries.opened(gate.rest_sealer, claimed).consent_id
    except deliveries.Unreadable:
        consent_id = None
    told = {"client_no": claimed.client_no, "attempts": claimed.attempts}
    if consent_id is None:
        kind = "withdrawal_not_told" if claimed.kind == "consent-withdrawn" else "logout_not_told"
        notifications.add(db, claimed.citizen_id, kind, told)
    elif delivery.not_told(db, claimed.citizen_id, consent_id, claimed.attempts):  # nor by e-mail
        detail = told | {"consent_id": str(consent_id)}
        notifications.add(db, claimed.citizen_id, "withdrawal_not_told", detail)
    audit.record(
        db,
        action="delivery.given_up",
        object_id=str(claimed.delivery_id),
        outcome="failed",
        actor_no=claimed.client_no,
        detail={"kind": claimed.kind, "attempts": claimed.attempts, "last_answer": answer},
    )


def _group(answer: str) -> str:
    """A label from a short list: what a receiver answers is a stranger's."""
    return "told" if answer in TAKEN else f"{answer[0]}xx" if answer.isdigit() else answer
