"""What happened to one consent, newest first: the acts of its record, what its agency answered to the end, and
when its application was stopped and when it went on. A stop changes nothing of what was given, so it is no act of
the record; but nothing left meanwhile, and the citizen sees that too (C048).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from consent import history as past
from consent.history import PastAct
from idp import audit
from idp.gate import Gate
from idp.signals import delivery
from idp.signals.withdrawal_clock import Clock
from idp.web import permits
from idp.web.permits import Permit

ACTS = {
    "given": lazy_gettext("Izin diberikan"),
    "renewed": lazy_gettext("Izin diperbarui"),
    "amended": lazy_gettext("Data pada izin berubah"),
    "paused": lazy_gettext("Izin dijeda"),
    "resumed": lazy_gettext("Izin dilanjutkan"),
    "refused": lazy_gettext("Permintaan ditolak"),
    "left": lazy_gettext("Permintaan tidak dijawab"),
    "expired": lazy_gettext("Izin berakhir"),
    "withdrawn": lazy_gettext("Izin dicabut"),
    "ended": lazy_gettext("Izin diakhiri instansi"),
    "struck_down": lazy_gettext("Izin dibatalkan"),
}


@dataclass(frozen=True)
class Step:
    """One event of a consent's history, and what was in force after it."""

    at: datetime
    words: str
    labels: str
    record_id: UUID | None = None  # of the act, whose receipt there is; a stop is none


def steps(db: Session, gate: Gate, citizen_id: UUID, permit: Permit, now: datetime) -> list[Step]:
    """What happened to this consent of the citizen's."""
    acts = [_step(gate, act) for act in past.history(db, citizen_id, permit.consent_id)]
    stops = list(_stops(db, permit, acts)) if acts else []
    answers = _answers(permit.clock, acts, now) if permit.clock else []
    parts = _answers_to_parts(db, gate, citizen_id, permit, acts, now)
    # Of one moment the last comes first here too: an answer may say all that comes before it.
    told = [*reversed(answers), *reversed(parts)]
    return sorted([*told, *acts, *stops], key=lambda step: step.at, reverse=True)


def named(act: str, actor: str) -> str:
    """What an act is called, and whether the citizen did it."""
    words = str(ACTS.get(act, act))
    if actor not in ("self", "clock"):
        words = str(gettext("%(act)s, bukan oleh Anda sendiri", act=words))
    return words


def _step(gate: Gate, act: PastAct) -> Step:
    held = permits.held(gate, act.attribute_nos, act.law_nos)
    listed = permits.listed(one.label for one in held)
    return Step(act.acted_at, named(act.act, act.actor), listed, act.record_id)


def _answers(clock: Clock, acts: list[Step], now: datetime) -> list[Step]:
    """The agency's side, in order. It changes nothing of what is in force."""
    kept = gettext("Instansi wajib menyimpan data menurut %(statute)s", statute=clock.kept_under)
    late = clock.due_at if clock.overdue(now) else None
    moments = (
        (clock.told_at, gettext("Instansi diberi tahu")),
        (clock.acknowledged_at, gettext("Instansi berhenti memakai data")),
        (clock.kept_at, kept),
        (clock.deleted_at, gettext("Instansi menghapus data")),
        (late, gettext("Batas jawaban instansi lewat")),
    )
    return [Step(at, str(words), _in_force(acts, at)) for at, words in moments if at is not None]


def _answers_to_parts(
    db: Session, gate: Gate, citizen_id: UUID, permit: Permit, acts: list[Step], now: datetime
) -> list[Step]:
    """The same for what was taken back while the rest went on: each says for what."""
    taken = delivery.parts_of(db, citizen_id, permit.consent_id)
    endings = past.endings_of(db, [(citizen_id, permit.consent_id)]) if taken else {}
    steps = list[Step]()
    for part in taken:
        of = permits.listed(
            one.label for one in permits.held(gate, endings[part.consent_id].attribute_nos, frozenset())
        )
        steps.extend(replace(step, words=f"{step.words} ({of})") for step in _answers(part.clock, acts, now))
    return steps


def _in_force(acts: list[Step], at: datetime) -> str:
    """What an act had left in force at that moment."""
    return next((act.labels for act in reversed(acts) if act.at <= at), "")


def _stops(db: Session, permit: Permit, acts: list[Step]) -> Iterator[Step]:
    """The times between the first act and the end in which the application, or its agency, was suspended."""
    deeds = [
        *((f"client.{deed}", permit.client_id) for deed in ("suspended", "resumed")),
        *((f"agency.{deed}", permit.agency_code) for deed in ("suspended", "registered", "verified")),
    ]
    stopped = set[str]()
    for deed in audit.done_to(db, deeds, since=acts[0].at):
        if permit.since is not None and deed.at >= permit.since:
            return
        whose, _, what = deed.action.partition(".")
        stood_still = bool(stopped)
        (stopped.add if what == "suspended" else stopped.discard)(whose)
        if bool(stopped) is not stood_still:
            words = gettext("Layanan berjalan lagi") if stood_still else gettext("Layanan dihentikan sementara")
            yield Step(deed.at, str(words), _in_force(acts, deed.at) if stood_still else "")
