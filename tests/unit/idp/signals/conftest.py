"""Applications with a back-channel door, and the worker's two duties that tell them."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consent import attributes, purposes
from idp.clients import agencies, registration
from idp.clients.registration import Registered
from idp.clock import Clock, Duty
from idp.gate import Gate
from idp.signals.telling import Telling, hand_over
from idp.worker import Parts

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_serial = itertools.count(1)
Added = Callable[[str | None], int]


@pytest.fixture(scope="module")
def gate(parts: Parts) -> Gate:
    with parts.database.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)
        if agencies.find(db, "dinkes-kabar") is None:
            name = {"id": "Dinkes", "en": "Health"}
            agencies.register(db, code="dinkes-kabar", name=name, dpo_contact="dpo@kabar.example", now=NOW)
    return parts.gate


@pytest.fixture(autouse=True)
def nothing_waits(gate: Gate) -> None:
    """What an earlier test left would take places here."""
    with gate.database.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM idp.deliveries")
        db.connection().exec_driver_sql("DELETE FROM idp.outbox")


@pytest.fixture
def added(gate: Gate) -> Added:
    """Registers an application with this back-channel address; its number."""

    def add(uri: str | None) -> int:
        raw: dict[str, Any] = {
            "agency": "dinkes-kabar",
            "profile": "standard",
            "client_name": "Antrean",
            "redirect_uris": ["https://antrean.example/cb"],
            "scope": "openid",
            "sign_in_agreement": {
                "purpose": "clinic-queue",
                "required": ["name"],
                "optional": [],
                "law": [],
                "retention_days": 365,
                "if_refused": "Loket tetap melayani Anda.",
            },
        } | ({"backchannel_logout_uri": uri} if uri else {})
        with gate.database.writing() as db:
            outcome = registration.add(
                db, raw, now=NOW, rehearsal=True, client_id=f"kabar-{uuid4().hex[:12]}-{next(_serial)}"
            )
            assert isinstance(outcome, Registered), outcome
        deadline = time.monotonic() + 5
        while outcome.client_id not in gate.registry.get().by_id:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return gate.registry.get().by_id[outcome.client_id].client_no

    return add


@contextmanager
def at_work(gate: Gate) -> Iterator[None]:
    """The worker's duties of telling, at their own pace."""
    clock = Clock(
        [
            Duty("hand signals over", timedelta(seconds=0.5), lambda: hand_over(gate)),
            Duty("deliver signals", timedelta(seconds=0.5), Telling(gate).step),
        ]
    )
    clock.start()
    try:
        yield
    finally:
        clock.stop(20)
