"""What e-mails and SMS say, in both languages. Pure: words, with places for a code, a link and our own host.

Beside the inbox in the portal they say only that there is something in it: no link, nothing of the citizen,
because links in messages teach people to follow them (experience.md §3.11). A code names its host in the last
line, so that a browser fills it in there and nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a message is about."""

    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class Words:
    """`subject` stands above an e-mail only. `text` is filled by `str.format`."""

    subject: str
    text: str


WORDS = {
    Kind.NOTIFICATION: {
        "id": Words("Pemberitahuan Gapura", "Ada pemberitahuan di Gapura. Buka lewat alamat yang biasa."),
        "en": Words("Gapura notification", "You have a notification in Gapura. Open it at the usual address."),
    },
}


def words(kind: Kind, language: str, **places: str) -> Words:
    """The words of one message. `language` is `id` or `en`."""
    found = WORDS[kind][language]
    return Words(found.subject, found.text.format(**places))
