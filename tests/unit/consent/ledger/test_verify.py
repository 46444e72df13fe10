"""Whatever is changed in the log is found and named; what cannot be excluded is said."""

import secrets
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import checkpoint, entries, log, merkle, sequencer
from consent.ledger.checkpoint import Checkpoint, Signer
from consent.ledger.edge import Edge
from consent.ledger.verify import NO_OUTSIDE_HEAD, Keys, Report, verify
from tests.unit.consent.ledger.conftest import ORIGIN


def grow(db: Session, signer: Signer, count: int) -> str:
    """The note of the checkpoint after `count` more entries."""
    for _ in range(count):
        log.append(db, entries.entry(secrets.token_bytes(32)))
    made = sequencer.tick(db, signer, 0)
    assert made is not None
    sequencer.confirm(db, made)
    return checkpoint.sign(made, signer)


def judged(db: Session, signer: Signer, *outside: str) -> Report:
    db.expire_all()
    return verify(db, Keys([signer.verifier]), outside)


@pytest.fixture
def grown(log_db: Session, signer: Signer) -> Session:
    for count in (100, 400, 100):
        grow(log_db, signer, count)
    return log_db


def test_a_sound_log_is_said_to_be_sound(grown: Session, signer: Signer) -> None:
    report = judged(grown, signer)
    assert report.sound
    assert (report.size, report.checkpoints) == (600, 3)
    assert report.warnings == [NO_OUTSIDE_HEAD]


def test_an_empty_log_is_sound(log_db: Session, signer: Signer) -> None:
    assert judged(log_db, signer).sound


def test_with_an_outside_head_nothing_is_left_open(grown: Session, signer: Signer) -> None:
    note = grow(grown, signer, 1)
    grow(grown, signer, 1)
    report = judged(grown, signer, note)
    assert report.sound
    assert report.warnings == []


OTHER = entries.entry(b"\x07" * 32).decode().replace(":", r"\:")
TAMPERED = [
    pytest.param(
        f"UPDATE consent.ledger_entries SET entry = '{OTHER}' WHERE position = 300",
        "entry 300 is not the one that its tile has",
        id="an entry under a full tile",
    ),
    pytest.param(
        f"UPDATE consent.ledger_entries SET entry = '{OTHER}' WHERE position = 599",
        "entry 599 is not the one that its tile has",
        id="an entry at the edge",
    ),
    pytest.param(
        "UPDATE consent.ledger_entries SET entry = set_byte(entry, 20, 33) WHERE position = 7",
        "entry 7 is not",
        id="one byte of an entry",
    ),
    pytest.param(
        "DELETE FROM consent.ledger_entries WHERE position = 300", "entry 300 is missing", id="an entry taken out"
    ),
    pytest.param(
        "DELETE FROM consent.ledger_entries WHERE position >= 590",
        "entries from 590 on are missing: a head of 600 entries was signed",
        id="the newest ten entries",
    ),
    pytest.param(
        f"INSERT INTO consent.ledger_entries VALUES (600, '{OTHER}')",
        "the head counts 600 entries, there are 601",
        id="an entry put in",
    ),
    pytest.param(
        "UPDATE consent.ledger_tiles SET hashes = set_byte(hashes, 32 * 5, 1 + get_byte(hashes, 32 * 5) % 255)"
        " WHERE tile_no = 1",
        "entry 261 is not the one that its tile has",
        id="a node of a tile",
    ),
    pytest.param(
        "DELETE FROM consent.ledger_tiles WHERE tile_no = 0", "tile 0/0 is missing", id="a tile taken out"
    ),
    pytest.param(
        "INSERT INTO consent.ledger_tiles SELECT 0, 9, hashes FROM consent.ledger_tiles WHERE tile_no = 0",
        "there are 3 full tiles",
        id="a tile put in",
    ),
    pytest.param(
        "UPDATE consent.ledger_checkpoints SET root = sha256('x') WHERE size = 500",
        "the checkpoint of 500 entries has another root: the first difference is in 100 to 499",
        id="the root of a checkpoint",
    ),
    pytest.param(
        "UPDATE consent.ledger_checkpoints SET note = replace(note, '500', '501') WHERE size = 500",
        "checkpoint 500: the signature",
        id="the note of a checkpoint",
    ),
    pytest.param(
        "UPDATE consent.ledger_checkpoints AS c SET note = o.note FROM consent.ledger_checkpoints AS o"
        " WHERE c.size = 500 AND o.size = 100",
        "the note of checkpoint 500 says something else",
        id="the note of another checkpoint",
    ),
    pytest.param(
        "DELETE FROM consent.ledger_checkpoints WHERE size = 600",
        "the published size 600 has no checkpoint",
        id="a checkpoint taken out",
    ),
    pytest.param(
        "UPDATE consent.ledger_head"
        " SET edge = ARRAY[set_byte(edge[1], 0, 1 + get_byte(edge[1], 0) % 255), edge[2]]",
        "entry 512 is not the one that its tile has",
        id="the edge of the head",
    ),
    pytest.param(
        "UPDATE consent.ledger_head SET edge = ARRAY[edge[1]]",
        "the head's unfinished tile of level 1 has 0 hashes, not 2",
        id="a level of the edge taken out",
    ),
]


@pytest.mark.parametrize(("statement", "sentence"), TAMPERED)
def test_whatever_is_changed_is_named(grown: Session, signer: Signer, statement: str, sentence: str) -> None:
    """One byte of an entry, a node or a checkpoint: the position is named (standards §4, sentence 4)."""
    grown.execute(text(statement))
    report = judged(grown, signer)
    assert any(problem.startswith(sentence) for problem in report.problems), report.problems


def test_an_entry_that_is_no_leaf_is_named(grown: Session, signer: Signer) -> None:
    grown.execute(text("UPDATE consent.ledger_entries SET entry = 'NIK 91' WHERE position = 3"))
    assert "entry 3 is not a leaf" in judged(grown, signer).problems


def test_checkpoints_of_a_key_that_is_not_the_logs_are_named(grown: Session, signer: Signer) -> None:
    wrong = replace(signer, public=bytes(32))
    assert any("no known key signed" in problem for problem in judged(grown, wrong).problems)


def cut(db: Session, signer: Signer, size: int) -> None:
    """What a dishonest operator does: drop the newest entries and sign what is left as if nothing had been."""
    db.execute(text("DELETE FROM consent.ledger_entries WHERE position >= :size"), {"size": size})
    db.execute(text("DELETE FROM consent.ledger_checkpoints WHERE size > :size"), {"size": size})
    edge = Edge()
    kept = db.scalars(text("SELECT entry FROM consent.ledger_entries ORDER BY position"))
    edge.append(merkle.leaf_hash(bytes(leaf)) for leaf in kept)
    db.execute(
        text("UPDATE consent.ledger_head SET size = :size, edge = :edge, published_size = 0"),
        {"size": size - 1, "edge": edge.pack()},
    )
    again = Checkpoint(signer.name, size, edge.root())
    published = {"origin": signer.name, "size": size, "root": again.root, "edge": edge.pack()}
    db.connection().exec_driver_sql(sequencer._PUBLISH, {**published, "note": checkpoint.sign(again, signer)})
    sequencer.confirm(db, again)


@pytest.fixture
def cut_log(log_db: Session, signer: Signer) -> tuple[Session, str, str]:
    """Append 100, publish; append 50, publish; cut to 120 and sign again. The two notes that others may have
    kept.
    """
    first, second = grow(log_db, signer, 100), grow(log_db, signer, 50)
    cut(log_db, signer, 120)
    return log_db, first, second


def test_a_cut_log_fits_itself_and_the_report_says_what_that_is_worth(
    cut_log: tuple[Session, str, str], signer: Signer
) -> None:
    """Without an outside head truncation cannot be excluded, and that is said plainly (C080)."""
    report = judged(cut_log[0], signer)
    assert report.sound
    assert report.warnings == ["no outside head given: truncation cannot be excluded"]


def test_with_the_copy_a_cut_log_fails_naming_the_first_index(
    cut_log: tuple[Session, str, str], signer: Signer
) -> None:
    """(C080)"""
    db, _, second = cut_log
    report = judged(db, signer, second)
    assert "entries from 120 on are missing: a head of 150 entries was signed" in report.problems


def test_a_cut_log_that_grew_again_has_another_root(cut_log: tuple[Session, str, str], signer: Signer) -> None:
    """Others hold heads of 100 and 150: the first difference lies between them (C080)."""
    db, first, second = cut_log
    grow(db, signer, 80)
    report = judged(db, signer, first, second)
    assert report.problems == [
        "the outside head of 150 entries has another root: the first difference is in 100 to 149",
    ]


def test_a_log_that_is_gone_fails_against_any_head(log_db: Session, signer: Signer) -> None:
    note = grow(log_db, signer, 5)
    for table in ("entries", "tiles", "checkpoints", "head"):
        log_db.execute(text(f"DELETE FROM consent.ledger_{table}"))
    report = judged(log_db, signer, note)
    assert report.problems == ["there is no log here, but ledger.gapura.example/2026 had 5 entries"]


def test_a_head_of_another_log_or_key_is_no_proof(grown: Session, signer: Signer) -> None:
    other = replace(signer, name="other.example/2026")
    note = checkpoint.sign(Checkpoint("other.example/2026", 100, bytes(32)), other)
    assert judged(grown, signer, note).problems == ["an outside head cannot be used: no known key signed the note"]
    both = verify(grown, Keys([signer.verifier, other.verifier]), [note])
    assert any("outside head of 100 entries has another root" in problem for problem in both.problems)


@pytest.fixture
def younger() -> Signer:
    """The key that signs the same log after the first."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(0x40, 0x60)))
    return Signer(ORIGIN, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


def test_what_a_compromised_key_signed_is_said_to_prove_nothing(
    grown: Session, signer: Signer, younger: Signer
) -> None:
    kept = grow(grown, signer, 1)
    grow(grown, younger, 1)
    keys = Keys([signer.verifier, younger.verifier], {signer.verifier})
    assert keys.good == [younger.verifier]
    report = verify(grown, keys, [kept])
    assert report.sound, "a later checkpoint vouches for the same entries"
    assert [line for line in report.warnings if "only a compromised key signed 4 of the checkpoints" in line]
    assert [line for line in report.warnings if "outside head of 601 entries: its keeper's word" in line]


def test_a_compromised_key_signs_nothing_after_the_one_that_replaced_it(
    grown: Session, signer: Signer, younger: Signer
) -> None:
    grow(grown, younger, 1)
    grow(grown, signer, 1)
    keys = [signer.verifier, younger.verifier]
    assert verify(grown, Keys(keys)).sound
    report = verify(grown, Keys(keys, {signer.verifier}))
    assert report.problems == ["checkpoint 602: a compromised key signed it after it was replaced"]


def test_an_outside_head_by_a_compromised_key_that_differs_is_told(
    grown: Session, signer: Signer, younger: Signer
) -> None:
    grow(grown, younger, 1)
    forged = checkpoint.sign(Checkpoint(ORIGIN, 50, b"\x05" * 32), signer)
    report = verify(grown, Keys([signer.verifier, younger.verifier], {signer.verifier}), [forged])
    assert [line for line in report.problems if "outside head of 50 entries has another root" in line]
    assert [line for line in report.warnings if "only a compromised key signed the outside head of 50" in line]
