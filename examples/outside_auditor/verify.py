"""Check Gapura from outside: a copy of its log, and a citizen's receipt. Uses none of its code.

    python verify.py copy https://id.gapura.example FOLDER     take a copy of the log or renew it, and check it
    python verify.py log FOLDER                                check the copy again; needs no network
    python verify.py receipt FOLDER receipt.jws [receipt.tlog-proof]

Needs Python 3.11 and the package `cryptography`. Keep FOLDER for good, where Gapura's operator cannot reach it:
only against an older copy does a rewritten log show. The keys in it are taken once, at the first copy: compare
them with the ones that are published elsewhere.

Exit code 0: everything fits. 3: something does not, and the last line says what, with the index of the first entry
that is wrong. 4: a receipt that is not in the log yet, and need not be. 1: nothing could be checked.

Formats: C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof; RFC 9162 (tree), RFC 8785 and 7515 (receipt).
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

WIDTH, ENTRIES, LARGEST = 256, "entries", 20_000_000
FITS, UNCHECKED, WRONG, NOT_YET = 0, 1, 3, 4


class Wrong(Exception):
    """It does not fit: somebody changed, dropped or invented something."""


class Unchecked(Exception):
    """It could not be looked at."""


@dataclass(frozen=True)
class Head:
    """A signed promise: the first `size` entries have this root."""

    origin: str
    size: int
    root: bytes


# The tree (RFC 9162 §2.1)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf and knows its root at each size: `peaks` are the roots of its perfect subtrees."""

    def __init__(self) -> None:
        self.size, self.peaks = 0, list[bytes]()

    def add(self, hashed: bytes) -> None:
        size = self.size
        while size & 1:
            hashed, size = node_hash(self.peaks.pop(), hashed), size >> 1
        self.peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256().digest()
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def root_by_proof(index: int, size: int, hashed: bytes, steps: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (§2.1.3.2); None when it is not of this index and size."""
    at, last = index, size - 1
    for step in steps:
        if last == 0:
            return None
        if at & 1 or at == last:
            hashed = node_hash(step, hashed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        at, last = at >> 1, last >> 1
    return hashed if last == 0 else None


# Signed notes


def open_head(note: str, keys: list[str]) -> Head:
    """The head in a note that one of the log's own keys signed."""
    text, _, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(lines) != 3 or not lines[1].isdecimal():
        raise Wrong("the head is malformed")
    head = Head(lines[0], int(lines[1]), decoded(lines[2]))
    for line in signatures.splitlines():
        _, name, blob = [*line.split(" "), "", ""][:3]
        for key in keys:
            key_name, key_id, encoded = key.split("+", 2)
            if key_name != name or name != head.origin or decoded(blob)[:4].hex() != key_id:
                continue
            try:
                public = Ed25519PublicKey.from_public_bytes(decoded(encoded)[1:])
                public.verify(decoded(blob)[4:], f"{text}\n".encode())
            except InvalidSignature:
                raise Wrong(f"the signature on the head of {head.size} entries is false") from None
            return head
    raise Wrong(f"none of the log's known keys signed the head of {head.size} entries")


def decoded(text: str) -> bytes:
    """Either alphabet of base64, padded or not."""
    plain = text.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise Wrong("something in it is no base64") from None


# The copy


class Copy:
    """A folder: `keys.txt`, `receipt-keys.json`, `heads/` (all ever seen), `tile/` (as they are served)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self) -> list[str]:
        return self.read("keys.txt").decode().split()

    def receipt_keys(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.read("receipt-keys.json"))["keys"]
        return found

    def read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            raise Unchecked(f"{self.folder / name} cannot be read; take a copy first") from None

    def write(self, name: str, body: bytes) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def heads(self) -> list[Head]:
        """Every head kept, by size. Two of one size that differ are the proof of two histories."""
        notes = sorted((self.folder / "heads").glob("*"))
        heads = sorted((open_head(note.read_text(), self.keys()) for note in notes), key=lambda head: head.size)
        for head, other in pairwise(heads):
            if head.origin != other.origin:
                raise Wrong(f"the log {head.origin} goes on as {other.origin}: ask what became of it")
            if head.size == other.size and head.root != other.root:
                raise Wrong(f"two signed heads of {head.size} entries contradict each other: two histories")
        return heads

    def tile(self, level: str, tile_no: int) -> bytes:
        """The widest that is kept of a tile."""
        kept = [*self.folder.glob(f"{place(level, tile_no)}.p/*")]
        whole = self.folder / place(level, tile_no)
        widest = whole if whole.exists() else max(kept, key=lambda file: int(file.name), default=None)
        return b"" if widest is None else widest.read_bytes()

    def entries(self, size: int) -> Iterator[bytes]:
        for tile_no in range(-(-size // WIDTH)):
            yield from in_tile(ENTRIES, self.tile(ENTRIES, tile_no))[: size - tile_no * WIDTH]


def place(level: str | int, tile_no: int) -> str:
    digits = f"{tile_no:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["tile", str(level), *(f"x{group}" for group in groups[:-1]), groups[-1]])


def in_tile(level: str, body: bytes) -> list[bytes]:
    """Its hashes, or its entries, each after its length in two bytes."""
    found, at = [], 0
    while at < len(body):
        width = 2 + int.from_bytes(body[at : at + 2]) if level == ENTRIES else 32
        found.append(body[at : at + width][2 if level == ENTRIES else 0 :])
        at += width
    return found


def check_log(copy: Copy) -> Head:
    """Recompute all that is kept: entries against tiles, tiles against each other, every head against both."""
    heads = copy.heads()
    if not heads:
        raise Unchecked("no head of the log is kept yet")
    tree, tiles, good = Tree(), Tiles(copy), 0
    entries = copy.entries(heads[-1].size)
    for head in heads:
        while tree.size < head.size:
            entry = next(entries, None)
            if entry is None:
                raise Wrong(f"entry {tree.size} is missing, and a head of {head.size} entries was signed")
            tiles.expect(0, leaf_hash(entry))
            tree.add(leaf_hash(entry))
        if tree.root() != head.root:
            raise Wrong(f"the head of {head.size} entries has another root: entry {good} or one after it changed")
        good = head.size
    return heads[-1]


class Tiles:
    """The tiles of a copy beside the hashes that its entries have, level by level."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.seen = [0] * 9
        self.at_hand = [list[bytes]() for _ in range(9)]

    def expect(self, level: int, hashed: bytes) -> None:
        index, inside = self.seen[level], self.seen[level] % WIDTH
        if inside == 0:
            self.at_hand[level] = in_tile(str(level), self.copy.tile(str(level), index // WIDTH))
        if self.at_hand[level][inside : inside + 1] != [hashed]:
            raise Wrong(f"entry {index << 8 * level} is not what the log's hashes are made of (level {level})")
        self.seen[level] += 1
        if inside == WIDTH - 1:
            above = Tree()
            for one in self.at_hand[level]:
                above.add(one)
            self.expect(level + 1, above.root())


def take_copy(copy: Copy, address: str) -> Head:
    """Fetch the head and what the copy lacks under it. What was fetched before must still be there, as it was."""
    address = address.rstrip("/")
    if not (copy.folder / "keys.txt").exists():
        copy.write("keys.txt", fetched(f"{address}/ledger/keys"))
        copy.write("receipt-keys.json", fetched(f"{address}/ledger/receipt-keys"))
        print("keys taken at first sight: compare keys.txt with the keys that are published elsewhere")
    note = fetched(f"{address}/ledger/checkpoint")
    head = open_head(note.decode(errors="replace"), copy.keys())
    before = copy.heads()[-1:]
    copy.write(f"heads/{head.size:020d}-{head.root.hex()[:8]}", note)
    if before and head.size < before[0].size:
        raise Wrong(f"the log went back to {head.size} entries: entry {head.size} and those after it were dropped")
    copy.heads()
    try:
        for level in (ENTRIES, *map(str, range(8))):
            size = head.size if level == ENTRIES else head.size >> 8 * int(level)
            for tile_no in range(-(-size // WIDTH)):
                if not (copy.folder / place(level, tile_no)).exists():
                    widen(copy, address, level, tile_no, min(WIDTH, size - tile_no * WIDTH))
        return check_log(copy)
    except Wrong:
        seek_rewritten(copy, address, head.size)
        raise


def widen(copy: Copy, address: str, level: str, tile_no: int, width: int) -> None:
    """Fetch a tile of which less was there before: that part must be the same."""
    name = place(level, tile_no) + ("" if width == WIDTH else f".p/{width}")
    body = fetched(f"{address}/ledger/{name}")
    kept, found = in_tile(level, copy.tile(level, tile_no)), in_tile(level, body)
    for at, (one, other) in enumerate(zip(kept, found, strict=False)):
        if one != other:
            first = (tile_no * WIDTH + at) << (0 if level == ENTRIES else 8 * int(level))
            raise Wrong(f"entry {first} is no longer what it was when this copy was made: the log was rewritten")
    narrower = [*copy.folder.glob(f"{place(level, tile_no)}.p/*")]
    copy.write(name, body)
    for file in narrower:
        if file != copy.folder / name:
            file.unlink()


def seek_rewritten(copy: Copy, address: str, size: int) -> None:
    """What is new does not fit what is kept: fetch everything again, and name where the log first differs."""
    for tile_no in range(-(-size // WIDTH)):
        if (copy.folder / place(ENTRIES, tile_no)).exists():
            widen(copy, address, ENTRIES, tile_no, WIDTH)


def fetched(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise Unchecked(f"{url} is no web address")
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - its scheme was looked at
            body: bytes = answer.read(LARGEST)
            return body
    except urllib.error.HTTPError as refusal:
        raise Wrong(f"the log does not show {url} ({refusal.code}), and must") from None
    except OSError as error:
        raise Unchecked(f"{url} cannot be reached: {error}") from None


# The receipt


def canonical(value: Any) -> bytes:
    """RFC 8785, for documents without fractions, whose member names are ASCII: ours are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def open_receipt(token: str, keys: list[dict[str, str]]) -> dict[str, Any]:
    """What a receipt says, if a key of receipts signed it."""
    if token.count(".") != 2:
        raise Wrong("this is no receipt")
    header_part, payload_part, signature = token.strip().split(".")
    try:
        header, receipt = json.loads(decoded(header_part)), json.loads(decoded(payload_part))
    except ValueError:
        raise Wrong("this is no receipt") from None
    if (header.get("alg"), header.get("typ"), header.get("cty")) != ("ES256", "consent-receipt+jws", "ld+json"):
        raise Wrong("this was signed as something else than a receipt")
    key = next((key for key in keys if key["kid"] == header.get("kid")), None)
    if key is None:
        raise Wrong("a key that is not among those of receipts signed this; if it is new, compare and add it")
    x, y = (int.from_bytes(decoded(key[name])) for name in ("x", "y"))
    raw = decoded(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    try:
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        signed = f"{header_part}.{payload_part}".encode()
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise Wrong("the signature of the receipt is false: something in it was changed") from None
    if canonical(receipt) != decoded(payload_part):
        raise Wrong("the receipt is not in its one canonical form")
    found: dict[str, Any] = receipt
    return found


def check_proof(receipt: dict[str, Any], proof: str, copy: Copy) -> str:
    """Open the commitment with the salt in the proof, and follow the proof to a head that the log signed."""
    above, _, note = proof.partition("\n\n")
    lines = above.split("\n")
    if len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra "):
        raise Wrong("this is no proof of entry")
    if not lines[2].startswith("index ") or not lines[2][6:].isdecimal():
        raise Wrong("this is no proof of entry")
    salt, index, steps = decoded(lines[1][6:]), int(lines[2][6:]), [decoded(line) for line in lines[3:]]
    if len(salt) != 32:
        raise Wrong("the salt in the proof has not 32 bytes")
    made = hmac.digest(salt, canonical(receipt["dpv:hasRecordOfActivity"]), "sha256")
    if not hmac.compare_digest(made, decoded(receipt["g:commitment"])):
        raise Wrong("the record in the receipt is not the one that was committed to")
    head = open_head(note, copy.keys())
    if head.origin != receipt["g:log"]:
        raise Wrong(f"the proof is of the log {head.origin}, the receipt promises {receipt['g:log']}")
    if index >= head.size or root_by_proof(index, head.size, leaf_hash(entry_of(receipt)), steps) != head.root:
        raise Wrong(f"the proof does not lead from entry {index} to the head of {head.size} entries")
    agrees = "and this copy agrees" if fits_copy(copy, head) else "but this copy is older: renew it to compare"
    return f"entered as number {index}; the log's head of {head.size} entries proves it, {agrees}"


def fits_copy(copy: Copy, head: Head) -> bool:
    """The proof's head against the copy: whoever shows the citizen another log than the auditor is found out."""
    tree, kept = Tree(), copy.heads()
    if not kept or kept[-1].size < head.size:
        return False
    for entry in copy.entries(head.size):
        tree.add(leaf_hash(entry))
    if (tree.size, tree.root()) != (head.size, head.root):
        raise Wrong(f"the head of {head.size} entries in the proof is of another history than this copy")
    return True


def check_promise(receipt: dict[str, Any], copy: Copy, now: datetime) -> tuple[int, str]:
    """Without a proof: whether the copy has the leaf, or by when it must."""
    heads, by = copy.heads(), datetime.fromisoformat(receipt["g:inLogBy"])
    wanted = entry_of(receipt)
    for index, entry in enumerate(copy.entries(heads[-1].size) if heads else ()):
        if entry == wanted:
            return FITS, f"the copy has its entry, number {index}; the file receipt.tlog-proof proves what it says"
    if now <= by:
        return NOT_YET, f"not in this copy yet; it must be in the log by {by:%Y-%m-%d %H:%M} UTC"
    newest = max((file.stat().st_mtime for file in (copy.folder / "heads").glob("*")), default=0.0)
    if newest < by.timestamp():
        return NOT_YET, "not in this copy, which is older than the promise: renew the copy and ask again"
    raise Wrong(f"the promise is broken: its entry was due by {by:%Y-%m-%d %H:%M} UTC and is not in the log")


def entry_of(receipt: dict[str, Any]) -> bytes:
    return canonical({"c": receipt["g:commitment"], "v": 1})


def check_receipt(copy: Copy, token: Path, proof: Path | None) -> tuple[int, str]:
    receipt = open_receipt(read_text(token), copy.receipt_keys())
    record = receipt["dpv:hasRecordOfActivity"]
    event = record["dpv:hasConsentStatus"][0]
    controller = record["dpv:hasProcess"]["dpv:hasDataController"]["dct:identifier"]
    at = event["dpv:isIndicatedAtTime"]
    print(f"signed: {event['g:act']} at {at}, {controller}; record {record['dct:identifier']}")
    print(f"it says what was done then; what holds now: {record['dpv:hasConsentControl']['dpv:isExercisedAt']}")
    if proof is None:
        return check_promise(receipt, copy, datetime.now(UTC))
    return FITS, check_proof(receipt, read_text(proof), copy)


def read_text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError):
        raise Unchecked(f"{file} cannot be read") from None


def main() -> int:
    parser = argparse.ArgumentParser(description="Check Gapura's log and receipts from outside.")
    commands = parser.add_subparsers(dest="command", required=True)
    arguments = {"copy": ("address", "folder"), "log": ("folder",), "receipt": ("folder", "receipt")}
    for name, wanted in arguments.items():
        command = commands.add_parser(name)
        for argument in wanted:
            command.add_argument(argument, type=str if argument == "address" else Path)
        if name == "receipt":
            command.add_argument("proof", type=Path, nargs="?")
    asked = parser.parse_args()
    copy = Copy(asked.folder)
    try:
        if asked.command == "receipt":
            code, said = check_receipt(copy, asked.receipt, asked.proof)
        else:
            head = take_copy(copy, asked.address) if asked.command == "copy" else check_log(copy)
            code, said = FITS, f"{head.origin}: {head.size} entries and {len(copy.heads())} heads fit"
    except Wrong as wrong:
        code, said = WRONG, f"DOES NOT FIT: {wrong}"
    except (KeyError, IndexError, TypeError, ValueError) as malformed:
        code, said = WRONG, f"DOES NOT FIT: something in it is malformed ({type(malformed).__name__})"
    except Unchecked as reason:
        code, said = UNCHECKED, f"not checked: {reason}"
    print(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
