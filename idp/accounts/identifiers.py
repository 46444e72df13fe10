"""What a citizen types to say who they are: NIK, mobile number or e-mail address, in one canonical form.

One function at the boundary (RFC 8265 in spirit: NFKC first), so that one person has one spelling wherever it is
counted, stored or compared. Text that only looks like an identifier is refused, never corrected: the finding says
what was seen, and the page has the words for it. Knows no account: what exists is asked by digest.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from keys.derivation import Label, derive

LONGEST_TYPED = 320  # code points; an address has at most 254, spaces and marks included this is ample
LONGEST_EMAIL = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
NIK_DIGITS = 16
FEWEST_PHONE_DIGITS, MOST_PHONE_DIGITS = 9, 13  # national, without the leading 0
_DIGITS = frozenset("0123456789")
_LOCAL_PART = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.")
_HOST_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


class Kind(StrEnum):
    """As in the database's type `idp.identifier_kind`."""

    NIK = "nik"
    EMAIL = "email"
    PHONE = "phone"


class Fault(StrEnum):
    """Why a text is no identifier. A page has one sentence for each; `Unreadable` carries its numbers."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_RECOGNISED = "not_recognised"
    NOT_DIGITS = "not_digits"
    NIK_LENGTH = "nik_length"
    NIK_DATE = "nik_date"
    NIK_SERIAL = "nik_serial"
    PHONE_LENGTH = "phone_length"
    PHONE_NOT_MOBILE = "phone_not_mobile"
    PHONE_ABROAD = "phone_abroad"
    EMAIL_SHAPE = "email_shape"
    EMAIL_LETTERS = "email_letters"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A canonical form: 16 digits, `+62…`, or a lower-case address. Two spellings of one thing are equal."""

    kind: Kind
    normal: str

    def __repr__(self) -> str:
        """Without the value: an identifier in a log or a traceback would be a personal datum there."""
        return f"Identifier({self.kind.value})"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is wrong, in numbers a sentence can carry: "NIK harus 16 angka. Anda menulis 15 angka."."""

    fault: Fault
    expected: int | None = None
    seen: int | None = None


def normalise(typed: str) -> Identifier | Unreadable:
    """Read whichever of the three it is. Digits are a mobile number where they begin like one, else a NIK."""
    text = _clean(typed)
    if isinstance(text, Unreadable):
        return text
    if "@" in text:
        return _email(text)
    digits = _without_separators(text)
    if not _DIGITS.intersection(digits):
        return Unreadable(Fault.NOT_RECOGNISED)
    if digits.startswith("+") or (len(digits) != NIK_DIGITS and digits.startswith(("0", "628"))):
        return _phone(digits)
    return _nik(digits)


def read_nik(typed: str) -> Identifier | Unreadable:
    """Read a NIK where nothing else is asked: `08…` is then a NIK that is too short."""
    text = _clean(typed)
    return text if isinstance(text, Unreadable) else _nik(_without_separators(text))


def read_phone(typed: str) -> Identifier | Unreadable:
    """Read a mobile number where nothing else is asked."""
    text = _clean(typed)
    return text if isinstance(text, Unreadable) else _phone(_without_separators(text))


def read_email(typed: str) -> Identifier | Unreadable:
    """Read an e-mail address where nothing else is asked."""
    text = _clean(typed)
    return text if isinstance(text, Unreadable) else _email(text)


def digest(lookup_key: bytes, identifier: Identifier) -> bytes:
    """Under which an identifier is found.

    Keyed: 10^12 plausible NIK are hashed in minutes by whoever has the key.
    """
    key = derive(lookup_key, Label.IDENTIFIER)
    return hmac.digest(key, f"{identifier.kind.value}\0{identifier.normal}".encode(), "sha256")


def _clean(typed: str) -> str | Unreadable:
    """NFKC (full-width digits, ligatures), lower case, none of the invisible marks that copying brings along."""
    if len(typed) > LONGEST_TYPED:
        return Unreadable(Fault.TOO_LONG, LONGEST_TYPED, len(typed))
    folded = unicodedata.normalize("NFKC", typed).lower()
    text = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf").strip()
    return text or Unreadable(Fault.EMPTY)


def _without_separators(text: str) -> str:
    """Without what people put between digits: spaces of every width, dots, every dash."""
    return "".join(letter for letter in text if letter != "." and unicodedata.category(letter) not in ("Zs", "Pd"))


def _nik(digits: str) -> Identifier | Unreadable:
    """16 digits: district 6, date of birth DDMMYY (women: day + 40), serial. No region list: provinces split."""
    if not digits or not _DIGITS.issuperset(digits):
        return Unreadable(Fault.NOT_DIGITS)
    if len(digits) != NIK_DIGITS:
        return Unreadable(Fault.NIK_LENGTH, NIK_DIGITS, len(digits))
    day, month = int(digits[6:8]), int(digits[8:10])
    if not (1 <= day <= 31 or 41 <= day <= 71) or not 1 <= month <= 12:
        return Unreadable(Fault.NIK_DATE)
    if digits.endswith("0000"):
        return Unreadable(Fault.NIK_SERIAL)
    return Identifier(Kind.NIK, digits)


def _phone(digits: str) -> Identifier | Unreadable:
    """`08…`, `628…` or `+628…`, kept as E.164. No list of operators: they come and go."""
    bare = digits.removeprefix("+")
    if not bare or not _DIGITS.issuperset(bare):
        return Unreadable(Fault.NOT_DIGITS)
    if bare.startswith("62"):
        national = bare[2:]
    elif digits.startswith("0"):
        national = bare[1:]
    else:
        return Unreadable(Fault.PHONE_ABROAD)
    if not national.startswith("8"):
        return Unreadable(Fault.PHONE_NOT_MOBILE)
    if not FEWEST_PHONE_DIGITS <= len(national) <= MOST_PHONE_DIGITS:
        expected = FEWEST_PHONE_DIGITS if len(national) < FEWEST_PHONE_DIGITS else MOST_PHONE_DIGITS
        return Unreadable(Fault.PHONE_LENGTH, expected, len(national))
    return Identifier(Kind.PHONE, f"+62{national}")


def _email(text: str) -> Identifier | Unreadable:
    """One `@` and a dotted domain, in plain letters: a Cyrillic `а` would make it another person's address."""
    local, _, domain = text.partition("@")
    labels = domain.split(".")
    if len(text) > LONGEST_EMAIL:
        return Unreadable(Fault.TOO_LONG, LONGEST_EMAIL, len(text))
    if not local or len(labels) < 2 or not all(labels) or text.count("@") != 1 or " " in text:
        return Unreadable(Fault.EMAIL_SHAPE)
    if not _LOCAL_PART.issuperset(local) or not _HOST_NAME.issuperset(domain):
        return Unreadable(Fault.EMAIL_LETTERS)
    return Identifier(Kind.EMAIL, text)
