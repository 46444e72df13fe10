"""A leaf is found and proved from what is published, and strangers' programs agree."""

import base64
from datetime import timedelta

import pytest
from proofbundle.tlogproof import verify_tlog_proof
from pymerkle import InmemoryTree
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import entries, merkle, proofs, sequencer, tiles
from consent.ledger.checkpoint import Signer
from consent.ledger.tiles import Published
from tests.consent_builders import NOW
from tests.unit.consent.ledger.test_sequencer import append, grow, stored

SALT = bytes(range(32))


def published(db: Session) -> Published:
    found = tiles.published(db)
    assert found is not None
    return found


@pytest.fixture
def grown(log_db: Session, signer: Signer) -> list[bytes]:
    """Checkpoints of 1, 3, 256, 300 and 700 leaves; the entries in their order."""
    for count in (1, 2, 253, 44, 400):
        grow(log_db, signer, count)
    return stored(log_db)


def test_every_leaf_is_found_in_the_checkpoint_that_took_it(log_db: Session, grown: list[bytes]) -> None:
    seen = published(log_db)
    assert [proofs.find_position(log_db, entry, NOW, seen) for entry in grown] == list(range(700))


def test_a_leaf_that_waits_is_not_there_yet(log_db: Session, signer: Signer, grown: list[bytes]) -> None:
    (late,) = append(log_db, 1)
    assert proofs.find_position(log_db, late, NOW, published(log_db)) is None
    assert sequencer.tick(log_db, signer, 0) is not None
    assert proofs.find_position(log_db, late, NOW, published(log_db)) is None, "numbered, not published"
    assert late not in grown


def test_it_is_sought_only_where_it_can_be(log_db: Session, grown: list[bytes]) -> None:
    """Beyond the minutes that a tick may last, an older checkpoint cannot hold the leaf of a later act."""
    log_db.execute(text("UPDATE consent.ledger_checkpoints SET signed_at = :then"), {"then": NOW})
    at = NOW + proofs.TICK_MAY_LAST
    assert proofs.find_position(log_db, grown[5], at, published(log_db)) == 5
    assert proofs.find_position(log_db, grown[5], at + timedelta(seconds=1), published(log_db)) is None


@pytest.mark.parametrize("size", [1, 3, 256, 300, 700])
def test_the_proof_from_tiles_is_that_of_the_rfc(log_db: Session, grown: list[bytes], size: int) -> None:
    hashes = [merkle.leaf_hash(entry) for entry in grown[:size]]
    for position in {0, 1, 2, 254, 255, 256, 257, 299, 511, 512, 699} & set(range(size)):
        assert proofs.inclusion(log_db, position, size) == merkle.inclusion_proof(position, hashes)


@pytest.mark.parametrize("position", [0, 255, 256, 511, 699])
def test_a_strangers_program_accepts_the_proof_and_no_other_leaf(
    log_db: Session, signer: Signer, grown: list[bytes], position: int
) -> None:
    seen = published(log_db)
    proof = proofs.tlog_proof(SALT, position, proofs.inclusion(log_db, position, seen.size), seen.note)
    assert proof.splitlines()[1] == f"extra {base64.b64encode(SALT).decode()}"
    vkey = str(signer.verifier)
    assert verify_tlog_proof(proof, grown[position], vkey, expected_origin=signer.name)["ok"]
    assert not verify_tlog_proof(proof, entries.entry(SALT), vkey)["ok"]
    changed = proof.replace(f"index {position}\n", f"index {position ^ 1}\n")
    assert not verify_tlog_proof(changed, grown[position], vkey)["ok"]


def test_a_strangers_tree_has_our_root(log_db: Session, grown: list[bytes]) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for entry in grown:
        tree.append_entry(entry)
    assert tree.get_root().hex() == merkle.root([merkle.leaf_hash(entry) for entry in grown]).hex()
    assert base64.b64encode(tree.get_root()).decode() in published(log_db).note
