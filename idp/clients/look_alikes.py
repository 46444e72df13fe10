"""Names that a citizen takes for another's: within two letters of an older application of another agency, or
written with letters that look the same (experience §3.5; the idea of UTS 39's skeletons). Pure over the registry,
which keeps what was found: among 27,000 names a search costs as much as three passwords.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from idp.clients.registry import Client, Registry

NEARLY = 2
# Shorter names are two letters apart by chance: SIM and SPT are no look-alikes.
SHORTEST = 6
# Letters and digits that a cheap screen shows alike, and the one that stands for all: Cyrillic, Greek, figures.
_ALIKE = str.maketrans(
    "авеіјкмнорсѕтухһԁԛԝαβεικνορτυχ013456l|",
    "abeijkmhopcstyxhdqwabeiknoptuxoieasgii",
)


def of(client: Client, registry: Registry, language: str) -> Client | None:
    """What `find` says, searched for once while the registry stands."""
    found, key = registry.look_alikes, (client.client_no, language)
    if key not in found:
        found[key] = find(client, registry.by_no.values(), language)
    return found[key]


def find(client: Client, clients: Iterable[Client], language: str) -> Client | None:
    """The older application of another agency whose name this one's is nearly."""
    name = _skeleton(_name(client, language))
    if len(name) < SHORTEST:
        return None
    older = [
        one
        for one in clients
        if one.agency_no != client.agency_no
        and one.created_at < client.created_at
        and are_alike(name, _skeleton(_name(one, language)))
    ]
    return min(older, key=lambda one: one.created_at, default=None)


def are_alike(first: str, second: str) -> bool:
    """Whether at most two letters were put in, left out or changed (Levenshtein)."""
    # Most names differ in more letters than two changes can explain: no table is filled for them.
    if abs(len(first) - len(second)) > NEARLY or len(set(first) ^ set(second)) > 2 * NEARLY:
        return False
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, row = row, [i]
        for j, other in enumerate(second, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other)))
        if min(row) > NEARLY:
            return False
    return row[-1] <= NEARLY


@lru_cache(maxsize=65536)
def _skeleton(name: str) -> str:
    """What the eye is left with: no case, no marks, no spaces, one letter for all that look like it."""
    letters = unicodedata.normalize("NFKD", name).casefold().translate(_ALIKE)
    return "".join(letter for letter in letters if letter.isalnum())


def _name(client: Client, language: str) -> str:
    return client.name.get(language) or client.name.get("id") or next(iter(client.name.values()), "")
