"""The outside auditor's program against logs that were tampered with, each served as Gapura serves its own: it
says what is wrong and where it begins.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent import receipt_form
from consent.ledger import checkpoint, entries, merkle, proofs
from consent.ledger.checkpoint import Checkpoint, Signer
from keys import jws
from keys.keyring import SigningKey
from tests.running import ROOT
from tests.served import served
from tests.unit.keys.conftest import MakeKey, make_key

__all__ = ["make_key"]
PROGRAM = ROOT / "examples" / "outside_auditor" / "verify.py"
ORIGIN = "ledger.gapura.example/2026"
FITS, UNCHECKED, WRONG, NOT_YET = 0, 1, 3, 4
SALT = bytes(range(32))
RECORD = {
    "dct:identifier": "7b0c1b52-7d0e-4f43-9a5e-0f7a5d0c6a11",
    "dpv:hasProcess": {"dpv:hasDataController": {"dct:identifier": "social"}},
    "dpv:hasConsentControl": {"dpv:isExercisedAt": "https://id.gapura.example/consents/7b0c1b52"},
    "dpv:hasConsentStatus": [{"g:act": "given", "dpv:isIndicatedAtTime": "2026-11-25T02:10:05.000000Z"}],
    "dct:description": 'Memeriksa – ‘é’ \n "kutip" \\',
}


def private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def signer(seed: int = 1) -> Signer:
    key = private(seed)
    return Signer(ORIGIN, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


def leaf(number: int) -> bytes:
    return entries.entry(number.to_bytes(32))


@dataclass
class Log:
    """What a log shows: its entries, the hashes it says they have, and a head over these, signed by this key."""

    entries: list[bytes]
    receipt_keys: bytes = b'{"keys":[]}'
    by: Signer = field(default_factory=signer)
    hashed: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hashed = self.hashed or [merkle.leaf_hash(entry) for entry in self.entries]

    def note(self) -> str:
        return checkpoint.sign(Checkpoint(ORIGIN, len(self.hashed), merkle.root(self.hashed)), self.by)

    def answer(self, path: str) -> bytes | None:
        if path == "/ledger/keys":
            return f"{signer().verifier}\n".encode()
        if path == "/ledger/receipt-keys":
            return self.receipt_keys
        if path == "/ledger/checkpoint":
            return self.note().encode()
        level, place = path.removeprefix("/ledger/tile/").split("/", 1)
        place, _, width = place.partition(".p/")
        first = int(place.replace("x", "").replace("/", "")) * 256
        part = slice(first, first + int(width or 256))
        if level == "entries":
            return b"".join(len(entry).to_bytes(2) + entry for entry in self.entries[part])
        hashes = self.hashed
        for _ in range(int(level)):
            whole = range(0, len(hashes) // 256 * 256, 256)
            hashes = [merkle.root(hashes[at : at + 256]) for at in whole]
        return b"".join(hashes[part])


@contextmanager
def shown(log: Log) -> Iterator[str]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = log.answer(handler.path)
        handler.send_response(200 if body else 404)
        handler.send_header("Content-Length", str(len(body or b"")))
        handler.end_headers()
        handler.wfile.write(body or b"")

    with served(answer) as home:
        yield home


def verify(*words: str | Path) -> tuple[int, str]:
    """Its exit code, and its last line."""
    answer = subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True, timeout=60)
    assert not answer.stderr, answer.stderr
    return answer.returncode, answer.stdout.splitlines()[-1]


def copy_of(log: Log, folder: Path) -> tuple[int, str]:
    with shown(log) as home:
        return verify("copy", home, folder)


def a_log(count: int) -> Log:
    return Log([leaf(number) for number in range(count)])


@pytest.mark.parametrize("counts", [(1,), (7,), (256,), (5, 6, 300), (255, 256, 257, 700)])
def test_a_log_that_grows_honestly_fits(tmp_path: Path, counts: tuple[int, ...]) -> None:
    for seen, count in enumerate(counts, start=1):
        assert copy_of(a_log(count), tmp_path) == (FITS, f"{ORIGIN}: {count} entries and {seen} heads fit")
    assert verify("log", tmp_path)[0] == FITS


ROWS = {
    "a row changed": lambda rows: [*rows[:17], leaf(999), *rows[18:]],
    "a row dropped": lambda rows: rows[:17] + rows[18:],
    "two leaves swapped": lambda rows: [*rows[:17], rows[18], rows[17], *rows[19:]],
}


@pytest.mark.parametrize("what", ROWS)
@pytest.mark.parametrize("count", [40, 600])
def test_entries_that_are_not_those_of_the_hashes_are_named_by_the_first(
    tmp_path: Path, what: str, count: int
) -> None:
    honest = a_log(count)
    tampered = Log(ROWS[what](honest.entries), hashed=honest.hashed)
    code, said = copy_of(tampered, tmp_path)
    assert code == WRONG
    assert "entry 17 is not what the log's hashes are made of" in said


@pytest.mark.parametrize("count", [40, 600])
def test_a_tampered_copy_is_named_too_without_a_network(tmp_path: Path, count: int) -> None:
    copy_of(a_log(count), tmp_path)
    (file,) = [file for file in (tmp_path / "tile" / "entries").rglob("*") if file.is_file()][:1]
    body = bytearray(file.read_bytes())
    body[5 * 59 + 20] ^= 1
    file.write_bytes(body)
    first = 5 if count == 40 else int(file.relative_to(tmp_path / "tile" / "entries").parts[0][:3]) * 256 + 5
    assert verify("log", tmp_path) == (
        WRONG, f"DOES NOT FIT: entry {first} is not what the log's hashes are made of (level 0)"
    )  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [(40, 41), (40, 700), (600, 601), (600, 1000)])
@pytest.mark.parametrize("what", ROWS)
def test_a_tree_built_anew_and_signed_is_found_by_an_older_copy(
    tmp_path: Path, what: str, before: int, after: int
) -> None:
    """Everything in it fits, and the log's own key signed it: only who kept what was there can tell."""
    copy_of(a_log(before), tmp_path)
    rebuilt = Log(ROWS[what](a_log(after + 1).entries)[:after])
    assert copy_of(rebuilt, tmp_path / "stranger")[0] == FITS
    code, said = copy_of(rebuilt, tmp_path)
    assert (code, said) == (
        WRONG,
        "DOES NOT FIT: entry 17 is no longer what it was when this copy was made: the log was rewritten",
    )


def test_a_forked_head_is_the_proof_of_two_histories(tmp_path: Path) -> None:
    copy_of(a_log(40), tmp_path)
    other = Log([*a_log(39).entries, leaf(999)])
    assert copy_of(other, tmp_path) == (
        WRONG, "DOES NOT FIT: two signed heads of 40 entries contradict each other: two histories"
    )  # fmt: skip
    assert verify("log", tmp_path)[0] == WRONG, "both are kept"


def test_an_older_head_that_is_shown_again_is_a_cut_tail(tmp_path: Path) -> None:
    """(C080)"""
    copy_of(a_log(150), tmp_path)
    assert copy_of(a_log(120), tmp_path) == (
        WRONG, "DOES NOT FIT: the log went back to 120 entries: entry 120 and those after it were dropped"
    )  # fmt: skip


def test_heads_alone_say_between_which_the_change_is(tmp_path: Path) -> None:
    """A copy whose tiles were made to fit each other: the heads that were signed do not."""
    for count in (20, 40):
        copy_of(a_log(count), tmp_path)
    rebuilt = Log(ROWS["a row changed"](a_log(40).entries))
    for level in ("entries", "0"):
        body = rebuilt.answer(f"/ledger/tile/{level}/000.p/40")
        assert body is not None
        (tmp_path / "tile" / level / "000.p" / "40").write_bytes(body)
    assert verify("log", tmp_path) == (
        WRONG, "DOES NOT FIT: the head of 20 entries has another root: entry 0 or one after it changed"
    )  # fmt: skip


def test_a_head_that_another_key_signed_is_no_head(tmp_path: Path) -> None:
    copy_of(a_log(10), tmp_path)
    forged = a_log(11)
    forged.by = signer(2)
    code, said = copy_of(forged, tmp_path)
    assert (code, said) == (WRONG, "DOES NOT FIT: none of the log's known keys signed the head of 11 entries")


def test_a_false_signature_under_the_logs_name_is_told(tmp_path: Path) -> None:
    copy_of(a_log(10), tmp_path)
    forged = a_log(11)
    forged.by = Signer(ORIGIN, signer().public, private(2).sign)
    code, said = copy_of(forged, tmp_path)
    assert (code, said) == (WRONG, "DOES NOT FIT: the signature on the head of 11 entries is false")


def test_what_the_log_does_not_show_is_held_against_it(tmp_path: Path) -> None:
    log = a_log(600)
    del log.entries[512:]
    code, said = copy_of(log, tmp_path)
    assert code == WRONG
    assert "the log does not show" in said


def test_what_cannot_be_reached_is_no_verdict(tmp_path: Path) -> None:
    assert verify("copy", "http://127.0.0.1:9", tmp_path)[0] == UNCHECKED
    assert verify("log", tmp_path)[0] == UNCHECKED


@dataclass
class Case:
    """A receipt, its proof in a log of 300 entries, and a copy of that log."""

    folder: Path
    key: SigningKey
    receipt: dict[str, object]
    index: int = 77

    def __post_init__(self) -> None:
        commitment = entries.commitment(SALT, RECORD)
        rows = a_log(300).entries
        rows[self.index] = entries.entry(commitment)
        self.log = Log(rows, json.dumps({"keys": [self.key.public_jwk]}).encode())

    def sign(self, key: SigningKey | None = None, typ: str = receipt_form.TYPE) -> Path:
        payload = entries.canonical(self.receipt)
        signature = jws.sign_payload(key or self.key, payload, typ, receipt_form.CONTENT)
        token = jws.compact("ES256", self.key.kid, typ, receipt_form.CONTENT, payload, signature)
        return self.keep("receipt.jws", token)

    def proof(self, log: Log | None = None, salt: bytes = SALT) -> Path:
        log = log or self.log
        steps = merkle.inclusion_proof(self.index, log.hashed)
        return self.keep("receipt.tlog-proof", proofs.tlog_proof(salt, self.index, steps, log.note()))

    def keep(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def judged(self, *files: Path) -> tuple[int, str]:
        return verify("receipt", self.folder / "copy", *files)


@pytest.fixture
def case(tmp_path: Path, make_key: MakeKey) -> Case:
    return a_case(tmp_path, make_key("ES256"), datetime.now(UTC))


def a_case(folder: Path, key: SigningKey, signed_at: datetime) -> Case:
    commitment = entries.commitment(SALT, RECORD)
    made = receipt_form.document(
        RECORD,
        issuer="https://id.gapura.example",
        receipt_id=UUID(int=7),
        commitment=commitment,
        log=ORIGIN,
        signed_at=signed_at,
    )
    case = Case(folder, key, made)
    copy_of(case.log, folder / "copy")
    return case


def test_a_receipt_and_its_proof_fit(case: Case) -> None:
    code, said = case.judged(case.sign(), case.proof())
    assert code == FITS
    assert said == "entered as number 77; the log's head of 300 entries proves it, and this copy agrees"


def test_a_receipt_whose_words_were_changed_does_not_fit(case: Case) -> None:
    file = case.sign()
    header, payload, signature = file.read_text().split(".")
    changed = base64.urlsafe_b64decode(payload + "==").replace(b'"given"', b'"erased"')
    file.write_text(".".join([header, base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), signature]))
    assert case.judged(file, case.proof()) == (
        WRONG, "DOES NOT FIT: the signature of the receipt is false: something in it was changed"
    )  # fmt: skip


def test_a_record_that_was_not_committed_to_does_not_fit_though_it_is_signed(case: Case) -> None:
    case.receipt["dpv:hasRecordOfActivity"] = RECORD | {"dct:description": "something else"}
    assert case.judged(case.sign(), case.proof()) == (
        WRONG, "DOES NOT FIT: the record in the receipt is not the one that was committed to"
    )  # fmt: skip


def test_another_salt_or_place_proves_nothing(case: Case) -> None:
    assert case.judged(case.sign(), case.proof(salt=SALT[::-1]))[0] == WRONG
    proof = case.proof()
    proof.write_text(proof.read_text().replace("index 77\n", "index 78\n"))
    code, said = case.judged(case.sign(), proof)
    assert (code, said) == (
        WRONG,
        "DOES NOT FIT: the proof does not lead from entry 78 to the head of 300 entries",
    )


def test_a_key_that_signs_something_else_signs_no_receipt(case: Case, make_key: MakeKey) -> None:
    """(row 70)"""
    assert case.judged(case.sign(make_key("ES256")), case.proof())[0] == WRONG
    assert case.judged(case.sign(typ="JWT"), case.proof()) == (
        WRONG, "DOES NOT FIT: this was signed as something else than a receipt"
    )  # fmt: skip


def test_a_proof_of_another_history_than_the_copys_is_found_out(case: Case) -> None:
    """The citizen was shown a log of their own."""
    other = Log([*case.log.entries[:200], leaf(999), *case.log.entries[201:]])
    assert case.judged(case.sign(), case.proof(other)) == (
        WRONG, "DOES NOT FIT: the head of 300 entries in the proof is of another history than this copy"
    )  # fmt: skip


def test_without_its_proof_the_copy_is_searched(case: Case) -> None:
    code, said = case.judged(case.sign())
    assert code == FITS
    assert "number 77" in said


@pytest.mark.parametrize(
    ("age", "code", "words"), [(1, NOT_YET, "it must be in the log by"), (25, WRONG, "the promise is broken")]
)
def test_a_record_dropped_before_it_was_numbered_is_caught_by_its_promise(
    tmp_path: Path, make_key: MakeKey, age: int, code: int, words: str
) -> None:
    case = a_case(tmp_path, make_key("ES256"), datetime.now(UTC) - timedelta(hours=age))
    case.receipt["g:commitment"] = entries.base64url(b"x" * 32)
    found, said = case.judged(case.sign())
    assert found == code
    assert words in said
