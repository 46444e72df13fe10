"""What a page says about a password that may not be chosen, or is not the right one: the fault, and the mend."""

from flask_babel import gettext

from idp.accounts.password_change import Wrong
from idp.accounts.password_rules import Refusal, Weakness
from idp.web import languages


def refusal(found: Refusal) -> str:
    """One sentence for each weakness (protocol.md §6 row 85)."""
    match found.weakness:
        case Weakness.TOO_SHORT:
            numbers = {"least": found.expected, "seen": found.seen}
            return str(gettext("Paling sedikit %(least)s huruf. Anda menulis %(seen)s.", **numbers))
        case Weakness.TOO_LONG:
            numbers = {"most": found.expected, "seen": found.seen}
            return str(gettext("Paling banyak %(most)s huruf. Anda menulis %(seen)s.", **numbers))
        case Weakness.COMMON:
            return str(gettext("Kata sandi ini mudah ditebak. Tulis yang lain, misalnya tiga kata."))
        case Weakness.OUR_NAME:
            return str(gettext("Kata sandi tidak boleh nama layanan ini. Tulis yang lain."))
        case Weakness.PERSONAL:
            return str(gettext("Kata sandi tidak boleh NIK, nomor HP, e-mail, atau nama Anda. Tulis yang lain."))


def wrong(outcome: Wrong) -> str:
    """The present password was not right."""
    if outcome.until is not None:
        when = languages.clock(outcome.until)
        return str(gettext("Terlalu banyak percobaan. Coba lagi pukul %(time)s, atau pulihkan akun.", time=when))
    return str(gettext("Kata sandi ini tidak cocok. Periksa, lalu coba lagi."))
