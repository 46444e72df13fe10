"""Addresses a client may register, use in a request, and how a near miss is named."""

from typing import Any

import pytest

from idp import outbound
from idp.clients import addresses
from idp.clients.addresses import Difference
from idp.outbound import Unreachable

GOOD = [
    "https://app.example.go.id/cb",
    "https://app.example.go.id/cb?unit=7&x=",
    "https://app.example.go.id",
    "https://app.example.go.id:8443/cb%20a",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:9999/3/callback",
    "http://[::1]:51234/cb",
    "https://xn--bcher-kva.example/cb",
    "https://192.0.2.7/cb",
]


@pytest.mark.parametrize("uri", GOOD)
def test_an_exact_address_may_be_registered(uri: str) -> None:
    assert addresses.redirect_refusal(uri, custom_schemes=False, localhost=False) is None


BAD = [
    "",
    "https://app.example.go.id/" + "a" * 512,
    "https://app.example.go.id/cb#f",
    "https://app.example.go.id/cb#",
    "https://app.example.go.id@evil.example/cb",
    "https://a@b@evil.example/cb",
    "https:\\\\app.example.go.id/cb",
    "https://app.example.go.id\\@evil.example/cb",
    "https://app.example.go.id#@evil.example/",
    "https://app.example.go.id%2f@evil.example/cb",
    "https://app.example.go.id%2fevil.example/cb",
    "https://app.example.go.id/cb\n",
    "https://app.example.go.id/cb\x00",
    "https://app.example.go.id/ cb",
    "https://app.example.go.id/%0d%0aLocation:x",
    "https://app.example.go.id/%5c",
    "https://app.example.go.id/%zz",
    "https://bücher.example/cb",
    "https://app.example.go.id/a/../cb",
    "https://app.example.go.id/a/%2e%2e/cb",
    "https://app.example.go.id/..",
    "https://*.example.go.id/cb",
    "https://app.example.go.id/*",
    "https://app.example.go.id:0/cb",
    "https://app.example.go.id:/cb",
    "https://app.example.go.id:99999/cb",
    "https://app.example.go.id:port/cb",
    "https:///cb",
    "https://-a.example/cb",
    "https://a..example/cb",
    "https://[::1/cb",
    "https://[v1.x]/cb",
    "https://2130706433/cb",
    "https://0x7f.1/cb",
    "https://127.1/cb",
    "https://010.0.0.1/cb",
    "http://app.example.go.id/cb",
    "http://127.0.0.2/cb",
    "http://localhost/cb",
    "http://127.0.0.1.evil.example/cb",
    "javascript:alert(1)",
    "JavaScript://app.example.go.id/%0aalert(1)",
    "data:text/html,x",
    "myapp://callback",
    "id.go.example:/callback",
    "//app.example.go.id/cb",
    "/cb",
    "app.example.go.id/cb",
]


@pytest.mark.parametrize("uri", BAD)
def test_an_address_that_could_be_read_in_two_ways_is_refused_in_words(uri: str) -> None:
    """What browsers and servers read differently cannot be registered (row 98, C003)."""
    wrong = addresses.redirect_refusal(uri, custom_schemes=False, localhost=False)
    assert wrong
    assert wrong.isascii()
    assert '"' not in wrong


def test_localhost_is_open_in_demo_and_sandbox_only() -> None:
    assert addresses.redirect_refusal("http://localhost:3000/cb", custom_schemes=False, localhost=True) is None
    assert addresses.redirect_refusal("http://localhost:3000/cb", custom_schemes=False, localhost=False)
    assert addresses.redirect_refusal("http://localhost.evil.example/cb", custom_schemes=False, localhost=True)


@pytest.mark.parametrize(
    ("uri", "fine"),
    [
        ("id.go.example:/callback", True),
        ("id.go.example://callback", True),
        ("example:/callback", False),
        ("javascript:alert(1)", False),
        ("id.go.example://u@h/callback", False),
    ],
)
def test_a_native_application_may_use_its_own_reversed_domain_as_scheme(uri: str, fine: bool) -> None:
    assert (addresses.redirect_refusal(uri, custom_schemes=True, localhost=False) is None) == fine


@pytest.mark.parametrize(
    "uri",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/jwks",
        "https://169.254.169.254/",
        "https://100.64.0.1/",
        "https://[fc00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://localhost/jwks",
        "https://db.internal/jwks",
        "https://intranet/jwks",
        "https://app.example.go.id:22/jwks",
        "https://u:p@app.example.go.id/jwks",
        "http://app.example.go.id/jwks",
        "http://127.0.0.1/jwks",
        "file:///etc/passwd",
    ],
)
def test_an_inner_address_that_is_visible_is_not_fetched_from(uri: str) -> None:
    """(row 98, C037)"""
    assert addresses.fetched_refusal(uri, loopback=False)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.go.id/jwks.json?a=b",
        "https://app.example.go.id:8443/jwks.json",
        "https://App.Example.go.id/",
        "https://93.184.216.34:443/jwks",
        "https://[2606:2800:220:1::1]/jwks",
        "https://app.example.go.id./jwks",
        "https://app_1.example.go.id/jwks",
        "https://app.example.go.id:22/jwks",
    ],
)
def test_what_may_be_registered_is_called(uri: str) -> None:
    """(row 100) An address that is accepted and then never called would be a logout that nobody hears of."""
    accepted = addresses.fetched_refusal(uri, loopback=False) is None

    def nobody(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        raise OSError(host, port)

    with pytest.raises(Unreachable) as refused:
        outbound.get(uri, accept="*/*", loopback=False, resolve=nobody)
    assert (str(refused.value) == "no name in time") is accepted


def test_a_public_address_may_be_fetched_and_this_machine_in_the_demo() -> None:
    assert addresses.fetched_refusal("https://app.example.go.id/jwks.json", loopback=False) is None
    assert addresses.fetched_refusal("https://app.example.go.id:8443/jwks.json", loopback=False) is None
    assert addresses.fetched_refusal("http://127.0.0.1:8001/backchannel", loopback=True) is None
    assert addresses.fetched_refusal("http://10.0.0.1/backchannel", loopback=True)


REGISTERED = ["https://app.example.go.id/cb", "https://app.example.go.id/other?x=1&y=%20"]


@pytest.mark.parametrize(
    "sent",
    [
        "https://app.example.go.id/cb/",
        "https://app.example.go.id/CB",
        "https://App.example.go.id/cb",
        "https://app.example.go.id:443/cb",
        "https://app.example.go.id/%63b",
        "https://app.example.go.id/cb?x=1",
        "https://app.example.go.id/cb#f",
        "https://app.example.go.id/x/../cb",
        "https://app.example.go.id@evil/cb",
        "https://app.example.go.id/cb ",
        "https://app.example.go.id/cb\n",
        "https://app.example.go.id/cb\x00",
    ],
)
def test_an_address_that_differs_by_one_byte_is_not_registered(sent: str) -> None:
    """(row 1)"""
    assert not addresses.is_registered(sent, REGISTERED, any_loopback_port=False)
    assert not addresses.is_registered(sent, REGISTERED, any_loopback_port=True)


def test_an_address_with_a_query_is_registered_to_the_byte() -> None:
    """(row 2)"""
    assert addresses.is_registered(
        "https://app.example.go.id/other?x=1&y=%20", REGISTERED, any_loopback_port=False
    )


@pytest.mark.parametrize(
    ("sent", "native", "registered"),
    [
        ("http://127.0.0.1:51234/cb", True, True),
        ("http://127.0.0.1/cb", True, True),
        ("http://[::1]:51234/cb", True, True),
        ("http://127.0.0.1:51234/cb", False, False),
        ("http://localhost:51234/cb", True, False),
        ("http://127.0.0.2:51234/cb", True, False),
        ("http://127.0.0.1:51234@evil.example/cb", True, False),
        ("http://127.0.0.1:51234/cb/", True, False),
        ("http://127.0.0.1:51234/cb\n", True, False),
        ("https://127.0.0.1:51234/cb", True, False),
    ],
)
def test_only_the_port_of_a_native_loopback_address_is_free(sent: str, native: bool, registered: bool) -> None:
    """(row 3)"""
    known = ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost:8000/cb"]
    assert addresses.is_registered(sent, known, any_loopback_port=native) == registered


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("https://app.example.go.id/cb/", Difference.TRAILING_SLASH),
        ("https://app.example.go.id/CB", Difference.CASE),
        ("http://app.example.go.id/cb", Difference.SCHEME),
        ("https://app.example.go.id:8443/cb", Difference.PORT),
        ("https://app.example.go.id/cb?x=1", Difference.QUERY),
        ("https://app.example.go.id/cb#f", Difference.FRAGMENT),
        ("https://app.example.go.id/%63b", Difference.ENCODING),
        ("https://app.example.go.id/elsewhere", Difference.PATH),
        ("https://evil.example/cb", Difference.HOST),
        ("https://[::1/cb", Difference.HOST),
        ("not an address", Difference.HOST),
    ],
)
def test_a_near_miss_is_named_by_its_difference(sent: str, named: Difference) -> None:
    assert addresses.difference(sent, REGISTERED) is named


def test_the_difference_never_shows_what_is_registered() -> None:
    assert not any(uri in part for part in Difference for uri in REGISTERED)


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://App.example.go.id:443/cb", "https://app.example.go.id"),
        ("http://127.0.0.1:8001/cb", "http://127.0.0.1:8001"),
        ("http://[::1]:80/cb", "http://[::1]"),
        ("id.go.example:/cb", None),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(uri: str, origin: str | None) -> None:
    assert addresses.origin(uri) == origin
