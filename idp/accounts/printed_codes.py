"""Codes that are printed and typed again: letters, recovery codes. Pure but for the chance that makes one.

No 0 O 1 I L, any case, any spacing (experience.md §3.3): 31 signs, so 12 of them are 59 bits and 16 are 79.
Whoever compares one keeps only its keyed digest.
"""

import secrets
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUP = 4
_LONGEST_TYPED = 100


def new_code(length: int) -> str:
    """`length` random signs, as they are compared: without the hyphens."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def grouped(code: str) -> str:
    """As it is printed: `7K2M-94QD-XH3T`."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(typed: str, length: int) -> str | None:
    """The code that was typed; None if it cannot be one. A 0 or an I is not guessed at: none was ever printed."""
    if len(typed) > _LONGEST_TYPED:
        return None
    folded = unicodedata.normalize("NFKC", typed).upper()
    code = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Zs", "Pd", "Cf", "Cc"))
    return code if len(code) == length and set(code) <= set(ALPHABET) else None
