"""Tree hash, inclusion proof and consistency proof of RFC 9162 §2.1, over the hashes of leaves. Pure.

A proof is a list of 32-byte hashes, in the order of the RFC. The two `verify_` functions are §2.1.3.2 and
§2.1.4.2 as written; they answer False for anything malformed, because the bytes come from strangers.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The prefix keeps a leaf that looks like an inner node from being taken for one."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The tree hash over leaf hashes, or over the roots of equal full subtrees."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        # The odd last one rises as it is: it is the root of the shorter right side.
        level = paired + level[-1:] if len(level) % 2 else paired
    return level[0]


def inclusion_proof(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(index, hashes) of §2.1.3.1."""
    if not 0 <= index < len(hashes):
        raise IndexError("no such leaf")
    if len(hashes) == 1:
        return []
    split = left_size(len(hashes))
    if index < split:
        return [*inclusion_proof(index, hashes[:split]), root(hashes[split:])]
    return [*inclusion_proof(index - split, hashes[split:]), root(hashes[:split])]


def consistency_proof(first: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(first, hashes) of §2.1.4.1: that the tree of the first `first` leaves is the beginning of this one."""
    if not 0 <= first <= len(hashes):
        raise IndexError("no such earlier tree")
    if first in (0, len(hashes)):
        return []
    return _subproof(first, hashes, True)


def _subproof(first: int, hashes: Sequence[bytes], whole: bool) -> list[bytes]:
    if first == len(hashes):
        return [] if whole else [root(hashes)]
    split = left_size(len(hashes))
    if first <= split:
        return [*_subproof(first, hashes[:split], whole), root(hashes[split:])]
    return [*_subproof(first - split, hashes[split:], False), root(hashes[:split])]


def left_size(size: int) -> int:
    """The largest power of two smaller than `size`, which is 2 or more: where a tree of that size is divided."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """Whether the leaf with this hash stands at `index` in the tree of `size` leaves with this root (§2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in proof):
        return False
    at, last, hashed = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = node_hash(step, hashed)
            if not at & 1:
                while not (at & 1 or at == 0):
                    at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == tree_root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `second` leaves begins with the tree of `first` (§2.1.4.2)."""
    if not 0 <= first <= second or any(len(step) != HASH_BYTES for step in proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        # The empty tree is the beginning of every tree; the RFC leaves this pair out.
        return not proof and first_root == EMPTY_ROOT
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not (at & 1 or at == 0):
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
