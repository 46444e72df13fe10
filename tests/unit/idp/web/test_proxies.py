"""Who asks, by the word of our own proxies and nobody else's."""

import ipaddress
from collections.abc import Iterable
from typing import Any

import pytest

from idp.settings import Network
from idp.web import proxies
from idp.web.proxies import client_address

OURS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one) for one in ("127.0.0.1", "10.1.0.0/16", "2001:db8:9::/48")
)


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        pytest.param("203.0.113.9", "198.51.100.7", "203.0.113.9", id="no proxy of ours: nothing is believed"),
        pytest.param("127.0.0.1", "198.51.100.7", "198.51.100.7", id="our proxy names who asked it"),
        pytest.param("127.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7", id="what a stranger wrote stands left"),
        pytest.param("127.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7", id="nor is a stranger a proxy"),
        pytest.param("127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7", id="two proxies one behind another"),
        pytest.param("127.0.0.1", "8.8.8.8,198.51.100.7,10.1.2.3", "198.51.100.7", id="and no hop further"),
        pytest.param("127.0.0.1", "", "127.0.0.1", id="no header: the proxy itself"),
        pytest.param("127.0.0.1", "a", "127.0.0.1", id="not an address: the proxy itself"),
        pytest.param("127.0.0.1", "1.1.1.1, a", "127.0.0.1", id="nor what stands left of it"),
        pytest.param("127.0.0.1", "unknown", "127.0.0.1", id="unknown (RFC 7239)"),
        pytest.param("127.0.0.1", "_hidden, ,", "127.0.0.1", id="nothing at all between commas"),
        pytest.param("127.0.0.1", "198.51.100.7:4711", "198.51.100.7", id="with a port"),
        pytest.param("127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7", id="IPv6 in brackets with a port"),
        pytest.param("127.0.0.1", "[2001:db8::7]", "2001:db8::7", id="IPv6 in brackets"),
        pytest.param("127.0.0.1", "fe80::7%eth0", "fe80::7", id="IPv6 with a zone"),
        pytest.param("127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7", id="IPv4 in the dress of IPv6"),
        pytest.param("2001:db8:9::1", "198.51.100.7", "198.51.100.7", id="a proxy on IPv6"),
        pytest.param("::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7", id="a proxy of two families"),
        pytest.param("", "198.51.100.7", "", id="a peer without an address"),
        pytest.param("127.0.0.1", ",".join(["10.1.0.1"] * 50), "10.1.0.1", id="fifty proxies"),
        pytest.param("127.0.0.1", "1" * 8000, "127.0.0.1", id="one very long number"),
        pytest.param("127.0.0.1", "198.51.100.7:99999999", "127.0.0.1", id="a port that is none"),
        pytest.param("127.0.0.1", "٣.١.١.١", "127.0.0.1", id="digits of another script"),
    ],
)
def test_only_our_proxies_say_who_asked_them(peer: str, forwarded: str, who: str) -> None:
    """(C088)"""
    assert client_address(peer, forwarded, OURS) == who


def test_the_application_sees_who_asked_the_proxy_and_that_one_was_between() -> None:
    """(C088) /metrics goes by the header's being there."""
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ)
        return []

    reached = proxies.behind(application, OURS)
    reached({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, None)
    reached({"REMOTE_ADDR": "127.0.0.1"}, None)
    assert [one["REMOTE_ADDR"] for one in seen] == ["198.51.100.7", "127.0.0.1"]
    assert "HTTP_X_FORWARDED_FOR" in seen[0]
