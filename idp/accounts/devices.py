"""What a browser says of itself, in two words a citizen recognises: "Chrome", "Android". Pure.

For the list "where am I signed in" and the message "sign-in from a new phone". No version, no model, no
fingerprint: a list that people understand, and nothing that would single them out elsewhere.
"""

import json
from dataclasses import dataclass

# The first that occurs wins: Edge and Opera also say "Chrome", Chrome also says "Safari", Android also says
# "Linux".
_BROWSERS = (
    ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"), ("UCBrowser/", "UC Browser"), ("MiuiBrowser/", "Mi Browser"),
    ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/",
    "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("KAIOS", "KaiOS"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
_LONGEST_READ = 1000  # characters of a User-Agent; the rest cannot tell more


@dataclass(frozen=True, slots=True)
class Device:
    """Names are trade names, the same in every language; None: it did not say, or said nothing known."""

    browser: str | None
    system: str | None

    def to_bytes(self) -> bytes:
        """The form that is sealed into a session's row."""
        return json.dumps([self.browser, self.system]).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Device":
        """Read back what `to_bytes` wrote."""
        browser, system = json.loads(stored)
        return cls(browser, system)


def read_user_agent(user_agent: str | None) -> Device:
    """What to call this browser. Text of a stranger: only names of our own lists come out."""
    said = (user_agent or "")[:_LONGEST_READ]
    return Device(
        browser=next((name for mark, name in _BROWSERS if mark in said), None),
        system=next((name for mark, name in _SYSTEMS if mark in said), None),
    )
