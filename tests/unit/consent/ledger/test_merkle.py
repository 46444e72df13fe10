"""Roots and proofs against the vectors of Certificate Transparency, and every pair of small sizes."""

import hashlib

import pytest

from consent.ledger import merkle

INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = ("6e340b9c", "fac54203", "aeb6bcfe", "d37ee418", "4e3bbb1f", "76e67dad", "ddb89be4", "5dc9da79")
HASHES = [merkle.leaf_hash(entry) for entry in INPUTS]
LARGEST = 130


def beginnings(proof: list[bytes]) -> list[str]:
    return [step.hex()[:8] for step in proof]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex()[:8] == ROOTS[size - 1]


def test_the_root_of_eight_is_known_in_full_and_the_empty_tree_has_one() -> None:
    assert merkle.root(HASHES).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert merkle.root([]) == hashlib.sha256().digest()


def test_the_proofs_are_those_of_certificate_transparency() -> None:
    assert beginnings(merkle.inclusion_proof(5, HASHES)) == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert beginnings(merkle.consistency_proof(6, HASHES)) == ["0ebc5d34", "ca854ea1", "d37ee418"]
    assert beginnings(merkle.consistency_proof(3, HASHES[:7])) == ["0298d122", "07506a85", "fac54203", "837dbb15"]


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(index.to_bytes(2)) for index in range(count)]


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one bit flipped, one hash dropped, one added: each must fail."""
    wrong = [[*proof, bytes(32)], [bytes(32), *proof]]
    if proof:
        at = len(proof) // 2
        wrong.append([*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]])
        wrong += [proof[1:], proof[:-1]]
    return wrong


def test_every_inclusion_up_to_130_verifies_and_nothing_else_does() -> None:
    """All pairs, and the test counts its own assertions (C079)."""
    counted = 0
    for size in range(1, LARGEST + 1):
        hashes = leaves(size)
        root = merkle.root(hashes)
        for index in range(size):
            proof = merkle.inclusion_proof(index, hashes)
            assert merkle.verify_inclusion(index, size, hashes[index], proof, root)
            wrong = spoiled(proof)
            for other in wrong:
                assert not merkle.verify_inclusion(index, size, hashes[index], other, root)
            if size > 1:
                assert not merkle.verify_inclusion((index + 1) % size, size, hashes[index], proof, root)
            counted += 1 + len(wrong) + (size > 1)
    # 8,515 pairs: the one of size 1 has no proof to spoil, every other seven assertions.
    assert counted == 3 + 8_514 * 7


def test_every_consistency_up_to_130_verifies_and_nothing_else_does() -> None:
    """All pairs 0 ≤ m ≤ n ≤ 130; the test counts its own assertions (C079)."""
    counted = 0
    hashes = leaves(LARGEST)
    roots = [merkle.root(hashes[:size]) for size in range(LARGEST + 1)]
    for second in range(LARGEST + 1):
        for first in range(second + 1):
            proof = merkle.consistency_proof(first, hashes[:second])
            assert merkle.verify_consistency(first, second, roots[first], roots[second], proof)
            wrong = spoiled(proof)
            for other in wrong:
                assert not merkle.verify_consistency(first, second, roots[first], roots[second], other)
            counted += 1 + len(wrong)
            if 0 < first < second:
                assert not merkle.verify_consistency(first, second, roots[first], roots[first], proof)
                assert not merkle.verify_consistency(first, second, roots[second], roots[second], proof)
                counted += 2
    # 8,646 pairs: 261 with the empty proof, every other eight assertions.
    assert counted == 261 * 3 + 8_385 * 8


def test_a_leaf_that_looks_like_an_inner_node_is_none() -> None:
    """Domain separation (C079)."""
    left, right = leaves(2)
    forged = merkle.leaf_hash(b"\x01" + left + right)
    assert forged != merkle.node_hash(left, right)
    assert not merkle.verify_inclusion(0, 1, forged, [], merkle.root([left, right]))


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param([b""], id="empty step"),
        pytest.param([b"x" * 31], id="short"),
        pytest.param([b"x" * 33], id="long"),
    ],
)
def test_a_malformed_proof_is_refused_without_an_exception(proof: list[bytes]) -> None:
    root = merkle.root(HASHES)
    assert not merkle.verify_inclusion(0, 8, HASHES[0], proof, root)
    assert not merkle.verify_consistency(3, 8, root, root, proof)


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0)])
def test_a_place_outside_the_tree_is_refused(index: int, size: int) -> None:
    assert not merkle.verify_inclusion(index, size, HASHES[0], [], merkle.root(HASHES))
    with pytest.raises(IndexError):
        merkle.inclusion_proof(index, HASHES[:size])


@pytest.mark.parametrize(("first", "second"), [(-1, 8), (9, 8)])
def test_a_later_tree_is_no_beginning(first: int, second: int) -> None:
    root = merkle.root(HASHES)
    assert not merkle.verify_consistency(first, second, root, root, [])
    with pytest.raises(IndexError):
        merkle.consistency_proof(first, HASHES)
