"""How a citizen's own values are shown: enough to recognise them, too little to copy.

Long numbers keep their last four figures, an address its village, a birth date its year. Beside what is seen is
what a screen reader says, because twelve bullets read aloud are noise. Values come in as the profile holds them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from idp.web import languages

DOT = "•"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is seen, and what is said instead where the two differ."""

    text: str
    spoken: str | None = None


def shown(name: str, value: Any) -> Shown:
    """The value of an attribute as its owner sees it. None and the empty string are a value that nobody holds."""
    if value is None or value == "":
        return Shown(gettext("belum ada"))
    if name == "gender":  # OIDC Core §5.1 names two values and leaves others free
        return Shown({"female": gettext("perempuan"), "male": gettext("laki-laki")}.get(str(value), str(value)))
    if name == "locale":
        return Shown(languages.name_of(str(value)))
    return MASKS.get(name, _whole)(value)


def plain(value: Any) -> str:
    """A value in full, for its owner."""
    if isinstance(value, bool):
        return str(gettext("ya") if value else gettext("tidak"))
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _whole(value: Any) -> Shown:
    return Shown(plain(value))


def _ending(text: str, seen: str) -> Shown:
    return Shown(seen, gettext("berakhir %(figures)s", figures=" ".join(text[-4:])))


def _number(value: Any) -> Shown:
    text = str(value)
    hidden, last = DOT * len(text[:-4]), text[-4:]
    # Grouped from the right, so that the four figures that are seen stand as one group.
    first = len(hidden) % 4
    groups = [hidden[:first], *(hidden[i : i + 4] for i in range(first, len(hidden), 4)), last]
    if first == 1 and len(groups) > 2:  # a lone bullet looks like a list: 13 figures are 5, 4, 4
        groups = [groups[0] + groups[1], *groups[2:]]
    return _ending(text, " ".join(group for group in groups if group))


def _phone(value: Any) -> Shown:
    text = str(value)
    country = text[:3] if text.startswith("+62") else text[:2]
    return _ending(text, f"{country} {DOT * 3} {DOT * 4} {text[-4:]}")


def _email(value: Any) -> Shown:
    local, _, domain = str(value).partition("@")
    name, _, ending = domain.partition(".")
    seen = f"{local[:1]}{DOT * 3}@{name[:1]}{DOT * 3}.{ending}"
    spoken = gettext("dimulai dengan %(letter)s, di %(domain)s", letter=local[:1], domain=f"{name[:1]} … {ending}")
    return Shown(seen, spoken)


def _birth_date(value: Any) -> Shown:
    return Shown(str(value)[:4])


def _address(value: Any) -> Shown:
    if not isinstance(value, dict):
        return Shown(gettext("tercatat"))
    return Shown(str(value.get("village") or value.get("locality") or value.get("region") or gettext("tercatat")))


def _present(_value: Any) -> Shown:
    return Shown(gettext("tercatat"))


MASKS: dict[str, Callable[[Any], Shown]] = {
    "nik": _number,
    "kk_number": _number,
    "npwp": _number,
    "bpjs_number": _number,
    "phone_number": _phone,
    "email": _email,
    "birthdate": _birth_date,
    "address": _address,
    "picture": _present,
}
