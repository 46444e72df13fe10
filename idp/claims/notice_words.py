"""The words of a consent page: those that come from review (who asks, what for, which data and why, how long, what
refusing costs), and those that are the page's own.

One source for the screen, the notice whose digest the record keeps, and the receipt (experience §2.3). No value of
a citizen is among them, no day, and no warning of the moment (a new application, one of a similar name, more than
last time), so a notice is the same for everybody who is asked the same.
"""

from collections.abc import Callable, Collection
from typing import Any

from consent.agreements import Agreement
from consent.attributes import Attribute, Attributes
from consent.purposes import Purposes
from idp.clients.registry import Client

# The page's own, in its order, with places for what is of a person or a day. A test holds the page against them.
_HEAD = ("%(client)s meminta data Anda", "Anda masuk sebagai %(name)s.", "Siapa, untuk apa, berapa lama",
         "Yang meminta", "Untuk apa", "Tidak boleh dipakai untuk hal lain.", "Berapa lama",
         "Sampai %(day)s, atau sampai Anda mencabutnya.", "Instansi menyimpan data %(length)s.",
         "Kalau Anda menolak")  # fmt: skip
_SPECIFIC = ("Berikan hanya bila perlu.",)
_REQUIRED = ("Data yang diperlukan",)
_NOTHING = ("Data yang diperlukan", "%(client)s akan mengenali Anda dengan nomor yang hanya dikenal olehnya.")
_OPTIONAL = ("Boleh Anda pilih", "Layanan tetap berjalan tanpa data ini.")
_LAW = ("Menurut hukum", "Instansi boleh memakai data ini tanpa izin Anda. Anda bisa mengajukan keberatan.")
_FOOT = ("Jawaban Anda", "Tolak", "Izinkan", "Anda bisa mencabut izin kapan saja di %(link)s.", "Izin saya",
         "Dasar hukum dan hak Anda", "Dasar: %(basis)s.",
         "Anda berhak melihat, mendapat salinan, memperbaiki, menghapus, dan menarik persetujuan.",
         "Pejabat pelindungan data: %(contact)s")  # fmt: skip
_VERIFIED = "Instansi terverifikasi"


def _to_translate(sentence: str) -> str:
    """Marks words that stand in no template for `translations/update`."""
    return sentence


# Of which kind specific data are (UU PDP art. 4).
_KINDS = {"bpjs_number": _to_translate("Ini data kesehatan."), "npwp": _to_translate("Ini data keuangan.")}
_OF_SEVERAL_KINDS = _to_translate("Sebagian data ini peka.")


def in_language(words: dict[str, str], language: str) -> str:
    """The text in this language, else in Indonesian, else in whichever there is."""
    return words.get(language) or words.get("id") or next(iter(words.values()), "")


def compose(
    client: Client,
    agreement: Agreement,
    attributes: Attributes,
    purposes: Purposes,
    offered_nos: frozenset[int],
    language: str,
    say: Callable[[str], str],
) -> dict[str, Any]:
    """The notice for this asking: `offered_nos` are the attributes on the page, law rows among them; `say` puts a
    sentence of the page's own, written in Indonesian, into the language.
    """
    purpose = purposes.by_no[agreement.purpose_no]
    warning = warning_of([attributes.by_no[number] for number in offered_nos])

    def rows(numbers: tuple[int, ...]) -> list[dict[str, str]]:
        return [
            {
                "name": attributes.by_no[number].name,
                "label": in_language(attributes.by_no[number].label, language),
                "reason": in_language(agreement.justification.get(attributes.by_no[number].name, {}), language),
            }
            for number in numbers
            if number in offered_nos
        ]

    required, optional, law = (
        rows(numbers) for numbers in (agreement.required_nos, agreement.optional_nos, agreement.law_nos)
    )
    shown = (
        *_HEAD,
        *((_VERIFIED,) if client.agency_state == "verified" else ()),
        *((warning, *_SPECIFIC) if warning else ()),
        *(_REQUIRED if required else () if optional else _NOTHING),
        *(_OPTIONAL if optional else ()),
        *(_LAW if law else ()),
        *_FOOT,
    )
    return {
        "application": in_language(client.name, language),
        "agency": in_language(client.agency_name, language),
        "purpose": in_language(purpose.sentence, language),
        "required": required,
        "optional": optional,
        "law": law,
        "law_citation": purposes.bases[agreement.law_statute_no].citation if agreement.law_statute_no else "",
        "basis": purposes.bases[agreement.statute_no].citation,
        "longest_days": purpose.longest_days,
        "retention_days": agreement.retention_days,
        "if_refused": in_language(agreement.if_refused, language),
        "contact": client.dpo_contact,
        "warning": say(warning) if warning else "",
        "page": [say(sentence) for sentence in shown],
    }


def warning_of(offered: Collection[Attribute]) -> str:
    """What is said of the specific data among these, in Indonesian: one kind by its name; nothing without any."""
    names = {attribute.name for attribute in offered if attribute.sensitivity == "specific"}
    kinds = {_KINDS.get(name, _OF_SEVERAL_KINDS) for name in names}
    return kinds.pop() if len(kinds) == 1 else _OF_SEVERAL_KINDS if kinds else ""
