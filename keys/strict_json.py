"""JSON from strangers, read strictly: no member twice, no endless number, no bottomless nesting, no half of a
character (RFC 7519 §4, I-JSON: RFC 7493 §2).

Two readers that disagree about which of two equal members counts are a way to show one thing and mean another.
"""

import json
import math
import re
from typing import Any

DEEPEST = 32
LONGEST_INTEGER = 20  # digits; 2^64 has 20
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: bytes | str, deepest: int = DEEPEST) -> Any:
    """The value, or `ValueError` with no word of what was in it. The caller bounds the length before."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        raise ValueError("not acceptable JSON") from None
    if not _at_most(value, deepest):
        raise ValueError("nested too deeply")
    if _SURROGATE.search(text if isinstance(text, str) else text.decode("latin-1")):
        _refuse_half_characters(value)
    return value


def _refuse_half_characters(value: Any) -> None:
    """Whoever writes it again, as JSON or in a database, fails on it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _at_most(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_at_most(one, levels - 1) for one in inner)
