"""The demo country's applications as plain data: what each is, what it asks of citizens, and why."""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any


def known_secret(name: str) -> str:
    """A client secret of the demo: the same at every start, of the same form as a real one."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(f"gapura demo client {name}".encode()).digest())
        .rstrip(b"=")
        .decode()
    )


@dataclass(frozen=True)
class Application:
    """A client of the demo. One with a `port_offset` runs beside the server, at PORT + that; `more` is RFC 7591
    metadata.
    """

    client_id: str
    agency: str
    profile: str
    name: dict[str, str]
    scope: str
    agreement: dict[str, Any] | None = None
    port_offset: int | None = None
    callback: str = "/callback"
    told_at: str | None = None  # the path of its back-channel logout door
    more: dict[str, Any] = field(default_factory=dict)


def _at_counter(place_id: str, place_en: str) -> dict[str, str]:
    return {"id": f"Anda tetap dapat dilayani di {place_id}.", "en": f"You can still be served at {place_en}."}


def _why(**reasons: tuple[str, str]) -> dict[str, dict[str, str]]:
    """Why each attribute is asked, by its name: in Indonesian and English."""
    return {name: {"id": indonesian, "en": english} for name, (indonesian, english) in reasons.items()}


_ON_THE_CARD = ("untuk melengkapi kartu pasien Anda", "to complete your patient card")
_AT_THE_QUEUE = _why(
    name=("untuk memanggil Anda di loket", "to call you at the counter"),
    email=("untuk mengirim nomor antrean", "to send your queue number"),
    phone_number=("untuk mengirim pengingat giliran", "to remind you of your turn"),
    address=("untuk memilih puskesmas terdekat", "to choose the nearest clinic"),
    birthdate=("untuk antrean anak dan lansia", "for the queues of children and elders"),
    gender=("untuk memilih poli yang sesuai", "to choose the right department"),
    given_name=_ON_THE_CARD,
    family_name=_ON_THE_CARD,
    middle_name=_ON_THE_CARD,
    nickname=("untuk memanggil Anda seperti biasanya", "to call you as you are used to"),
    preferred_username=("untuk nama di layar antrean", "for the name on the queue's screen"),
    profile=_ON_THE_CARD,
    picture=("untuk mengenali Anda di loket", "to recognise you at the counter"),
    website=_ON_THE_CARD,
    zoneinfo=("untuk menulis jam giliran Anda", "to write the time of your turn"),
    locale=("untuk menulis dalam bahasa Anda", "to write in your language"),
)

PERSONAL = [
    "email", "phone_number", "address", "birthdate", "gender", "given_name", "family_name", "middle_name",
    "nickname", "preferred_username", "profile", "picture", "website", "zoneinfo", "locale",
]  # fmt: skip

DATA_PROVIDER = "dukcapil-data"
APPLICATIONS = (
    Application(
        "antrean-puskesmas",
        "dinkes-sukamaju",
        "standard",
        {"id": "Antrean Puskesmas", "en": "Clinic queue"},
        "openid profile email phone address offline_access",
        {
            "purpose": "clinic-queue",
            "required": ["name"],
            "optional": PERSONAL,
            "law": [],
            "justification": _AT_THE_QUEUE,
            "retention_days": 365,
            "if_refused": _at_counter("loket puskesmas", "the clinic's counter"),
        },
        port_offset=1,
        told_at="/backchannel-logout",
        more={
            "id_token_signed_response_alg": "ES256",
            # By the last its server asks the civil registry while nobody is there.
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        },
    ),
    # A program that cannot be changed, behind Apache or nginx: no PKCE of its own, and RS256, because it says
    # nothing.
    Application(
        "surat-keterangan",
        "dukcapil-nusantara",
        "classic",
        {"id": "Surat Keterangan Penduduk", "en": "Resident's certificate"},
        "openid profile email nik",
        {
            "purpose": "population-records",
            "required": ["name"],
            "optional": ["email", "birthdate"],
            "law": ["nik"],
            "justification": _why(
                name=("untuk ditulis di surat Anda", "to be written on your certificate"),
                email=("untuk mengirim surat yang sudah jadi", "to send the finished certificate"),
                birthdate=("untuk ditulis di surat Anda", "to be written on your certificate"),
                nik=("untuk menemukan catatan Anda", "to find your record"),
            ),
            "law_statute": "UU 24/2013 Pasal 58 ayat (4)",
            "retention_days": 1825,
            "if_refused": _at_counter("kantor catatan sipil", "the civil registry's office"),
        },
        port_offset=2,
        callback="/oidc/callback",
        told_at="/oidc/callback?logout=backchannel",
    ),
    Application(
        "kepegawaian-sukamaju",
        "dinsos-sukamaju",
        "standard",
        {"id": "Kepegawaian Sukamaju", "en": "Sukamaju staff"},
        "openid profile email",
        {
            "purpose": "civil-servant-services",
            "required": ["name"],
            "optional": ["email"],
            "law": [],
            "justification": _why(
                name=("untuk menemukan berkas kepegawaian Anda", "to find your staff file"),
                email=("untuk mengirim slip gaji", "to send your payslip"),
            ),
            "retention_days": 730,
            "if_refused": _at_counter("bagian kepegawaian", "the staff office"),
        },
        port_offset=3,
        more={"id_token_signed_response_alg": "ES256"},
    ),
    Application(
        "lapor-pajak",
        "pajak-nusantara",
        "standard",
        {"id": "Lapor Pajak", "en": "Tax return"},
        "openid profile npwp",
        {
            "purpose": "tax-return",
            "required": ["name"],
            "optional": ["address"],
            "law": ["npwp"],
            "justification": _why(
                name=("untuk ditulis di bukti lapor", "to be written on the receipt of your return"),
                address=("untuk surat dari kantor pajak", "for letters from the tax office"),
                npwp=("untuk menemukan catatan pajak Anda", "to find your tax record"),
            ),
            "law_statute": "UU 28/2007 Pasal 2",
            "retention_days": 3650,
            "if_refused": _at_counter("kantor pajak", "the tax office"),
        },
        more={
            "token_endpoint_auth_method": "private_key_jwt",
            "id_token_signed_response_alg": "ES256",
            "acr_floor": "urn:gapura:acr:substantial",
        },
    ),
    Application(
        "bantuan-beras",
        "dinsos-sukamaju",
        "standard",
        {"id": "Bantuan Beras", "en": "Rice aid"},
        "openid profile village regency",
        {
            "purpose": "rice-aid-eligibility",
            "required": ["name", "village", "regency"],
            "optional": ["phone_number"],
            "law": [],
            "justification": _why(
                name=("untuk mencari keluarga Anda di daftar penerima", "to find your family on the list"),
                village=("untuk memilih tempat pengambilan", "to choose where you collect it"),
                regency=("untuk memeriksa jatah daerah Anda", "to check the share of your region"),
                phone_number=("untuk mengabari hari pengambilan", "to tell you the day of collection"),
            ),
            "retention_days": 365,
            "if_refused": _at_counter("kantor kelurahan", "the village office"),
        },
        more={"token_endpoint_auth_method": "client_secret_post"},
    ),
    # A phone application: public, called back on loopback or at its own scheme.
    Application(
        "sim-saya",
        "sim-nusantara",
        "native",
        {"id": "SIM Saya", "en": "My driving licence"},
        "openid profile offline_access",
        {
            "purpose": "driving-licence",
            "required": ["name", "birthdate"],
            "optional": ["picture"],
            "law": [],
            "justification": _why(
                name=("untuk ditulis di SIM Anda", "to be written on your licence"),
                birthdate=("untuk memeriksa batas usia", "to check the minimum age"),
                picture=("untuk foto di SIM Anda", "for the photo on your licence"),
            ),
            "retention_days": 730,
            "if_refused": _at_counter("kantor SIM", "the licence office"),
        },
        more={
            "redirect_uris": ["http://127.0.0.1/callback", "example.sim.saya:/callback"],
            "post_logout_redirect_uris": ["example.sim.saya:/keluar"],
            "application_type": "native",
            "grant_types": ["authorization_code", "refresh_token"],
            "id_token_signed_response_alg": "ES256",
        },
    ),
    # The civil registry as data provider: asks before it answers an application, about the citizen's token that is
    # shown or, where no citizen is there, whether it may.
    Application(
        DATA_PROVIDER,
        "dukcapil-nusantara",
        "machine",
        {"id": "Data Dukcapil", "en": "Registry data"},
        "may_i",
        port_offset=4,
        more={"introspects": ["bantuan-beras", "antrean-puskesmas"]},
    ),
)
