"""The worker's duty towards the signing keys: each step is taken when due, entered in the trail, told to all.

Which step is due is judged by `keys.rotation` at the database's time; `keys.keyring` takes it and judges again.
What destroys waits besides until this machine's clock agrees with the database's: one wrong clock must not take a
key off the JWKS that tokens still need (C057).
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from idp import audit, invalidation
from keys import keyring, rotation
from keys.errors import StepRefused
from keys.rotation import Act, Step
from keys.sealing import RestSealer

CLOCKS_AGREE_WITHIN = timedelta(seconds=60)
ACTIONS = {Act.PUBLISH: "key.published", Act.START_SIGNING: "key.signing_started", Act.DESTROY: "key.destroyed"}

log = structlog.get_logger()


def take_due_steps(db: Session, rest_sealer: RestSealer, now: datetime, clock: datetime) -> int:
    """Take what is due; returns how many steps that were. `now` is the database's time, `clock` this machine's."""
    first = keyring.ensure(db, rest_sealer, now)
    for kid in first:
        audit.record(db, action="key.made", object_id=kid, outcome="done")
    taken = sum(_take(db, rest_sealer, step, now, clock) for step in rotation.due(keyring.list_keys(db), now))
    if first or taken:
        invalidation.bump(db)
    return len(first) + taken


def _take(db: Session, rest_sealer: RestSealer, step: Step, now: datetime, clock: datetime) -> bool:
    if step.act is Act.DESTROY and abs(now - clock) > CLOCKS_AGREE_WITHIN:
        apart = int((now - clock).total_seconds())
        log.error("key not destroyed: clocks disagree", role=step.role, apart_seconds=apart)
        return False
    try:
        kid = _by_keyring(db, rest_sealer, step, now)
    except StepRefused:
        return False  # another worker was first
    detail = {"role": step.role, "alg": step.algorithm}
    audit.record(db, action=ACTIONS[step.act], object_id=kid, outcome="done", detail=detail)
    return True


def _by_keyring(db: Session, rest_sealer: RestSealer, step: Step, now: datetime) -> str:
    if step.kid is None:
        return keyring.publish(db, rest_sealer, step.role, step.algorithm, now)
    if step.act is Act.START_SIGNING:
        keyring.start_signing(db, step.kid, now)
    else:
        keyring.destroy(db, step.kid, now)
    return step.kid
