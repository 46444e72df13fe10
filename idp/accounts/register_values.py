"""What a register may say of a person, each datum in the form in which it leaves as a claim (OIDC Core §5.1,
experience.md §1.3). Pure. Says what is wrong with which datum, and never what stood there.

Numbers of people are text: a JSON number above 2^53 is rounded before we see it. What no claim shows may be held
too, as a text, a yes or no, or an object of texts.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from idp.accounts import identifiers
from idp.accounts.identifiers import Identifier

LONGEST_NAME, LONGEST_TEXT, MOST_DATA = 100, 1000, 100
ADDRESS = frozenset({"formatted", "street_address", "locality", "region", "postal_code", "country"})
AGES = frozenset({"age_over_17", "age_over_18"})
_DATUM = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = {"kk_number": (16,), "npwp": (15, 16), "bpjs_number": (13, 16)}


def fault(said: Mapping[str, Any], today: date) -> str | None:
    """The first thing that is wrong, as the rest of a sentence; None: all of it may be held."""
    if len(said) > MOST_DATA:
        return f"has more than {MOST_DATA} data"
    for name, value in said.items():
        if not _DATUM.fullmatch(name):
            return "has a datum whose name is not of small letters, digits and _"
        wrong = _wrong(name, value, today)
        if wrong is not None:
            return f"has {'an' if name[0] in 'aeiou' else 'a'} {name} {wrong}"
    return None


def _wrong(name: str, value: Any, today: date) -> str | None:
    if name == "birthdate":
        return None if _is_past_day(value, today) else "that is no day before today, of the form YYYY-MM-DD"
    if name in AGES:
        return None if isinstance(value, bool) else "that is neither true nor false"
    if name == "address":
        fits = isinstance(value, dict) and value.keys() <= ADDRESS and all(map(_is_lines, value.values()))
        return None if fits else f"that is no object of texts ({', '.join(sorted(ADDRESS))})"
    if name in _DIGITS:
        fits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in _DIGITS[name]
        return None if fits else f"that is no text of {' or '.join(map(str, _DIGITS[name]))} digits"
    if name == "email":
        return None if _is_read(value, identifiers.read_email) else "that is no address"
    if name == "phone_number":
        abroad = isinstance(value, str) and _ABROAD.fullmatch(value) is not None
        fits = abroad or _is_read(value, identifiers.read_phone)
        return None if fits else "that is no number"
    if name.endswith("name"):
        return None if _is_text(value, LONGEST_NAME) else f"that is no text of 1 to {LONGEST_NAME} characters"
    if isinstance(value, bool) or _is_text(value, LONGEST_TEXT):
        return None
    if isinstance(value, dict) and all(map(_DATUM.fullmatch, value)) and all(map(_is_lines, value.values())):
        return None
    return "that is no text, yes or no, or object of texts"


def _is_past_day(value: Any, today: date) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        return date.fromisoformat(value) < today
    except ValueError:
        return False


def _is_read(value: Any, read: Any) -> bool:
    return isinstance(value, str) and isinstance(read(value), Identifier)


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value.strip()) <= len(value) <= longest and value.isprintable()


def _is_lines(value: Any) -> bool:
    return isinstance(value, str) and _is_text(value.replace("\n", " "), LONGEST_TEXT)
