"""The signed checkpoint: origin, size and root in the C2SP signed-note form; write, parse, verify.

C2SP signed-note and tlog-checkpoint. Ed25519 only: 0x01 signs the text, 0x04 is a witness's cosignature with
its time. A signature line of a key that nobody here knows is ignored; one of a known key that fails rejects the
whole note.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey

from keys.keyring import SigningKey

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 100
LONGEST_NOTE = 100_000


class BadNote(ValueError):
    """The note is malformed, or a known key's signature on it is wrong."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures are believed: `name+hex(key id)+base64(type and key)` on the wire."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """From its written form; ValueError when it is malformed or its id is not its key's."""
        name, key_id, encoded = text.strip().split("+", 2)
        blob = base64.b64decode(encoded, validate=True)
        if len(blob) != 33 or blob[0] not in (ED25519, COSIGNATURE):
            raise ValueError("not an Ed25519 verifier key")
        key = cls(_named(name), blob[0], blob[1:])
        if key.key_id.hex() != key_id:
            raise ValueError("the key id is not that of the key")
        return key


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's own key. `sign` gives the 64 bytes of an Ed25519 signature, and is deterministic: after a crash
    the same size and root are signed to the same bytes.
    """

    name: str
    public: bytes
    sign: Callable[[bytes], bytes]

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(_named(self.name), ED25519, self.public)


def signer_of(origin: str, key: SigningKey) -> Signer:
    """A log's signer from the keyring's key of role `ledger`; its private half is in this process."""
    if not isinstance(key.key, OKPKey) or not isinstance(key.key.private_key, Ed25519PrivateKey):
        raise ValueError("a log is signed with an Ed25519 key whose private half is here")
    return Signer(origin, _raw(key), key.key.private_key.sign)


def verifier_of(origin: str, key: SigningKey) -> VerifierKey:
    """The same key as others believe it."""
    return VerifierKey(_named(origin), ED25519, _raw(key))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log promises: its first `size` entries have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """From the text of a note. Extension lines are refused: our logs write none."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise BadNote("a checkpoint has three lines")
        size, root = lines[1], _decoded(lines[2])
        if not (size.isascii() and size.isdigit()) or len(size) > 19 or size != str(int(size)) or len(root) != 32:
            raise BadNote("the size or the root of the checkpoint is malformed")
        return cls(lines[0], int(size), root)


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The note, ready to be served."""
    text = checkpoint.text()
    return text + "\n" + signature_line(signer.verifier, signer.sign(text.encode()))


def signature_line(key: VerifierKey, signature: bytes) -> str:
    return f"— {key.name} {_base64(key.key_id + signature)}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """The text of a note and which of `keys` signed it, at least one; BadNote otherwise."""
    known = {(key.name, key.key_id): key for key in keys}
    text, signatures = _parted(note)
    signed = []
    for name, blob in signatures:
        key = known.get((name, blob[:4]))
        if key is None:
            continue
        if not _verifies(key, blob[4:], text):
            raise BadNote(f"the signature of {name} does not verify")
        signed.append(key)
    if not signed:
        raise BadNote("no known key signed the note")
    return text, signed


def verify(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that a known key signed, under that key's own name."""
    return judge(note, keys)[0]


def judge(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, list[VerifierKey]]:
    """The same, and which of the keys signed it."""
    text, signed = open_note(note, keys)
    checkpoint = Checkpoint.parse(text)
    if all(key.kind != ED25519 or key.name != checkpoint.origin for key in signed):
        raise BadNote("the log itself did not sign the checkpoint")
    return checkpoint, signed


def _parted(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > LONGEST_NOTE or any(ord(letter) < 0x20 and letter != "\n" for letter in note):
        raise BadNote("too long, or a control character in the note")
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or lines.count("\n") > MOST_SIGNATURES:
        raise BadNote("not a signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        blob = _decoded(encoded)
        if dash != "—" or not name or "+" in name or len(blob) < 5:
            raise BadNote("a malformed signature line")
        signatures.append((name, blob))
    return text + "\n", signatures


def _verifies(key: VerifierKey, signature: bytes, text: str) -> bool:
    message = text.encode()
    if key.kind == COSIGNATURE:
        if len(signature) != 72:
            return False
        time, signature = int.from_bytes(signature[:8]), signature[8:]
        message = f"cosignature/v1\ntime {time}\n".encode() + message
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _raw(key: SigningKey) -> bytes:
    x: str = key.public_jwk["x"]
    return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))


def _named(name: str) -> str:
    if not name or "+" in name or any(letter.isspace() for letter in name):
        raise ValueError("a key's name has neither spaces nor a plus sign")
    return name


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as malformed:
        raise BadNote("malformed base64") from malformed
