"""What a page says about a password that may not be set: what is wrong with it, and what to do."""

from flask_babel import gettext

from idp.accounts.password_rules import Refusal, Weakness


def sentence(found: Refusal) -> str:
    match found.weakness:
        case Weakness.TOO_SHORT:
            return str(
                gettext(
                    "Kata sandi paling sedikit %(least)s huruf. Anda menulis %(seen)s.",
                    least=found.expected,
                    seen=found.seen,
                )
            )
        case Weakness.TOO_LONG:
            return str(
                gettext(
                    "Kata sandi paling banyak %(most)s huruf. Anda menulis %(seen)s.",
                    most=found.expected,
                    seen=found.seen,
                )
            )
        case Weakness.PERSONAL:
            return str(gettext("Kata sandi ini sama dengan NIK, nama, nomor, atau alamat Anda. Pilih yang lain."))
        case Weakness.COMMON | Weakness.OUR_NAME:
            return str(gettext("Kata sandi ini terlalu mudah ditebak. Pilih yang lain."))
