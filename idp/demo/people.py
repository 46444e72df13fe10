"""The demo's citizens, made as any citizen is made: enrolled, linked to their addresses, with password and second
factor.

Made once: whoever is there stays as they are, also with a password they changed since.
"""

from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy.orm import Session

from idp.accounts import enrolment, identifiers, passwords, totp
from idp.accounts.identifiers import Identifier
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Value, Vault
from idp.demo.country import CITIZENS, Citizen

IAL = 2  # vouched for by the civil registry
REGISTERED = frozenset({"given_name", "middle_name", "family_name", "gender", "birthdate", "address", "kk_number",
                        "village", "district", "regency", "province", "age_over_17", "age_over_18"})  # fmt: skip
HOLDERS = {"npwp": "pajak-nusantara", "bpjs_number": "dinkes-sukamaju", "nik": "dukcapil-nusantara",
           "name": "dukcapil-nusantara"} | dict.fromkeys(REGISTERED, "dukcapil-nusantara")  # fmt: skip


def prepare(db: Session, vault: Vault, hashing: PasswordHashing, now: datetime) -> dict[Citizen, UUID]:
    """Whom this start has made; nobody at a later one."""
    made = {citizen: _enrol(db, vault, hashing, citizen, now) for citizen in CITIZENS}
    return {citizen: citizen_id for citizen, citizen_id in made.items() if citizen_id is not None}


def _enrol(db: Session, vault: Vault, hashing: PasswordHashing, citizen: Citizen, now: datetime) -> UUID | None:
    nik = read(citizen.nik)
    values = {
        name: Value(value, HOLDERS.get(name, "gapura"), now)
        for name, value in {
            "nik": citizen.nik,
            "name": citizen.name,
            "email": citizen.email,
            "phone_number": citizen.phone,
            **citizen.more,
        }.items()
        if value is not None
    }
    enrolled = enrolment.create(db, vault, nik=nik, values=values, ial=IAL, method="demo", now=now)
    if not enrolled.made:
        return None
    for address in (citizen.email, citizen.phone):
        if address is not None:
            vault.link(db, enrolled.citizen_id, read(address), now)
    refusal = passwords.change(
        db, hashing, enrolled.citizen_id, citizen.password, personal=(), second_factor=citizen.totp, now=now
    )
    if refusal is not None:
        raise AssertionError(f"the demo's password of {citizen.name} is refused: {refusal.weakness}")
    if citizen.totp_secret is not None:
        _add_second_factor(db, vault, enrolled.citizen_id, citizen.totp_secret, now - timedelta(days=1))
    return enrolled.citizen_id


def _add_second_factor(db: Session, vault: Vault, citizen_id: UUID, secret: str, yesterday: datetime) -> None:
    """Confirmed yesterday: setting up spends the code of its half minute, and a sign-in now must find its own."""
    setup = totp.begin(db, vault, citizen_id, "Gapura demo", yesterday, known=secret)
    if not totp.confirm(db, vault, citizen_id, setup.totp_id, pyotp.TOTP(secret).at(yesterday), yesterday):
        raise AssertionError("the demo's second factor is not confirmed by its own code")


def read(typed: str) -> Identifier:
    identifier = identifiers.normalise(typed)
    if not isinstance(identifier, Identifier):
        raise AssertionError(f"the demo has an identifier that cannot be read: {identifier}")
    return identifier
