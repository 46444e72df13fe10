"""What a page says about an identifier that cannot be read: what is wrong, and what to write (experience §1.3)."""

from flask_babel import gettext

from idp.accounts.identifiers import Fault, Unreadable


def of_nik(found: Unreadable) -> str:
    """Where nothing but a NIK is asked."""
    if found.fault in (Fault.NIK_LENGTH, Fault.NIK_DATE, Fault.NIK_SERIAL):
        return sentence(found)
    return str(gettext("NIK terdiri dari 16 angka."))


def of_channel(found: Unreadable | None) -> str:
    """Where a mobile number or an e-mail address is asked; None: a NIK was typed."""
    if found is None or found.fault in (Fault.EMPTY, Fault.NIK_LENGTH, Fault.NIK_DATE, Fault.NIK_SERIAL):
        return str(gettext("Tulis nomor HP atau alamat e-mail."))
    return sentence(found)


def sentence(found: Unreadable) -> str:
    match found.fault:
        case Fault.EMPTY:
            return str(gettext("Isi NIK, nomor HP, atau e-mail."))
        case Fault.NIK_LENGTH:
            return str(gettext("NIK harus 16 angka. Anda menulis %(seen)s angka.", seen=found.seen))
        case Fault.NIK_DATE | Fault.NIK_SERIAL:
            return str(gettext("NIK ini tidak mungkin. Periksa angkanya di KTP."))
        case Fault.PHONE_LENGTH | Fault.PHONE_NOT_MOBILE | Fault.PHONE_ABROAD:
            return str(gettext("Nomor HP dimulai dengan 08 atau +62, dan terdiri dari 9 sampai 13 angka."))
        case Fault.EMAIL_SHAPE | Fault.EMAIL_LETTERS:
            return str(gettext("Alamat e-mail ditulis seperti nama@contoh.go.id."))
        case _:
            return str(gettext("Tulis NIK, nomor HP, atau alamat e-mail."))
