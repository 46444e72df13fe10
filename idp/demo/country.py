"""The demo country as plain data: who lives there, and which agencies serve them.

People, agencies and numbers are invented: each NIK has district `00` (its fifth and sixth digit), which no real
one has. Secrets are fixed, so that every start finds the same country; they open nothing outside a demo database.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any


def known_totp(nik: str) -> str:
    """160 bits in base32, as an authenticator application takes them."""
    return base64.b32encode(
        hashlib.sha1(f"gapura demo totp {nik}".encode(), usedforsecurity=False).digest()
    ).decode()


@dataclass(frozen=True)
class Citizen:
    """One inhabitant. `more` are further attributes by their catalogue name."""

    nik: str
    name: str
    password: str
    email: str | None = None
    phone: str | None = None
    totp: bool = False
    has_history: bool = False
    more: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def totp_secret(self) -> str | None:
        return known_totp(self.nik) if self.totp else None


@dataclass(frozen=True)
class Agency:
    code: str
    name: dict[str, str]
    dpo_contact: str
    domains: tuple[str, ...]


AGENCIES = (
    Agency(
        "dinkes-sukamaju",
        {"id": "Dinas Kesehatan Kota Sukamaju", "en": "Sukamaju City Health Office"},
        "dpo@dinkes.sukamaju.example",
        ("dinkes.sukamaju.example",),
    ),
    Agency(
        "pajak-nusantara",
        {"id": "Kantor Pajak Nusantara", "en": "Nusantara Tax Office"},
        "dpo@pajak.example",
        ("pajak.example",),
    ),
    Agency(
        "dinsos-sukamaju",
        {"id": "Dinas Sosial Kota Sukamaju", "en": "Sukamaju City Social Office"},
        "dpo@dinsos.sukamaju.example",
        ("dinsos.sukamaju.example",),
    ),
    Agency(
        "sim-nusantara",
        {"id": "Layanan SIM Nusantara", "en": "Nusantara Driving Licence Service"},
        "dpo@sim.example",
        ("sim.example",),
    ),
    Agency(
        "dukcapil-nusantara",
        {"id": "Kantor Catatan Sipil Nusantara", "en": "Nusantara Civil Registry"},
        "dpo@dukcapil.example",
        ("dukcapil.example",),
    ),
)

EVERY_STANDARD_CLAIM: dict[str, Any] = {
    "given_name": "Siti",
    "middle_name": "Nur",
    "family_name": "Rahayu",
    "nickname": "Siti",
    "preferred_username": "siti.rahayu",
    "profile": "https://warga.example/siti",
    "picture": "https://warga.example/siti.jpg",
    "website": "https://siti.example/",
    "gender": "female",
    "birthdate": "1990-05-04",
    "zoneinfo": "Asia/Jakarta",
    "locale": "id-ID",
    "address": {
        "formatted": "Jalan Melati 4\nSukamaju 40111\nIndonesia",
        "street_address": "Jalan Melati 4",
        "locality": "Sukamaju",
        "region": "Jawa Barat",
        "postal_code": "40111",
        "country": "Indonesia",
    },
    "kk_number": "3273000101150001",
    "npwp": "3273004405900001",
    "bpjs_number": "0001234567890",
    "village": "Melati",
    "district": "Sukamaju Tengah",
    "regency": "Kota Sukamaju",
    "province": "Jawa Barat",
    "age_over_17": True,
    "age_over_18": True,
}

CITIZENS = (
    Citizen(
        "3273004405900001",
        "Siti Nur Rahayu",
        "gapura-demo-warga-satu",
        "siti.rahayu@warga.example",
        "+6281234500001",
        more=EVERY_STANDARD_CLAIM,
    ),
    # One word is a whole name, and there is no e-mail: what breaks popular libraries (experience.md §6.1).
    Citizen(
        "3273001708640002",
        "Suparno",
        "gapura-demo-warga-dua",
        phone="+6281234500002",
        more={"gender": "male", "birthdate": "1964-08-17"},
    ),
    # From Papua: the number is above 2^53, so a client that reads it as a number rounds it.
    Citizen(
        "9171004506880003",
        "Yohana Wanggai",
        "gapura-demo-tiga",
        "yohana@warga.example",
        "+6281234500003",
        totp=True,
        more={"gender": "female", "birthdate": "1988-06-05", "regency": "Kota Jayapura", "province": "Papua"},
    ),
    Citizen(
        "3273001203850004",
        "Budi Santoso",
        "gapura-demo-empat",
        "budi.santoso@warga.example",
        "+6281234500004",
        totp=True,
        more={"gender": "male", "birthdate": "1985-03-12", "npwp": "3273001203850004"},
    ),
    # Born on a 31st: women's days are written + 40.
    Citizen(
        "3273007112920005",
        "Dewi Lestari Ningsih",
        "gapura-demo-lima",
        "dewi@warga.example",
        "+6281234500005",
        totp=True,
        more={"gender": "female", "birthdate": "1992-12-31"},
    ),
    # A history with several agencies.
    Citizen(
        "3273000209790006",
        "Agus Wijaya",
        "gapura-demo-warga-enam",
        "agus.wijaya@warga.example",
        "+6281234500006",
        has_history=True,
        more={
            "gender": "male",
            "birthdate": "1979-09-02",
            "npwp": "3273000209790006",
            "bpjs_number": "0001234567896",
        },
    ),
    Citizen(
        "1171004107010007",
        "Cut Nur Asma'ul Husna",
        "gapura-demo-warga-tujuh",
        "cut.asma@warga.example",
        "+6281234500007",
        more={"gender": "female", "birthdate": "2001-07-01", "province": "Aceh"},
    ),
    # As long as a new name may be: sixty letters.
    Citizen(
        "5171001511830008",
        "Ida Bagus Made Anak Agung Wirawan Putra Pradnyana Kusumadewa",
        "gapura-demo-warga-delapan",
        "ida.bagus@warga.example",
        "+6281234500008",
        more={"gender": "male", "birthdate": "1983-11-15", "province": "Bali"},
    ),
    # A resident of another nationality: a NIK says that one lives here, no more.
    Citizen(
        "3273006206870009",
        "Maria da Conceição Fernandes",
        "gapura-demo-sembilan",
        "maria.fernandes@warga.example",
        "+6281234500009",
        totp=True,
        more={"gender": "female", "birthdate": "1987-06-22"},
    ),
    # Lives abroad, with a number we cannot send to.
    Citizen(
        "3273002512950010",
        "Rahmat Hidayat",
        "gapura-demo-warga-sepuluh",
        "rahmat@warga.example",
        more={"gender": "male", "birthdate": "1995-12-25", "zoneinfo": "Asia/Kuala_Lumpur"},
    ),
)


# Is in the registry and has no account yet: a letter lies in the visible inbox.
NEWCOMER = Citizen(
    "3273006004010011",
    "Rina Kartika",
    password="",
    more={"gender": "female", "birthdate": "2001-04-20", "village": "Melati", "regency": "Kota Sukamaju"},
)
