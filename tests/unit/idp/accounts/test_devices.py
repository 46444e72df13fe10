"""A browser in two words that its owner recognises."""

import pytest

from idp.accounts.devices import Device, read_user_agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1"
EDGE = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (ANDROID, Device("Chrome", "Android")),
        (IPHONE, Device("Safari", "iPhone")),
        (EDGE, Device("Edge", "Windows")),
        (FIREFOX, Device("Firefox", "Linux")),
        ("curl/8.5.0", Device(None, None)),
        ("", Device(None, None)),
        (None, Device(None, None)),
        ("<script>alert(1)</script>" + "x" * 100_000 + "Firefox/1", Device(None, None)),
    ],
)
def test_only_names_of_our_own_list_come_out(user_agent: str | None, device: Device) -> None:
    """(row 81)"""
    assert read_user_agent(user_agent) == device
    assert Device.from_bytes(device.to_bytes()) == device
