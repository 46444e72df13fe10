"""The applications a citizen can find: by life event, by words with their everyday names and slips of the finger.

Pure over the registry: a citizen sees every application that is open and lets people sign in. A life event is a
purpose's, because the purpose is what the citizen came for.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import quote

from consent.purposes import Purposes
from idp.clients.registry import Client, Registry

LONGEST_QUERY = 100
WORDS_LOOKED_FOR = 8
A_SLIP, A_GUESS = 0.8, 0.6  # how alike two words are (difflib's ratio): taken for the same, offered as a question

# What people say, and what the services are called.
SAID_FOR = {
    "akte": "akta",
    "bansos": "bantuan",
    "berobat": "puskesmas",
    "birth": "certificate",
    "bpjs": "puskesmas",
    "doctor": "clinic",
    "dokter": "puskesmas",
    "food": "rice",
    "kelahiran": "akta",
    "kis": "puskesmas",
    "ktp": "penduduk",
    "lahir": "akta",
    "mengemudi": "sim",
    "sembako": "beras",
    "spt": "pajak",
}
EVENTS_OF_PURPOSE: dict[str, tuple[str, ...]] = {
    "bill-payment": ("business",),
    "civil-servant-services": ("work", "retirement"),
    "clinic-queue": ("health", "birth"),
    "driving-licence": ("work",),
    "population-records": ("birth", "marriage", "moving", "death"),
    "regional-scholarship": ("school",),
    "rice-aid-eligibility": ("disaster",),
    "tax-return": ("work", "business"),
}


@dataclass(frozen=True)
class Entry:
    """One application as it is found. `words` are folded; `start` is where one tap leads."""

    client: Client
    purpose: dict[str, str]
    events: tuple[str, ...]
    words: frozenset[str]
    start: str


@dataclass(frozen=True)
class Found:
    """What a search answers. `instead`: what was perhaps meant, where nothing was found; it finds something."""

    entries: tuple[Entry, ...]
    instead: str | None = None


def entries(registry: Registry, purposes: Purposes, open_states: Iterable[str], issuer: str) -> list[Entry]:
    """Every application that a citizen can sign in to now."""
    states = frozenset(open_states)
    found = [
        _entry(client, purposes, issuer)
        for client in registry.by_no.values()
        if client.state in states and client.agency_state == "verified" and client.sign_in_agreement is not None
    ]
    return [entry for entry in found if entry.start]


def search(found: Iterable[Entry], query: str) -> Found:
    """All words of the query, each exactly, by its beginning, by its everyday name, or with a slip."""
    kept = list(found)
    wanted = _words(query[:LONGEST_QUERY])[:WORDS_LOOKED_FOR]
    if not wanted:
        return Found(tuple(kept))
    vocabulary = sorted({word for entry in kept for word in entry.words})
    meant = [_meant(word, vocabulary, A_SLIP) for word in wanted]
    matching = _matching(kept, meant)
    if matching:
        return Found(matching)
    guessed = [_meant(word, vocabulary, A_GUESS) for word in wanted]
    # All the words as they were perhaps meant; else those of them that are known here at all.
    return Found((), _offered(kept, guessed) or _offered(kept, [words for words in meant if words]))


def _matching(kept: list[Entry], meant: list[frozenset[str]]) -> tuple[Entry, ...]:
    return tuple(entry for entry in kept if all(entry.words & words for words in meant))


def _offered(kept: list[Entry], guessed: list[frozenset[str]]) -> str | None:
    """One word for each that was typed, if together they find something."""
    if not guessed or not all(guessed):
        return None
    words = [min(words) for words in guessed]
    return " ".join(words) if _matching(kept, [frozenset((word,)) for word in words]) else None


def _entry(client: Client, purposes: Purposes, issuer: str) -> Entry:
    assert client.sign_in_agreement is not None
    purpose = purposes.by_no[client.sign_in_agreement.purpose_no]
    texts = [*client.name.values(), *client.agency_name.values(), *purpose.sentence.values()]
    words = frozenset(word for text in texts for word in _words(text))
    return Entry(
        client, purpose.sentence, EVENTS_OF_PURPOSE.get(purpose.code, ()), words, start_address(client, issuer)
    )


def start_address(client: Client, issuer: str) -> str:
    """Where a citizen begins: at the application's own start address, told who sends (OIDC Core §4); without one,
    at its first page."""
    if client.initiate_login_uri:
        mark = "&" if "?" in client.initiate_login_uri else "?"
        return f"{client.initiate_login_uri}{mark}iss={quote(issuer, safe='')}"
    homes = [re.match(r"https?://[^/]+", uri) for uri in client.redirect_uri_list]
    return next((f"{home.group()}/" for home in homes if home), "")


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]+", "".join(letter for letter in folded if not unicodedata.combining(letter)))


def _meant(word: str, vocabulary: list[str], likeness: float) -> frozenset[str]:
    """The words of the vocabulary that this one stands for; likeness is asked only where nothing is the same."""
    said = {word, SAID_FOR.get(word, word)}
    same = {
        one for one in vocabulary if any(one == say or (len(say) >= 3 and one.startswith(say)) for say in said)
    }
    return frozenset(same or get_close_matches(word, vocabulary, n=3, cutoff=likeness))
