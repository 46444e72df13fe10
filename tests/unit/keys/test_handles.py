"""Handles: enough chance, and a digest of whatever a stranger sends."""

import pytest

from keys.handles import digest, new_handle, same


def test_handles_carry_256_bits_and_never_repeat() -> None:
    """(row 63)"""
    handles = {new_handle() for _ in range(1000)}
    assert len(handles) == 1000
    assert all(len(handle) == 43 for handle in handles)


def test_a_handle_that_could_be_guessed_is_not_made() -> None:
    """(row 63)"""
    with pytest.raises(ValueError):
        new_handle(15)


@pytest.mark.parametrize("sent", ["", "handle", "é", "\ud800", "\x00", "x" * 100_000])
def test_whatever_is_sent_has_a_digest(sent: str) -> None:
    assert len(digest(sent)) == 32


def test_digests_are_compared_whole() -> None:
    assert same(digest("a"), digest("a"))
    assert not same(digest("a"), digest("b"))
    assert not same(digest("a"), digest("a")[:-1])
