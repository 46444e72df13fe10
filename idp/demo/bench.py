"""What the meter needs (bench/gapura.json): its clients, its citizens, and a country of the size it asks for."""

from datetime import datetime

from sqlalchemy.orm import Session

from idp.accounts import enrolment, passwords
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Value, Vault
from idp.clients import agencies, registration
from idp.clients.metadata import Refused
from idp.demo.people import read

AGENCY = "bench-agency"
AGREEMENT = {
    "purpose": "public-services",
    "required": ["name"],
    "optional": ["email"],
    "law": [],
    "retention_days": 365,
    "if_refused": {"id": "Loket tetap melayani Anda.", "en": "The counter still serves you."},
}


ALGORITHMS = {"ES256": "bench", "RS256": "bench-rs256"}  # the clients of each and how their names begin


def seed_clients(db: Session, number: int, now: datetime) -> None:
    """Clients `bench-{number}` (bench/gapura.json) and `bench-rs256-{number}`, unless they are there."""
    for algorithm, name in ALGORITHMS.items():
        _seed_client(db, f"{name}-{number}", number, algorithm, now)


def _seed_client(db: Session, client_id: str, number: int, algorithm: str, now: datetime) -> None:
    if registration.find(db, client_id) is not None:
        return
    if agencies.find(db, AGENCY) is None:
        agency = agencies.register(
            db,
            code=AGENCY,
            name={"id": "Instansi ukur", "en": "Bench agency"},
            dpo_contact="dpo@bench.example",
            now=now,
        )
        agencies.verify(db, agency, now)
    raw = {
        "agency": AGENCY,
        "profile": "standard",
        "client_name": f"Bench {number} {algorithm}",
        "redirect_uris": [f"http://127.0.0.1:9999/{number}/callback"],
        "scope": "openid profile email",
        "id_token_signed_response_alg": algorithm,
        "sign_in_agreement": AGREEMENT,
    }
    secret = f"bench-secret-{number}-0123456789abcdef"
    outcome = registration.add(db, raw, now=now, rehearsal=True, client_id=client_id, client_secret=secret)
    if isinstance(outcome, Refused):
        raise AssertionError(outcome.faults)
    registration.go_live(db, registration.get(db, client_id), now)


def seed_citizen(db: Session, vault: Vault, hashing: PasswordHashing, number: int, now: datetime) -> None:
    """Citizen `bench-{number}@example.go.id` with password `bench-password-{number}`, unless there."""
    email = read(f"bench-{number}@example.go.id")
    if vault.find_citizen(db, email) is not None:
        return
    nik = f"990000010100{number + 1:04d}"
    values = {"nik": nik, "name": f"Warga Ukur {number}", "email": email.normal}
    profile = {name: Value(value, "gapura", now) for name, value in values.items()}
    enrolled = enrolment.create(db, vault, nik=read(nik), values=profile, ial=2, method="demo", now=now)
    vault.link(db, enrolled.citizen_id, email, now)
    password = f"bench-password-{number}"
    refusal = passwords.change(
        db, hashing, enrolled.citizen_id, password, personal=(), second_factor=False, now=now
    )
    if refusal is not None:
        raise AssertionError(f"a bench password is refused: {refusal.weakness}")
