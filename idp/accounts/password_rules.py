"""Whether a password may be chosen, and if not, why. Pure (NIST SP 800-63B-4 §3.1.1, protocol.md §6 rows 85, 86).

Length and a list, nothing else: no composition rule, no expiry, no hint. Counted in code points after NFKC, so
that `é` is one however it was typed. A password is refused for being what anyone would try first, and the citizen
is told which of these it is.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp.accounts.common_passwords import RUNS, WORDS

LEAST_WITH_SECOND_FACTOR = 12
LEAST_ALONE = 15
MOST = 256
OUR_NAMES = ("gapura",)
_DIGITS_IN_A_ROW = "1234567890" * (MOST // 10 + 2)
_LONGEST_UNIT = 6  # `482482482482`: said four times it is longer only to the eye
_LEAST_CORE = 4  # letters; fewer beside many digits say nothing of the digits


class Weakness(StrEnum):
    """Why a password is refused.

    The page has one sentence for each; `Refusal` carries the numbers of the first two.
    """

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    OUR_NAME = "our_name"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A password that may not be set. `expected` and `seen` are numbers of code points."""

    weakness: Weakness
    expected: int | None = None
    seen: int | None = None


def normal_form(password: str) -> str:
    """NFKC, as it is counted, compared and hashed (RFC 8265 §4.2 without its refusals: what was typed once must
    work).
    """
    return unicodedata.normalize("NFKC", password)


def find_refusal(password: str, *, personal: Iterable[str], second_factor: bool) -> Refusal | None:
    """None: it may be set.

    `personal`: the citizen's NIK, number, address and name, which anyone near them knows.
    """
    normal = normal_form(password)
    least = LEAST_WITH_SECOND_FACTOR if second_factor else LEAST_ALONE
    if len(normal) < least:
        return Refusal(Weakness.TOO_SHORT, least, len(normal))
    if len(normal) > MOST:
        return Refusal(Weakness.TOO_LONG, MOST, len(normal))
    plain = _plain(normal)
    core = plain.strip("0123456789")  # what is varied with a year or a 1 at the end
    guesses = {plain, core, _unit(plain), _unit(core)} - {""}
    if guesses & {_plain(name) for name in OUR_NAMES}:
        return Refusal(Weakness.OUR_NAME)
    if guesses & {spelling for value in personal for spelling in _spellings(value)}:
        return Refusal(Weakness.PERSONAL)
    slides = [normal.casefold(), plain, *([core] if len(core) >= _LEAST_CORE else [])]
    if guesses & WORDS or any(_is_a_slide(_unit(text)) for text in slides):
        return Refusal(Weakness.COMMON)
    return None


def _plain(text: str) -> str:
    """Only letters and digits, folded: what a guesser varies is not what makes a secret."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def _spellings(value: str) -> set[str]:
    """How one personal value may have been typed: a number with 0 or 62, an address with or without its domain."""
    plain = _plain(value)
    spellings = {plain, _plain(value.partition("@")[0])}
    if re.fullmatch(r"\+62\d+", value):
        spellings |= {f"0{plain[2:]}", plain[2:]}
    return spellings - {""}


def _unit(text: str) -> str:
    """What is repeated, if the whole is one thing repeated; else the text itself."""
    period = (text + text).find(text, 1) if text else 0
    return text[:period] if 0 < period < len(text) else text


def _is_a_slide(unit: str) -> bool:
    """Whether what is repeated (or not) is one or two signs, a few digits, or a stretch of digits, keyboard or
    alphabet.
    """
    return (
        len(unit) <= 2
        or (unit.isdigit() and len(unit) <= _LONGEST_UNIT)
        or any(text in run for text in (unit, unit[::-1]) for run in (*RUNS, _DIGITS_IN_A_ROW))
    )
