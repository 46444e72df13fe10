"""The signing keys: read into a process, and led from step to step. Nobody else writes them or their halves.

What may be done when is decided in `rotation`; here it is done, in the caller's transaction. A role and algorithm
is a lane. Each step locks its lane and looks again, so that of two workers one takes it and the other is refused;
that a lane has one signer is promised by the index `signing_keys_one_signs`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from keys import rotation
from keys.at_rest import AtRest
from keys.derivation import Label
from keys.errors import StepRefused, UnknownKey
from keys.models import PrivateKeyRow, SigningKeyRow, TokenKeyRow
from keys.private_halves import context_of, generate, import_public, open_private, public_jwk, seal_private
from keys.public_keys import AsymmetricKey
from keys.rotation import LISTED, Role, State
from keys.sealing import RestSealer

# The lock is on the key's own row, as in every step of its life. A half is not updated but taken away and put
# back: the worker may do no more.
_SOME = """
SELECT p.kid, p.private_sealed FROM keys.private_keys AS p JOIN keys.signing_keys AS s ON s.kid = p.kid
 WHERE p.kid > %(after)s AND substr(p.private_sealed, 1, 1) <> %(done)s
 ORDER BY p.kid LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED
"""
# In one statement: a half that was destroyed after it was read is not there to be taken, and does not come back.
_WRITE = """
WITH taken AS (DELETE FROM keys.private_keys AS p WHERE p.kid = %(key)s RETURNING p.kid)
INSERT INTO keys.private_keys (kid, private_sealed) SELECT t.kid, %(sealed)s FROM taken AS t
"""
_VERSIONS = """
SELECT get_byte(p.private_sealed, 0), count(*) FROM keys.private_keys AS p
 WHERE p.private_sealed IS NOT NULL GROUP BY 1
"""
AT_REST = AtRest(
    Label.SIGNING_KEY, "keys.private_keys", "private_sealed", "", context_of, _SOME, _WRITE, _VERSIONS
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key as this process knows it. `key` has its private half where it may sign here, else it is None."""

    kid: str
    algorithm: str
    role: str
    state: State
    public_jwk: dict[str, Any]
    public_key: AsymmetricKey = field(repr=False)
    key: AsymmetricKey | None = field(default=None, repr=False)


class Keyring:
    """All signing keys of one moment; replaced as a whole when the generation number moves."""

    def __init__(self, keys: tuple[SigningKey, ...]) -> None:
        self._history: dict[str, tuple[SigningKey, ...]] = {
            role: tuple(key for key in keys if key.role == role) for role in Role
        }
        self._verifiers = {
            role: tuple(key for key in of_role if key.state in LISTED) for role, of_role in self._history.items()
        }
        self._signers = {(key.role, key.algorithm): key for key in keys if key.state is State.SIGNING}

    def signer(self, role: str, algorithm: str) -> SigningKey:
        """The key that signs for this role and algorithm, or `UnknownKey`: the web has only `tokens`."""
        key = self._signers.get((role, algorithm))
        if key is None or key.key is None:
            raise UnknownKey(f"no key of role {role} signs with {algorithm} here")
        return key

    def verifiers(self, role: str) -> tuple[SigningKey, ...]:
        """The keys whose signatures are good now for this role: published, signing and retired."""
        return self._verifiers[role]

    def history(self, role: str) -> tuple[SigningKey, ...]:
        """Every key the role ever had, oldest first, to judge old receipts and ledger heads: mind its `state`."""
        return self._history[role]


def load(db: Session, rest_sealer: RestSealer, *, everything: bool = False) -> Keyring:
    """Read all keys; open the private halves of those that sign: role `tokens`, or `everything` in the worker.

    The web's database account can read no others. `KeyUnreadable` if the master key is not the one they were
    sealed under.
    """
    halves = PrivateKeyRow if everything else TokenKeyRow
    rows = db.execute(
        select(SigningKeyRow, halves.private_sealed)
        .outerjoin(halves, halves.kid == SigningKeyRow.kid)
        .order_by(SigningKeyRow.published_at, SigningKeyRow.kid)
    )
    return Keyring(tuple(_from_row(row, sealed, rest_sealer) for row, sealed in rows))


def _from_row(row: SigningKeyRow, private_sealed: bytes | None, rest_sealer: RestSealer) -> SigningKey:
    private = None
    # Only what signs now is opened: the fewer private halves in memory, the better.
    if private_sealed is not None and row.state == State.SIGNING:
        private = open_private(rest_sealer, row.kid, private_sealed)
    public = import_public(row.public_jwk)
    return SigningKey(row.kid, row.algorithm, row.role, State(row.state), row.public_jwk, public, private)


def list_keys(db: Session) -> list[rotation.Key]:
    """All keys as `rotation` wants them."""
    rows = db.scalars(
        select(SigningKeyRow)
        .order_by(SigningKeyRow.published_at, SigningKeyRow.kid)
        .execution_options(populate_existing=True)
    )
    return [_as_fact(row) for row in rows]


def _as_fact(row: SigningKeyRow) -> rotation.Key:
    return rotation.Key(
        row.kid, Role(row.role), row.algorithm, State(row.state), row.published_at, row.signing_at, row.retired_at
    )


def is_empty(db: Session) -> bool:
    """Whether this database has had no key yet: only then may a key store be made for it."""
    return db.scalar(select(SigningKeyRow.kid).limit(1)) is None


def ensure(db: Session, rest_sealer: RestSealer, now: datetime) -> list[str]:
    """See to it that every lane has a key; returns the `kid` of each new one.

    The first keys of a role sign at once, because no verifier has cached anything yet. A lane that an upgrade adds
    to a role that has keys waits like any other. Processes that start at once agree: the index lets one of them be
    first.
    """
    known = list_keys(db)
    made: list[str | None] = []
    for role, algorithm in rotation.LANES:
        of_role = [key for key in known if key.role == role]
        if not of_role:
            made.append(_insert_first(db, rest_sealer, role, algorithm, now))
        elif not any(key.algorithm == algorithm for key in of_role):
            made.append(_insert(db, rest_sealer, role, algorithm, now, State.PUBLISHED))
    return [kid for kid in made if kid is not None]


def publish(db: Session, rest_sealer: RestSealer, role: str, algorithm: str, now: datetime) -> str:
    """Make the next key of a role and algorithm and list it; it signs when its time has come. Gives its `kid`."""
    if (role, algorithm) not in rotation.LANES:
        raise StepRefused(f"no key of role {role} signs with {algorithm}")
    _lock_lane(db, role, algorithm)
    waiting = rotation.successor(list_keys(db), role, algorithm)
    if waiting is not None:
        raise StepRefused(f"key {waiting.kid} already waits to sign", rotation.may_sign_at(waiting))
    return _insert(db, rest_sealer, role, algorithm, now, State.PUBLISHED)


def start_signing(db: Session, kid: str, now: datetime) -> None:
    """Let a published key sign; the key that signed before retires in the same moment."""
    row = _locked(db, kid)
    if row.state != State.PUBLISHED:
        raise StepRefused(f"key {kid} is {row.state}, not published")
    if now < rotation.may_sign_at(_as_fact(row)):
        raise StepRefused(f"key {kid} may not be known to every agency yet", rotation.may_sign_at(_as_fact(row)))
    _sign_instead(db, row, now)


def retire(db: Session, kid: str, now: datetime) -> str:
    """End a signing key before its time; its successor, which must be ready, signs instead. Gives its `kid`."""
    row = _locked(db, kid)
    if row.state != State.SIGNING:
        raise StepRefused(f"key {kid} is {row.state}, not signing")
    waiting = rotation.successor(list_keys(db), row.role, row.algorithm)
    if waiting is None:
        raise StepRefused(f"key {kid} has no successor: rotate first")
    start_signing(db, waiting.kid, now)
    return waiting.kid


def destroy(db: Session, kid: str, now: datetime) -> None:
    """Destroy a retired key's private half and take the key off the JWKS. Its public half stays for good."""
    row = _locked(db, kid)
    not_before = rotation.may_be_destroyed_at(_as_fact(row))
    if row.state != State.RETIRED or not_before is None:
        raise StepRefused(f"key {kid} is {row.state}, not retired")
    if now < not_before:
        raise StepRefused(f"tokens that key {kid} signed may still be in use", not_before)
    row.state, row.destroyed_at = State.DESTROYED, now  # the private half goes by a trigger, in this very commit
    db.flush()


def compromise(db: Session, rest_sealer: RestSealer, kid: str, now: datetime) -> str | None:
    """Break glass: nothing this key signed is good any more. Gives the `kid` that signs instead, if one must.

    That key signs at once, known to the agencies or not: those with a cached JWKS fail until they fetch it again.
    """
    row = _locked(db, kid)
    if row.state == State.COMPROMISED:
        raise StepRefused(f"key {kid} is already known as compromised")
    was_signing = row.state == State.SIGNING
    row.state, row.compromised_at = State.COMPROMISED, now
    db.flush()
    db.execute(delete(PrivateKeyRow).where(PrivateKeyRow.kid == kid))
    if not was_signing:
        return None
    waiting = rotation.successor(list_keys(db), row.role, row.algorithm)
    if waiting is None:
        return _insert(db, rest_sealer, row.role, row.algorithm, now, State.SIGNING)
    _sign_instead(db, db.get_one(SigningKeyRow, waiting.kid), now)
    return waiting.kid


def _sign_instead(db: Session, row: SigningKeyRow, now: datetime) -> None:
    """Retire the lane's signer, if it has one, and let this key sign. The lane is locked."""
    before = db.scalar(
        select(SigningKeyRow)
        .where(SigningKeyRow.role == row.role, SigningKeyRow.algorithm == row.algorithm)
        .where(SigningKeyRow.state == State.SIGNING)
        .execution_options(populate_existing=True)
    )
    if before is not None:
        before.state, before.retired_at = State.RETIRED, now
        db.flush()  # first this one, then the other: the index allows one signer at every moment
    row.state, row.signing_at = State.SIGNING, now
    db.flush()


def _locked(db: Session, kid: str) -> SigningKeyRow:
    """The row as it stands once its lane is locked."""
    row = db.get(SigningKeyRow, kid)
    if row is None:
        raise UnknownKey(f"there is no key {kid}")
    _lock_lane(db, row.role, row.algorithm)
    db.refresh(row)
    return row


def _lock_lane(db: Session, role: str, algorithm: str) -> None:
    """One step at a time in a lane, until the transaction ends; locked in one order, so nobody deadlocks."""
    db.execute(
        select(SigningKeyRow.kid)
        .where(SigningKeyRow.role == role, SigningKeyRow.algorithm == algorithm)
        .order_by(SigningKeyRow.kid)
        .with_for_update()
    )


def _insert(db: Session, rest_sealer: RestSealer, role: str, algorithm: str, now: datetime, state: State) -> str:
    """A new key, published or signing, with its two halves. Returns its `kid`."""
    _refuse_another_master(db, rest_sealer)
    key = generate(algorithm)
    public = public_jwk(key, algorithm)
    kid = str(public["kid"])
    db.add(
        SigningKeyRow(
            kid=kid,
            algorithm=algorithm,
            role=role,
            state=state,
            public_jwk=public,
            published_at=now,
            signing_at=now if state is State.SIGNING else None,
        )
    )
    db.flush()
    db.add(PrivateKeyRow(kid=kid, private_sealed=seal_private(rest_sealer, kid, key)))
    db.flush()
    return kid


def _refuse_another_master(db: Session, rest_sealer: RestSealer) -> None:
    """A key sealed under a master key that no other process has would be found out only when it has to sign."""
    for row in db.scalars(select(PrivateKeyRow).limit(1)):
        if row.private_sealed is not None:
            open_private(rest_sealer, row.kid, row.private_sealed)


def _insert_first(db: Session, rest_sealer: RestSealer, role: str, algorithm: str, now: datetime) -> str | None:
    """A role's first key, which signs at once; None if another process was first."""
    try:
        with db.begin_nested():
            return _insert(db, rest_sealer, role, algorithm, now, State.SIGNING)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation) and error.orig.diag.constraint_name == "signing_keys_one_signs":
            return None
        raise
