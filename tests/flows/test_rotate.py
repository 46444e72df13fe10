"""Rotate: the worker publishes, waits, signs, retires and destroys, and no verifier ever fails (C056)."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from idp.key_rotation import take_due_steps
from keys import jwks, jws, keyring, public_keys
from keys.errors import BadSignature
from keys.keyring import Keyring
from keys.public_keys import PublicKey
from keys.sealing import RestSealer

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
MAX_AGE, TOKEN_LIVES = timedelta(seconds=900), timedelta(seconds=300)
SEALER = RestSealer(bytes(range(32)))


@dataclass
class CachingVerifier:
    """An agency's library that keeps the set for its max-age and never asks again for an unknown `kid`."""

    fetched_at: datetime | None = None
    keys: list[PublicKey] = field(default_factory=list)

    def verify(self, token: str, keyring_now: Keyring, now: datetime) -> None:
        if self.fetched_at is None or now - self.fetched_at >= MAX_AGE:
            self.keys = public_keys.read_set(json.loads(jwks.document(keyring_now)[0]))[0]
            self.fetched_at = now
        jws.verify(token, self.keys, typ="JWT", algorithms=["ES256"])


@pytest.fixture
def db(no_keys: None, worker_db: Session) -> Session:
    take_due_steps(worker_db, SEALER, NOW, NOW)
    return worker_db


def test_verifiers_that_trust_max_age_never_fail_through_a_whole_rotation(db: Session) -> None:
    """(C056) One verifier for every minute of the cache's life; tokens are shown at once and before they end."""
    verifiers = [CachingVerifier() for _ in range(15)]
    shown_late: list[tuple[datetime, str]] = []
    signers: list[str] = []
    now, end = NOW, NOW + DAY + 60 * MINUTE
    for turn, verifier in enumerate(verifiers):  # each has fetched the set at another minute before the rotation
        ring = keyring.load(db, SEALER)
        verifier.verify(jws.sign(ring.signer("tokens", "ES256"), {}, "JWT"), ring, NOW - turn * MINUTE)
    keyring.publish(db, SEALER, "tokens", "ES256", NOW)
    while now < end:
        take_due_steps(db, SEALER, now, now)
        ring = keyring.load(db, SEALER)
        signer = ring.signer("tokens", "ES256")
        token = jws.sign(signer, {"iat": int(now.timestamp())}, "JWT")
        shown_late.append((now + TOKEN_LIVES - SECOND, token))
        for verifier in verifiers:
            verifier.verify(token, ring, now)
        while shown_late and shown_late[0][0] <= now:
            verifiers[0].verify(shown_late.pop(0)[1], ring, now)
        if signer.kid not in signers:
            signers.append(signer.kid)
        # Every minute while caches turn over, then in larger steps until the old key is destroyed.
        now += MINUTE if now < NOW + 70 * MINUTE else 10 * MINUTE
    assert len(signers) == 2
    assert signers[0].encode() not in jwks.document(keyring.load(db, SEALER))[0]


def test_a_key_that_signs_as_soon_as_it_is_published_would_break_them(db: Session) -> None:
    """(C056) The test above can fail: this is what break-glass does, and says that it does."""
    verifier, ring = CachingVerifier(), keyring.load(db, SEALER)
    old = ring.signer("tokens", "ES256")
    verifier.verify(jws.sign(old, {}, "JWT"), ring, NOW)
    keyring.compromise(db, SEALER, old.kid, NOW + MINUTE)
    ring = keyring.load(db, SEALER)
    token = jws.sign(ring.signer("tokens", "ES256"), {}, "JWT")
    with pytest.raises(BadSignature):
        verifier.verify(token, ring, NOW + MINUTE)
    verifier.verify(token, ring, NOW + MAX_AGE)
