"""A request is read once and strictly, and no more of it than is allowed."""

import io

import pytest

from idp.errors import OAuthError
from idp.exchange import FORM_LIMIT, FORM_TYPE, Parameters, Request


class Endless(io.RawIOBase):
    """A body that never ends; how much of it was asked for."""

    asked = 0

    def read(self, size: int = -1) -> bytes:
        self.asked += size
        return b"a" * min(size, 4 * FORM_LIMIT)


@pytest.mark.parametrize("length", ["", "0" * 12 + "9999999999", "9999999999", "65537", "0" * 5000 + "1"])
def test_no_more_of_a_body_is_read_than_is_allowed_however_its_length_is_written(length: str) -> None:
    """(row 109)"""
    body = Endless()
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM_TYPE, "CONTENT_LENGTH": length, "wsgi.input": body}
    request = Request(environ)
    if length.endswith("01"):
        assert request.form.pairs == [("a", "")]
        return
    with pytest.raises(OAuthError) as refusal:
        _ = request.form
    assert refusal.value.status == 413
    assert body.asked <= FORM_LIMIT + 1


def test_what_cannot_be_read_still_counts_as_sent() -> None:
    """(row 4) A second address that is broken does not make the first one the only one."""
    sent = Parameters("redirect_uri=good&redirect_uri=%ff&state=%00&scope=a%20b", broken_is_empty=True)
    assert sent.doubled == {"redirect_uri"}
    assert sent.single == {"redirect_uri": "good", "scope": "a b"}
    with pytest.raises(OAuthError):
        Parameters("a&" * 101, broken_is_empty=True)
