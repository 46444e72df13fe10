"""What e-mails and SMS say, in both languages. Pure: words, with places for a code, a link and our own host.

Beside the inbox in the portal they say only that there is something in it: no link, nothing of the citizen,
because links in messages teach people to follow them (experience.md §3.11). A code names its host in the last
line, so that a browser fills it in there and nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a message is about."""

    NOTIFICATION = "notification"
    ADDRESS_CODE = "address_code"
    RECOVERY_ASKED = "recovery_asked"
    RECOVERY_CODE = "recovery_code"
    SECOND_FACTOR = "second_factor"
    WITHDRAWAL = "withdrawal"
    WITHDRAWAL_REMINDER = "withdrawal_reminder"
    WITHDRAWAL_OVERDUE = "withdrawal_overdue"


@dataclass(frozen=True, slots=True)
class Words:
    """`subject` stands above an e-mail only. Both are filled by `str.format`."""

    subject: str
    text: str


WORDS = {
    Kind.NOTIFICATION: {
        "id": Words("Pemberitahuan Gapura", "Ada pemberitahuan di Gapura. Buka lewat alamat yang biasa."),
        "en": Words("Gapura notification", "You have a notification in Gapura. Open it at the usual address."),
    },
    Kind.ADDRESS_CODE: {
        "id": Words("Kode Gapura", "{code} kode Gapura. Jangan beri tahu siapa pun, termasuk petugas."),
        "en": Words("Gapura code", "{code} is your Gapura code. Tell no one, not even staff."),
    },
    # The one message to citizens with a link: whoever did not ask must be able to say so without signing in.
    Kind.RECOVERY_ASKED: {
        "id": Words("Pemulihan akun Gapura", "Ada yang meminta pemulihan akun Anda. Bukan Anda? Batalkan: {link}"),
        "en": Words("Gapura account recovery", "Someone asked to recover your account. Not you? Cancel: {link}"),
    },
    Kind.SECOND_FACTOR: {
        "id": Words(
            "Kode masuk Gapura", "{code} kode masuk Gapura. Jangan beri tahu siapa pun, termasuk petugas."
        ),
        "en": Words("Gapura code", "{code} is your Gapura code. Tell no one, not even staff."),
    },
    Kind.RECOVERY_CODE: {
        "id": Words(
            "Kode pemulihan Gapura", "{code} kode pemulihan Gapura. Jangan beri tahu siapa pun, termasuk petugas."
        ),
        "en": Words("Gapura recovery code", "{code} is your Gapura recovery code. Tell no one, not even staff."),
    },
    # To an agency's data protection officer. The link is the answer: no account, and nothing of the citizen here.
    Kind.WITHDRAWAL: {
        "id": Words(
            "Izin berakhir: {name}",
            "Izin seorang warga untuk {name} berakhir. Berhentilah memakai datanya, lalu hapus, atau sebutkan "
            "hukum yang mewajibkan penyimpanan, paling lambat {due}. Jawab tanpa akun: {link}",
        ),
        "en": Words(
            "Permission ended: {name}",
            "A citizen's permission for {name} ended. Stop using the data, then delete it, or name the law that "
            "makes you keep it, by {due}. Answer without an account: {link}",
        ),
    },
    Kind.WITHDRAWAL_REMINDER: {
        "id": Words(
            "Pengingat: izin berakhir: {name}",
            "Izin seorang warga untuk {name} berakhir, dan menurut jawaban Anda datanya belum dihapus. Hapuslah, "
            "atau sebutkan hukum yang mewajibkan penyimpanan, paling lambat {due}. Jawab tanpa akun: {link}",
        ),
        "en": Words(
            "Reminder: permission ended: {name}",
            "A citizen's permission for {name} ended, and by your answers the data is not deleted yet. Delete it, "
            "or name the law that makes you keep it, by {due}. Answer without an account: {link}",
        ),
    },
    Kind.WITHDRAWAL_OVERDUE: {
        "id": Words(
            "Terlambat: izin berakhir: {name}",
            "Jawaban Anda tentang izin untuk {name} yang berakhir seharusnya sampai paling lambat {due}. Warga "
            "melihat bahwa instansi Anda terlambat. Jawab tanpa akun: {link}",
        ),
        "en": Words(
            "Overdue: permission ended: {name}",
            "Your answer about the permission for {name} that ended was due by {due}. The citizen sees that your "
            "agency is late. Answer without an account: {link}",
        ),
    },
}


def words(kind: Kind, language: str, **places: str) -> Words:
    """The words of one message. `language` is `id` or `en`."""
    found = WORDS[kind][language]
    return Words(found.subject.format(**places), found.text.format(**places))


def with_code(kind: Kind, language: str, code: str, *, host: str, by_sms: bool) -> Words:
    """The words around a code. Of an SMS the last line binds it to our host; an e-mail is read, not filled in."""
    plain = words(kind, language, code=code)
    return Words(plain.subject, f"{plain.text}\n\n@{host} #{code}") if by_sms else plain
