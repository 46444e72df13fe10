"""The way back to the client: the registered address keeps its bytes, and iss is always there."""

from urllib.parse import parse_qs, urlsplit

import pytest

from idp.authorization.response import FormPost, failure, success
from idp.errors import Code, OAuthError
from idp.exchange import Reply

ISSUER = "https://masuk.gapura.example"


def location(reply: Reply | FormPost) -> str:
    assert isinstance(reply, Reply)
    assert reply.status == 303
    return dict(reply.headers)["Location"]


@pytest.mark.parametrize(
    ("registered", "begins"),
    [
        ("https://app.example/cb", "https://app.example/cb?code="),
        ("https://app.example/cb?x=1&y=%20", "https://app.example/cb?x=1&y=%20&code="),
        ("https://app.example/cb?unit=7&x=", "https://app.example/cb?unit=7&x=&code="),
    ],
)
def test_the_registered_address_keeps_its_bytes(registered: str, begins: str) -> None:
    """(row 2, C001)"""
    assert location(success(ISSUER, registered, "query", "c", None)).startswith(begins)


def test_state_comes_back_exactly() -> None:
    """(row 10)"""
    state = "a b&c=\"<é'"
    sent = parse_qs(urlsplit(location(success(ISSUER, "https://app.example/cb", "query", "c", state))).query)
    assert sent == {"code": ["c"], "state": [state], "iss": [ISSUER]}


def test_an_error_carries_iss_and_no_empty_state() -> None:
    """(row 5, C008)"""
    error = OAuthError(Code.ACCESS_DENIED, "the citizen refused")
    sent = parse_qs(urlsplit(location(failure(ISSUER, "https://app.example/cb", "query", error, None))).query)
    assert sent == {"error": ["access_denied"], "error_description": ["the citizen refused"], "iss": [ISSUER]}


def test_form_post_hands_the_fields_to_a_page() -> None:
    answer = success(ISSUER, "https://app.example/cb", "form_post", "c", "s")
    assert answer == FormPost("https://app.example/cb", {"code": "c", "state": "s", "iss": ISSUER})
