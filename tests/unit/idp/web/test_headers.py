import pytest

from idp.web import headers

ISSUER = "https://masuk.gapura.example"


def test_a_page_is_framed_by_nobody_and_loads_only_our_style_and_images() -> None:
    """(row 73)"""
    pairs = dict([*headers.every_answer(ISSUER), *headers.page()])
    assert pairs["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert pairs["X-Content-Type-Options"] == "nosniff"
    assert pairs["Referrer-Policy"] == "no-referrer"
    assert pairs["Cross-Origin-Opener-Policy"] == "same-origin"
    assert pairs["Cache-Control"] == "no-store"
    assert pairs["Strict-Transport-Security"] == "max-age=31536000"


def test_no_header_promises_https_on_a_loopback_address() -> None:
    assert "Strict-Transport-Security" not in dict(headers.every_answer("http://127.0.0.1:8000"))


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        pytest.param("https://a.example/cb?x=1", "https://a.example", id="the origin, not the path"),
        pytest.param("https://a.example:8443/cb", "https://a.example:8443", id="with its port"),
        pytest.param("http://127.0.0.1:51234/cb", "http://127.0.0.1:51234", id="a loopback address"),
        pytest.param("id.go.antrean:/cb", "id.go.antrean:", id="a private scheme"),
        pytest.param("http://[::1]:51234/cb", "http:", id="CSP cannot write an IPv6 address"),
        pytest.param("https://a.example;script-src *", "", id="what would end the directive is left out"),
        pytest.param("https://a.example *@evil/", "https://evil", id="user information is no host"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_form_may_end_at_the_one_address_of_its_sign_in(redirect_uri: str, source: str) -> None:
    """(C013)"""
    assert headers.form_target(redirect_uri) == source


def test_a_page_that_only_leaves_lets_the_application_send_the_browser_on() -> None:
    """(C013)"""
    policy = dict(headers.page(script="'sha256-abc'", leaves=True))["Content-Security-Policy"]
    assert "form-action 'self' *;" in policy


def test_a_script_is_named_only_on_the_page_that_has_one() -> None:
    policy = dict(headers.page(script="'sha256-abc'"))["Content-Security-Policy"]
    assert "script-src 'sha256-abc'" in policy
