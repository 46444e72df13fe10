"""The catalogue of purposes and of the legal bases that may be cited. Writer of both tables.

A purpose is a sentence a citizen understands; `dpv_purpose` only classifies it. Superseded, never edited: a
consent is given for one version. Seeded from the nine priority services of Perpres 82/2023.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent import models
from consent.errors import NoSuchPurpose


@dataclass(frozen=True, slots=True)
class Purpose:
    """One version of a purpose. `sentence` by language; a consent for it ends `longest_days` after it was
    given.
    """

    purpose_no: int
    code: str
    version: int
    sentence: dict[str, str]
    dpv_purpose: str
    longest_days: int


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A statute and article, as a lawyer cites it."""

    statute_no: int
    kind: str
    citation: str
    text_uri: str | None


@dataclass(frozen=True, slots=True)
class Purposes:
    """All versions by number, because old consents name them, and by `code/version`; the ones in force by code."""

    by_no: Mapping[int, Purpose]
    by_name: Mapping[str, Purpose]
    by_code: Mapping[str, Purpose]
    bases: Mapping[int, LegalBasis]

    def basis(self, citation: str) -> LegalBasis:
        """The basis cited so; NoSuchPurpose when the catalogue has none."""
        for found in self.bases.values():
            if found.citation == citation:
                return found
        raise NoSuchPurpose(citation)


CONSENT_CITATION = "UU 27/2022 Pasal 20 ayat (2) huruf a"
# kind, citation, where its text stands
_BASES = [
    ("consent", CONSENT_CITATION, "https://peraturan.bpk.go.id/Details/229798/uu-no-27-tahun-2022"),
    ("contract", "UU 27/2022 Pasal 20 ayat (2) huruf b", "https://peraturan.bpk.go.id/Details/229798/uu-no-27-tahun-2022"),
    ("vital_interest", "UU 27/2022 Pasal 20 ayat (2) huruf d", "https://peraturan.bpk.go.id/Details/229798/uu-no-27-tahun-2022"),
    ("public_task", "UU 27/2022 Pasal 20 ayat (2) huruf e", "https://peraturan.bpk.go.id/Details/229798/uu-no-27-tahun-2022"),
    ("law", "UU 24/2013 Pasal 58 ayat (4)", None),  # population data for public services
    ("law", "UU 28/2007 Pasal 2", None),  # tax numbers
    ("law", "UU 24/2011 Pasal 14", None),  # health insurance
    ("law", "UU 13/2011 Pasal 8", None),  # data on the poor
    ("law", "UU 22/2009 Pasal 77", None),  # driving licences
    ("law", "UU 16/1997 Pasal 27", None),  # statistics
    ("law", "UU 43/2009 Pasal 40", None),  # how long archives are kept
]  # fmt: skip
# code: class in DPV, days, sentence in Indonesian and English
_SEED: dict[str, tuple[str, int, str, str]] = {
    "regional-scholarship": ("ServiceAccessDetermination", 365,
        "Memeriksa dan mengurus permohonan beasiswa Anda.",
        "To check and handle your application for a scholarship."),
    "clinic-queue": ("RequestedServiceProvision", 365,
        "Mendaftarkan Anda di antrean puskesmas.",
        "To put you in the clinic queue."),
    "rice-aid-eligibility": ("ServiceAccessDetermination", 180,
        "Memeriksa apakah keluarga Anda berhak menerima bantuan beras.",
        "To check whether your household qualifies for rice aid."),
    "population-records": ("RecordManagement", 365,
        "Mengurus akta dan Kartu Keluarga Anda.",
        "To handle your civil certificates and family card."),
    "official-statistics": ("ProvideOfficialStatistics", 90,
        "Menyusun statistik resmi tanpa menyebut nama Anda.",
        "To compile official statistics without naming you."),
    "bill-payment": ("PaymentManagement", 365,
        "Mencocokkan pembayaran Anda untuk layanan pemerintah.",
        "To match your payments for government services."),
    "tax-return": ("LegalCompliance", 366,
        "Mengisi dan mengirim laporan pajak tahunan Anda.",
        "To fill in and send your yearly tax return."),
    "public-services": ("RequestedServiceProvision", 365,
        "Mengenali Anda di layanan publik yang Anda buka.",
        "To recognise you at the public service that you open."),
    "civil-servant-services": ("RequestedServiceProvision", 365,
        "Mengurus kepegawaian Anda sebagai aparatur negara.",
        "To handle your employment as a civil servant."),
    "driving-licence": ("RequestedServiceProvision", 365,
        "Mengurus perpanjangan SIM Anda.",
        "To renew your driving licence."),
}  # fmt: skip


def ensure(db: Session) -> None:
    """Put both catalogues in place, once; what is there stays as it is."""
    known = set(db.scalars(select(models.LegalBasis.citation)))
    db.add_all(
        models.LegalBasis(kind=kind, citation=citation, text_uri=text_uri)
        for kind, citation, text_uri in _BASES
        if citation not in known
    )
    for code, (dpv_class, longest_days, indonesian, english) in _SEED.items():
        db.execute(
            insert(models.Purpose)
            .values(
                code=code,
                version=1,
                sentence={"id": indonesian, "en": english},
                dpv_purpose=f"https://w3id.org/dpv#{dpv_class}",
                longest_days=longest_days,
                introduced_at=func.now(),
            )
            .on_conflict_do_nothing(constraint="purposes_version")
        )
    db.flush()


def load(db: Session) -> Purposes:
    """Both catalogues, for a process to keep."""
    rows = db.scalars(select(models.Purpose).order_by(models.Purpose.code, models.Purpose.version)).all()
    found = [(_read(row), row.superseded_at) for row in rows]
    bases = db.scalars(select(models.LegalBasis))
    return Purposes(
        by_no={purpose.purpose_no: purpose for purpose, _ in found},
        by_name={f"{purpose.code}/{purpose.version}": purpose for purpose, _ in found},
        by_code={purpose.code: purpose for purpose, superseded_at in found if superseded_at is None},
        bases={row.statute_no: LegalBasis(row.statute_no, row.kind, row.citation, row.text_uri) for row in bases},
    )


def _read(row: models.Purpose) -> Purpose:
    return Purpose(row.purpose_no, row.code, row.version, row.sentence, row.dpv_purpose, row.longest_days)
