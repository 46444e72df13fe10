"""The catalogue of attributes: name, holder, sensitivity, and the least assurance to release one. Writer of its
table.

A number names an attribute in one version; consents and disclosures carry numbers. `updated_at`,
`email_verified` and `phone_number_verified` are claims that ride with an attribute and are none of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent import models
from consent.errors import NoSuchAttribute

GAPURA = "gapura"
CIVIL_REGISTRY = "civil-registry"
TAX = "tax"
HEALTH_INSURANCE = "health-insurance"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One version of an attribute. `sensitivity` is the class of UU PDP art. 4; `label` by language."""

    attribute_no: int
    name: str
    version: int
    holder_agency_no: int
    sensitivity: str
    least_ial: int
    least_aal: int
    label: dict[str, str]
    dpv_iri: str | None


@dataclass(frozen=True, slots=True)
class Attributes:
    """All versions by number, because old consents name them; the ones in force by name."""

    by_no: Mapping[int, Attribute]
    by_name: Mapping[str, Attribute]

    def numbers(self, names: list[str]) -> tuple[int, ...]:
        """The numbers in force of these names, in their order; NoSuchAttribute names the first unknown one."""
        for name in names:
            if name not in self.by_name:
                raise NoSuchAttribute(name)
        return tuple(self.by_name[name].attribute_no for name in names)


# name: holder, sensitivity, least IAL, least AAL, label in Indonesian and English, class in DPV's `pd` (2.3) where
# it has one. A citizen without a second factor can use what asks AAL 1; what opens a family card or another
# register asks more.
_SEED: dict[str, tuple[str, str, int, int, str, str, str | None]] = {
    "name": (CIVIL_REGISTRY, "general", 1, 1, "Nama", "Name", "Name"),
    "given_name": (CIVIL_REGISTRY, "general", 1, 1, "Nama depan", "Given name", "Name"),
    "family_name": (CIVIL_REGISTRY, "general", 1, 1, "Nama keluarga", "Family name", "Name"),
    "middle_name": (CIVIL_REGISTRY, "general", 1, 1, "Nama tengah", "Middle name", "Name"),
    "nickname": (GAPURA, "general", 1, 1, "Nama panggilan", "Nickname", "Name"),
    "preferred_username": (GAPURA, "general", 1, 1, "Nama pengguna pilihan", "Preferred user name", None),
    "profile": (GAPURA, "public", 1, 1, "Halaman profil", "Profile page", None),
    "picture": (GAPURA, "general", 1, 1, "Foto", "Picture", None),
    "website": (GAPURA, "public", 1, 1, "Situs web", "Website", None),
    "gender": (CIVIL_REGISTRY, "general", 1, 1, "Jenis kelamin", "Gender", None),
    "birthdate": (CIVIL_REGISTRY, "general", 1, 1, "Tanggal lahir", "Date of birth", "BirthDate"),
    "zoneinfo": (GAPURA, "general", 1, 1, "Zona waktu", "Time zone", None),
    "locale": (GAPURA, "general", 1, 1, "Bahasa", "Language", None),
    "email": (GAPURA, "general", 1, 1, "E-mail", "E-mail", "EmailAddress"),
    "phone_number": (GAPURA, "general", 1, 1, "Nomor HP", "Mobile number", "TelephoneNumber"),
    "address": (CIVIL_REGISTRY, "general", 1, 1, "Alamat", "Address", "PhysicalAddress"),
    "nik": (CIVIL_REGISTRY, "general", 2, 1, "NIK", "NIK (population number)", "OfficialID"),
    "kk_number": (CIVIL_REGISTRY, "general", 2, 2, "Nomor Kartu Keluarga", "Family card number", "OfficialID"),
    "npwp": (TAX, "specific", 2, 2, "NPWP", "NPWP (tax number)", "OfficialID"),
    "bpjs_number": (HEALTH_INSURANCE, "specific", 2, 2, "Nomor BPJS", "Health insurance number", "OfficialID"),
    "village": (CIVIL_REGISTRY, "general", 1, 1, "Kelurahan atau desa", "Village", "PhysicalAddress"),
    "district": (CIVIL_REGISTRY, "general", 1, 1, "Kecamatan", "District", "PhysicalAddress"),
    "regency": (CIVIL_REGISTRY, "general", 1, 1, "Kabupaten atau kota", "Regency or city", "PhysicalAddress"),
    "province": (CIVIL_REGISTRY, "general", 1, 1, "Provinsi", "Province", "PhysicalAddress"),
    "age_over_17": (CIVIL_REGISTRY, "general", 1, 1, "Berusia 17 tahun atau lebih", "Aged 17 or over", None),
    "age_over_18": (CIVIL_REGISTRY, "general", 1, 1, "Berusia 18 tahun atau lebih", "Aged 18 or over", None),
    "legacy_sub": (GAPURA, "general", 1, 1, "Nomor lama Anda di layanan ini", "Your old number here", None),
    "previous_sub": (GAPURA, "general", 1, 1, "Nomor Anda sebelumnya", "Your earlier number", None),
}  # fmt: skip


def ensure(db: Session, holders: Mapping[str, int] | None = None) -> None:
    """Put the catalogue in place, once; what is there stays as it is.

    `holders` gives the agency number of each holder by its code; one that it does not name is held by Gapura (0).
    """
    numbers = holders or {}
    for name, (holder, sensitivity, ial, aal, indonesian, english, dpv_class) in _SEED.items():
        db.execute(
            insert(models.Attribute)
            .values(
                name=name,
                version=1,
                holder_agency_no=numbers.get(holder, 0),
                sensitivity=sensitivity,
                least_ial=ial,
                least_aal=aal,
                label={"id": indonesian, "en": english},
                dpv_iri=None if dpv_class is None else f"https://w3id.org/dpv/pd#{dpv_class}",
                introduced_at=func.now(),
            )
            .on_conflict_do_nothing(constraint="attributes_version")
        )


def load(db: Session) -> Attributes:
    """The whole catalogue, for a process to keep."""
    rows = db.scalars(select(models.Attribute).order_by(models.Attribute.name, models.Attribute.version)).all()
    found = [(_read(row), row.superseded_at) for row in rows]
    return Attributes(
        by_no={attribute.attribute_no: attribute for attribute, _ in found},
        by_name={attribute.name: attribute for attribute, superseded_at in found if superseded_at is None},
    )


def _read(row: models.Attribute) -> Attribute:
    return Attribute(
        row.attribute_no,
        row.name,
        row.version,
        row.holder_agency_no,
        row.sensitivity,
        row.least_ial,
        row.least_aal,
        row.label,
        row.dpv_iri,
    )
