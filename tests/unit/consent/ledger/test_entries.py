"""The leaf: one form, one length, and nothing in it but the commitment."""

import hashlib
import hmac
import secrets

import pytest

from consent.ledger import entries

SALT = bytes(range(32))


def test_a_leaf_is_the_canonical_json_of_a_commitment_and_nothing_else() -> None:
    leaf = entries.entry(bytes(32))
    assert leaf == b'{"c":"' + b"A" * 43 + b'","v":1}'
    assert len(leaf) == entries.ENTRY_BYTES


def test_every_leaf_has_the_same_length() -> None:
    """A filler cannot be told from a consent by its size."""
    assert {len(entries.entry(secrets.token_bytes(32))) for _ in range(50)} == {entries.ENTRY_BYTES}


def test_a_commitment_is_the_keyed_digest_of_the_canonical_form() -> None:
    committed = entries.commitment(SALT, {"b": 1, "a": "é"})
    assert committed == hmac.new(SALT, '{"a":"é","b":1}'.encode(), hashlib.sha256).digest()


def test_the_same_document_under_another_salt_is_another_commitment() -> None:
    assert entries.commitment(SALT, {"a": 1}) != entries.commitment(bytes(32), {"a": 1})


def test_the_digest_ignores_the_order_of_members() -> None:
    assert entries.digest({"a": 1, "b": [2]}) == entries.digest({"b": [2], "a": 1})
    assert entries.digest({"a": 1}) == hashlib.sha256(b'{"a":1}').digest()


def test_a_leaf_gives_its_commitment_back() -> None:
    committed = secrets.token_bytes(32)
    assert entries.committed_by(entries.entry(committed)) == committed


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"[]",
        b'{"c":1,"v":1}',
        b'{"v":1,"c":"' + b"A" * 43 + b'"}',
        b'{"c":"AA","v":1}',
        b'{"c": "' + b"A" * 43 + b'","v":1}',
    ],
)
def test_what_is_no_leaf_is_refused(leaf: bytes) -> None:
    with pytest.raises(ValueError):
        entries.committed_by(leaf)


def test_a_short_salt_or_commitment_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        entries.commitment(b"short", {})
    with pytest.raises(ValueError, match="commitment"):
        entries.entry(b"short")
