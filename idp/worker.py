"""The worker: what must happen later, or at its time, in a process of its own (`gapura worker`; `make run` has
one).

Deferred jobs run by `job_runner`, duties recur by `clock`. Killed at any moment it loses nothing: each duty is a
transaction, and each job is taken back by another worker or by the next start.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import receipts
from idp import jobs, key_rotation, ledger_upkeep, log, metrics, partitions, token_files
from idp.accounts import letters, recovery, sent_codes, session_endings, totp
from idp.audit_heads import TrailHeads
from idp.clock import Clock, Duty
from idp.database import Database
from idp.evaluation import repeats
from idp.gate import Gate
from idp.installation import BAD_STARTS, Installation
from idp.job_runner import Handler, JobRunner
from idp.jobs import Job
from idp.ledger_upkeep import DayClosing
from idp.revocation.consent import expire_due
from idp.revocation.session import end_with as end_sessions_with
from idp.settings import Mode, Settings
from idp.signals import (
    deliveries,
    delivery,
    endings_ahead,
    first_looks,
    gateway,
    messages,
    recovery_messages,
    telling,
    withdrawal_mail,
)
from idp.signals.messages import Message, Sender
from idp.web import rate_limits
from keys import keyring, store_marks
from keys.errors import KeysError
from keys.rotation import Role
from keys.sealing import RestSealer

BATCH = 1000
STOP_SECONDS = 12.0
# Rows whose time is over: what they are, how often they are looked for, and who deletes them.
OVER = (
    ("rate limits", timedelta(minutes=1), rate_limits.forget),
    ("sent codes", timedelta(minutes=10), sent_codes.forget),
    ("letters", timedelta(hours=1), letters.forget),
    ("unconfirmed second factors", timedelta(hours=1), totp.forget),
    ("ended sessions", timedelta(hours=1), session_endings.forget),
    ("settled recoveries", timedelta(hours=24), recovery.forget),
    ("answered questions", timedelta(minutes=1), repeats.forget),
    ("deliveries given up", timedelta(hours=1), deliveries.forget),
)
logger = structlog.get_logger()


@dataclass(frozen=True)
class Parts:
    """What duties work with."""

    settings: Settings
    gate: Gate

    @property
    def database(self) -> Database:
        return self.gate.database

    @property
    def rest_sealer(self) -> RestSealer:
        return self.gate.rest_sealer

    def now(self) -> datetime:
        """The database's time: what is sealed, signed or compared with it uses no other."""
        with self.database.reading() as db:
            moment: datetime = db.execute(text("SELECT now()")).scalar_one()
        return moment


def duties(parts: Parts) -> tuple[Duty, ...]:
    """Everything that recurs, with its pace."""
    days = DayClosing(partial(first_looks.tell_of_day, parts.gate))
    heads, attempts, ahead = TrailHeads(), telling.Telling(parts.gate), endings_ahead.EndingsAhead()
    return (
        Duty(
            "number the ledger", timedelta(seconds=ledger_upkeep.TICK_SECONDS), lambda: _number_the_ledger(parts)
        ),
        Duty("sign receipts", timedelta(seconds=1), lambda: _sign_receipts(parts)),
        Duty("hand signals over", timedelta(seconds=0.5), lambda: telling.hand_over(parts.gate)),
        Duty("deliver signals", timedelta(seconds=0.5), attempts.step),
        Duty("give up deliveries", timedelta(minutes=1), lambda: telling.give_up_too_old(parts.gate)),
        Duty("number withdrawals", timedelta(seconds=1), lambda: _number_withdrawals(parts)),
        Duty("remind agencies", timedelta(minutes=1), lambda: withdrawal_mail.remind(parts.gate)),
        Duty("end sessions that ran out", timedelta(seconds=60), lambda: _end_sessions(parts)),
        Duty("end consents that ran out", timedelta(seconds=60), lambda: _end_consents(parts)),
        Duty("tell what ends soon", timedelta(hours=1), lambda: ahead.step(parts.database, parts.now())),
        Duty("rescue jobs", timedelta(seconds=15), lambda: _rescue_jobs(parts)),
        Duty("rotate keys", timedelta(seconds=60), lambda: _rotate_keys(parts)),
        Duty("close days of disclosures", timedelta(seconds=60), lambda: bool(days.step(parts.database))),
        Duty("close minutes of the trail", timedelta(seconds=20), lambda: heads.step(parts.database, parts.now())),
        Duty("expire recoveries", timedelta(seconds=60), lambda: _expire_recoveries(parts)),
        Duty("tell how things stand", timedelta(seconds=15), lambda: _tell_how_things_stand(parts)),
        Duty("make and drop partitions", timedelta(minutes=10), lambda: _make_and_drop_partitions(parts)),
        *(Duty(f"forget {what}", every, partial(_forget, parts, forget)) for what, every, forget in OVER),
    )


def handlers(gate: Gate) -> Mapping[Job, Handler]:
    """What each kind of job does."""
    sender = _sender(gate.settings)
    return {
        jobs.SEND_MESSAGE: partial(messages.send, gate, sender),
        jobs.WRITE_TO_AGENCY: partial(withdrawal_mail.write, gate, sender),
        jobs.SEND_RECOVERY_CODE: partial(recovery_messages.send_code, gate),
        jobs.AWAIT_FIRST_LOOK: partial(first_looks.after_consent, gate),
    }


def _sender(settings: Settings) -> Sender:
    """Where messages go. In demo and sandbox they reach nobody; production does not even import that inbox."""
    if settings.mode is Mode.PRODUCTION:
        if settings.messages_url is None:
            logger.warning(gateway.MISSING)
        return gateway.Gateway.of(settings)
    from idp.demo.inbox import Inbox

    def show(message: Message, now: datetime) -> None:
        Inbox(settings.instance).deliver(
            to=message.to, channel=message.channel, subject=message.subject, text=message.text, now=now
        )

    return show


def run(installation: Installation) -> None:
    """Until TERM or INT; what is under way is finished first."""
    settings = installation.settings
    gate = Gate.build(settings, installation.url("gapura_worker"), "gapura_worker")
    with gate.database.reading() as db:
        store_marks.refuse_another(db, gate.store)
    gate.watch.start()
    parts = Parts(settings, gate)
    clock = Clock(duties(parts))
    runner = JobRunner(installation.url("gapura_worker"), "gapura_worker", handlers(gate))

    def stop(_number: int, _frame: FrameType | None) -> None:
        runner.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    clock.start()
    logger.info("worker started")
    runner.run()
    clock.stop(STOP_SECONDS)
    parts.database.close()


def main() -> int:
    """A worker process. 1: a bad start, said in one sentence."""
    log.configure()
    try:
        settings = Settings.from_env()
        token_files.refuse_unusable(settings)
        with Installation(settings) as installation:
            installation.judge("gapura_worker", datetime.now(UTC))
            run(installation)
    except (KeysError, *BAD_STARTS) as refusal:
        print(f"gapura: {refusal}", file=sys.stderr)
        return 1
    return 0


def _number_the_ledger(parts: Parts) -> bool:
    with parts.database.reading() as db:
        ring = keyring.load(db, parts.rest_sealer, everything=True)
    ledger_upkeep.tick(parts.database, ring, parts.settings)
    return False


def _sign_receipts(parts: Parts) -> bool:
    key = parts.gate.keyring.get().signer(Role.RECEIPTS, receipts.ALGORITHM)
    return ledger_upkeep.sign_receipts(parts.database, key, parts.gate.subs)


def _rescue_jobs(parts: Parts) -> bool:
    for job_id in jobs.rescue(parts.database.hot()):
        logger.warning("job taken back from a dead worker", job_no=job_id)
    return False


def _rotate_keys(parts: Parts) -> bool:
    now = parts.now()
    with parts.database.writing() as db:
        key_rotation.take_due_steps(db, parts.rest_sealer, now, datetime.now(UTC))
    return False


def _end_sessions(parts: Parts) -> bool:
    """Those that idled or reached their end, so that their applications are told (DESIGN §4)."""
    with parts.database.writing() as db:
        ended = session_endings.end_run_out(db, BATCH)
        end_sessions_with(db, ended)
    return len(ended) == BATCH


def _end_consents(parts: Parts) -> bool:
    with parts.database.writing() as db:
        return expire_due(db, parts.gate, BATCH) == BATCH


def _number_withdrawals(parts: Parts) -> bool:
    with parts.database.writing() as db:
        return delivery.number_events(db, BATCH) == BATCH


def _expire_recoveries(parts: Parts) -> bool:
    now = parts.now()
    with parts.database.writing() as db:
        recovery.expire_due(db, now)
    return False


def _forget(parts: Parts, forget: Callable[[Session, int, datetime], int]) -> bool:
    """A batch a transaction: a long one would hold back every vacuum."""
    now = parts.now()
    with parts.database.writing() as db:
        return forget(db, BATCH, now) == BATCH


def _make_and_drop_partitions(parts: Parts) -> bool:
    now = parts.now()
    connection = parts.database.hot()  # this duty's own: it has its thread
    connection.execute(
        "SET lock_timeout = '500ms'"
    )  # whoever waits for this lock has the whole country behind him
    partitions.make_ahead(connection, now)
    partitions.drop_over(connection, now)
    return False


def _tell_how_things_stand(parts: Parts) -> bool:
    connection = parts.database.hot()
    standing = jobs.standing(connection)
    for state, count in (
        ("waiting", standing.waiting),
        ("running", standing.running),
        ("failed", standing.failed),
    ):
        metrics.JOBS.labels(state).set(count)
    metrics.JOBS_LATE.set(standing.late_seconds)
    metrics.PARTITIONS_MISSING.set(len(partitions.missing_soon(connection, parts.now())))
    return False


if __name__ == "__main__":
    sys.exit(main())
