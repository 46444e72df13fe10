"""Authenticated encryption (AES-256-GCM): what is sealed and sent out, and what is sealed and kept.

`Sealer` is for codes, tokens, cookies and links. Each kind has a key of its own for each day, so that no kind
opens as another, random nonces stay safe (2^32 seals a key), and what is older than its kind can live is refused
without being opened. `RestSealer` is for rows: the first byte is the version of the master key, so that rows can
be sealed anew when it moves. Neither knows what is inside, and neither says why something did not open, but for a
version of the master key that is not here.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.derivation import Label, derive, joined
from keys.errors import CannotOpen, MasterKeyMissing

NONCE_BYTES, TAG_BYTES, DAY_SECONDS = 12, 16, 86400
LONGEST_SEALED = 8192  # characters; a stranger's megabyte is refused before it is decoded
LONGEST_STORED = 65536  # of what lies in a row of ours and only its handle is sent out
_VERSION = b"\x01"
_PREFIX = 3  # version byte, two bytes of day


class Kind(Enum):
    """What may be sealed and sent out, each with its label and the longest it can live, in days."""

    CODE = Label.CODE, 1
    ACCESS_TOKEN = Label.ACCESS_TOKEN, 1
    REFRESH_TOKEN = Label.REFRESH_TOKEN, 365
    SESSION_COOKIE = Label.SESSION_COOKIE, 30
    KNOWN_BROWSER = Label.KNOWN_BROWSER, 180
    INTERACTION = Label.INTERACTION, 1
    LINK = Label.LINK, 1
    STORED_REQUEST = Label.STORED_REQUEST, 1
    PASSWORD_PROVED = Label.PASSWORD_PROVED, 1
    RECOVERY_STEPS = Label.RECOVERY_STEPS, 1
    CANCELLATION = Label.CANCELLATION, 11  # a recovery stays open for ten
    ACTIVATION = Label.ACTIVATION, 1
    WITHDRAWAL = Label.WITHDRAWAL, 30  # an agency late by weeks can still answer

    def __init__(self, label: Label, longest_days: int) -> None:
        self.label = label
        self.longest_days = longest_days


class Sealer:
    """Seals what leaves the house: base64url of a version byte, 2 bytes of day, 12 of nonce, ciphertext and tag.

    The associated data names kind, issuer and mode: what the sandbox sealed does not open in production, even if
    both were started with one master key.
    """

    def __init__(self, master: bytes, issuer: str, mode: str) -> None:
        self._aad = {kind: joined(_VERSION, kind.label, issuer, mode) for kind in Kind}
        # A key is used all day. 1024 of them hold every day on which something of any kind may still be alive.
        self._cipher = lru_cache(maxsize=1024)(lambda label, day: AESGCM(derive(master, label, str(day))))
        self._nonce_key = lru_cache(maxsize=1024)(
            lambda label, day: derive(master, Label.REPEATABLE_NONCE, label, str(day))
        )

    def seal(self, kind: Kind, payload: bytes, now: datetime, *, repeatable: bool = False) -> str:
        """Seal under the key of the day; `now` is the database's.

        `repeatable`: the same payload and day give the same text, so that a lost answer can be given again. The
        nonce is then a keyed digest of the payload: two payloads share one only by a collision of 96 bits, one
        payload always does.
        """
        day = _day(now)
        nonce = (
            hmac.digest(self._nonce_key(kind.label, day), payload, "sha256")[:NONCE_BYTES]
            if repeatable
            else os.urandom(NONCE_BYTES)
        )
        sealed = self._cipher(kind.label, day).encrypt(nonce, payload, self._aad[kind])
        return urlsafe_b64encode(_VERSION + day.to_bytes(2, "big") + nonce + sealed).rstrip(b"=").decode()

    def open(self, kind: Kind, sealed: str, now: datetime) -> bytes:
        """What was sealed as this kind, or `CannotOpen`. Days of life are not its expiry: that stands inside."""
        raw = _bytes_of(sealed, LONGEST_STORED if kind is Kind.STORED_REQUEST else LONGEST_SEALED)
        day = int.from_bytes(raw[1:_PREFIX], "big")
        age = _day(now) - day
        # A day ahead is forgiven: two servers disagree about midnight.
        if raw[:1] != _VERSION or age > kind.longest_days or age < -1:
            raise CannotOpen
        nonce, ciphertext = raw[_PREFIX : _PREFIX + NONCE_BYTES], raw[_PREFIX + NONCE_BYTES :]
        try:
            return self._cipher(kind.label, day).decrypt(nonce, ciphertext, self._aad[kind])
        except InvalidTag:
            raise CannotOpen from None


class RestSealer:
    """Seals what lies in rows: version byte of the master key, 12 bytes of nonce, ciphertext and tag.

    The context names the row (its table and key), so that sealed bytes moved to another row do not open there.
    """

    def __init__(self, master: bytes, version: int = 1, others: Mapping[int, bytes] | None = None) -> None:
        """`master`, which is `version`, seals; the `others` only open. A process has its from `KeyStore`."""
        masters = {**(others or {}), version: master}
        self.version = version
        self._key = lru_cache(maxsize=256)(lambda version, label: derive(masters[version], label))
        self._known = frozenset(masters)

    @property
    def first_byte(self) -> bytes:
        """With which all begins that this sealer seals."""
        return bytes((self.version,))

    def seal(self, label: Label, plaintext: bytes, context: bytes) -> bytes:
        """Seal under the version that seals."""
        version = self.first_byte
        return version + seal_with(self._key(self.version, label), plaintext, version + context)

    def open(self, label: Label, sealed: bytes, context: bytes) -> bytes:
        """What was sealed with this label and context under any master key still known, or `CannotOpen`.

        `MasterKeyMissing` where the version is not here: of a row of ours, an operator must know which to bring.
        """
        if not sealed:
            raise CannotOpen
        if sealed[0] not in self._known:
            raise MasterKeyMissing(sealed[0], self._known)
        return open_with(self._key(sealed[0], label), sealed[1:], sealed[:1] + context)

    def reseal(self, label: Label, sealed: bytes, context: bytes) -> bytes | None:
        """The same under the version that seals, to be written in its place; None if it is that already."""
        if sealed[:1] == self.first_byte:
            return None
        return self.seal(label, self.open(label, sealed, context), context)


def seal_with(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Seal under a data key (32 bytes) that is itself sealed: nonce, ciphertext, tag."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def open_with(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open what `seal_with` sealed under this key and context, or `CannotOpen`."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise CannotOpen
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except InvalidTag:
        raise CannotOpen from None


def _day(now: datetime) -> int:
    return int(now.timestamp()) // DAY_SECONDS


def _bytes_of(sealed: str, longest: int) -> bytes:
    """Strictly: a string that decodes to the same bytes as another would be a second spelling of one code."""
    if len(sealed) > longest or not sealed.isascii():
        raise CannotOpen
    try:
        raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        raise CannotOpen from None
    if len(raw) < _PREFIX + NONCE_BYTES + TAG_BYTES or urlsafe_b64encode(raw).rstrip(b"=") != sealed.encode():
        raise CannotOpen
    return raw
