"""What leaves now, of what was asked: the scope that is echoed and the attribute numbers that a door may show.
Pure.

The verdict itself is the database's, in the statement that also writes the disclosure; this names what it
answered.
"""

from collections.abc import Collection, Iterable

from consent.attributes import Attributes
from idp.claims.catalogue import SCOPES


def numbers(names: Iterable[str], catalogue: Attributes) -> tuple[int, ...]:
    """Attribute numbers of these names, ordered, for the statements and sealed tokens."""
    return tuple(sorted(catalogue.by_name[name].attribute_no for name in names if name in catalogue.by_name))


def names(attribute_nos: Iterable[int], catalogue: Attributes) -> list[str]:
    return [catalogue.by_no[number].name for number in attribute_nos if number in catalogue.by_no]


def scope_left(scope: str, covered: Collection[int], catalogue: Attributes) -> str:
    """The scope values that still stand for something: bare ones, and those with an attribute covered (C039)."""
    kept = []
    for value in scope.split(" "):
        attributes = SCOPES.get(value)
        if attributes is None or any(catalogue.by_name[name].attribute_no in covered for name in attributes):
            kept.append(value)
    return " ".join(kept)


def narrowed(asked_nos: Iterable[int], given: str, wanted: str, catalogue: Attributes) -> tuple[int, ...]:
    """What is still asked when a refresh wants less: without the attributes of the scope values left out (RFC
    6749 §6)."""
    kept = {name for value in wanted.split(" ") for name in SCOPES.get(value, ())}
    dropped = {name for value in given.split(" ") for name in SCOPES.get(value, ())} - kept
    return tuple(number for number in asked_nos if catalogue.by_no[number].name not in dropped)
