"""Time-based one-time passwords (RFC 6238): set one up, use a code once, take it away. Writer of
`totp_secrets`.

A code is good for its own 30 seconds and the 30 before (protocol.md §5); each step at most once, and only forward,
because one conditional write decides (C062). Setting up spends the step of its code. Wrong codes are counted by
`second_factor`, not here.
"""

import hmac
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp import audit, qr_codes
from idp.accounts.citizen_key import Use
from idp.accounts.models import StoredTotp
from idp.accounts.profile import Vault

STEP_SECONDS = 30
DIGITS = 6
SECRET_LETTERS = 32  # of base32: 160 bits, as RFC 4226 §4 recommends
ISSUER = "Gapura"

_USE_STEP = """
    UPDATE idp.totp_secrets AS t SET last_step = %(step)s::bigint, confirmed_at = coalesce(t.confirmed_at, %(now)s)
     WHERE t.citizen_id = %(citizen_id)s AND t.totp_id = %(totp_id)s AND t.last_step < %(step)s::bigint
    RETURNING t.totp_id
"""

_FORGET = """
WITH over AS (
  SELECT t.citizen_id, t.totp_id FROM idp.totp_secrets AS t
   WHERE t.confirmed_at IS NULL AND t.created_at <= %(now)s::timestamptz - interval '1 day'
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.totp_secrets AS t USING over WHERE t.citizen_id = over.citizen_id AND t.totp_id = over.totp_id
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the page shows once, until a code confirms it: the secret to type, and the same as an image (SVG) to
    scan.
    """

    totp_id: UUID
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)


def begin(
    db: Session, vault: Vault, citizen_id: UUID, account_name: str, now: datetime, *, known: str | None = None
) -> Setup:
    """A new secret, worth nothing until confirmed. `account_name`: what the citizen's app will call it.

    `known`: the secret of a person of the demo, which stands in demo.json.
    """
    totp_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    secret = known or pyotp.random_base32(SECRET_LETTERS)
    sealed = vault.get_key(db, citizen_id).seal(Use.TOTP_SECRET, secret.encode(), totp_id)
    db.add(StoredTotp(citizen_id=citizen_id, totp_id=totp_id, secret_sealed=sealed, last_step=0, created_at=now))
    db.flush()
    return _setup(totp_id, secret, account_name)


def find_setup(db: Session, vault: Vault, citizen_id: UUID, totp_id: UUID, account_name: str) -> Setup | None:
    """The same again for a page that is shown again; None: confirmed meanwhile, or not this citizen's."""
    stored = db.get(StoredTotp, (citizen_id, totp_id))
    if stored is None or stored.confirmed_at is not None:
        return None
    return _setup(totp_id, _secret(vault, db, stored), account_name)


def confirm(db: Session, vault: Vault, citizen_id: UUID, totp_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the app shows what it should; then it is a second factor from now on, and this code is spent."""
    stored = db.get(StoredTotp, (citizen_id, totp_id))
    if stored is None or stored.confirmed_at is not None or not _use(db, vault, stored, typed, now):
        return False
    audit.record(db, action="totp.added", object_id=str(totp_id), outcome="done", actor_id=citizen_id)
    return True


def use(db: Session, vault: Vault, citizen_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the code is one of this citizen's apps' and was never used; it is spent by this."""
    confirmed = select(StoredTotp).where(StoredTotp.citizen_id == citizen_id, StoredTotp.confirmed_at.is_not(None))
    return any(_use(db, vault, stored, typed, now) for stored in db.scalars(confirmed))


def is_set_up(db: Session, citizen_id: UUID) -> bool:
    """Whether the citizen has an app that shows codes."""
    confirmed = (StoredTotp.citizen_id == citizen_id, StoredTotp.confirmed_at.is_not(None))
    return db.scalar(select(StoredTotp.totp_id).where(*confirmed).limit(1)) is not None


def list_ids(db: Session, citizen_id: UUID) -> dict[UUID, datetime]:
    """Each of the citizen's apps and when it was confirmed, oldest first."""
    columns = (StoredTotp.totp_id, StoredTotp.confirmed_at)
    confirmed = (StoredTotp.citizen_id == citizen_id, StoredTotp.confirmed_at.is_not(None))
    rows = db.execute(select(*columns).where(*confirmed).order_by(StoredTotp.totp_id))
    return {row.totp_id: row.confirmed_at for row in rows}


def remove(db: Session, citizen_id: UUID, totp_id: UUID) -> bool:
    """Take one away; False if it was not there.

    Whether it may go (never the last factor of staff) is the caller's.
    """
    where = (StoredTotp.citizen_id == citizen_id, StoredTotp.totp_id == totp_id)
    removed = db.execute(delete(StoredTotp).where(*where).returning(StoredTotp.totp_id)).one_or_none()
    if removed is not None:
        audit.record(db, action="totp.removed", object_id=str(totp_id), outcome="done", actor_id=citizen_id)
    return removed is not None


def remove_all(db: Session, citizen_id: UUID) -> None:
    """Take all away: the phone they lived on is lost, or the account is erased."""
    for totp_id in db.scalars(select(StoredTotp.totp_id).where(StoredTotp.citizen_id == citizen_id)).all():
        remove(db, citizen_id, totp_id)


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete what was begun a day ago and never confirmed, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _use(db: Session, vault: Vault, stored: StoredTotp, typed: str, now: datetime) -> bool:
    digits = read_digits(typed)
    if digits is None:
        return False
    codes = pyotp.HOTP(_secret(vault, db, stored), digits=DIGITS)
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1):
        if hmac.compare_digest(codes.at(step), digits):
            params = {"citizen_id": stored.citizen_id, "totp_id": stored.totp_id, "step": step, "now": now}
            return db.connection().exec_driver_sql(_USE_STEP, params).one_or_none() is not None
    return False


def read_digits(typed: str) -> str | None:
    """The six digits that were typed, whatever stands between them."""
    folded = unicodedata.normalize("NFKC", typed[:100])
    digits = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Zs", "Pd", "Cf", "Cc"))
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdecimal() else None


def _secret(vault: Vault, db: Session, stored: StoredTotp) -> str:
    key = vault.get_key(db, stored.citizen_id)
    return key.open(Use.TOTP_SECRET, stored.secret_sealed, stored.totp_id).decode()


def _setup(totp_id: UUID, secret: str, account_name: str) -> Setup:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account_name, issuer_name=ISSUER)
    return Setup(totp_id, secret, uri, qr_codes.draw(uri))
