"""The smallest valid things, to be changed by keyword. A test states only what matters to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import enrolment, passwords
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
PASSWORD = "kuda lumping dan hujan"
_serial = count(1)


@dataclass(frozen=True)
class Citizen:
    """A person enrolled in a test, with what they know of themselves."""

    citizen_id: UUID
    nik: Identifier
    email: Identifier
    phone: Identifier


def a_citizen(
    db: Session,
    vault: Vault,
    *,
    hashing: PasswordHashing | None = None,
    password: str = PASSWORD,
    ial: int = 2,
    state: AccountState = AccountState.ACTIVE,
    values: Mapping[str, Any] | None = None,
    now: datetime = NOW,
) -> Citizen:
    """Somebody with a NIK, an e-mail address and a mobile number; with a password if `hashing` is given."""
    serial = next(_serial)
    nik = Identifier(Kind.NIK, f"327301010190{serial:04}")
    email = Identifier(Kind.EMAIL, f"citizen{serial}@example.id")
    phone = Identifier(Kind.PHONE, f"+62812{serial:08}")
    said = {"name": "Sukarni", "nik": nik.normal, "email": email.normal, "phone_number": phone.normal}
    held = {name: Value(value, "dukcapil", now) for name, value in (said | dict(values or {})).items()}
    made = enrolment.create(db, vault, nik=nik, values=held, ial=ial, method="registry", state=state, now=now)
    for identifier in (email, phone):
        vault.link(db, made.citizen_id, identifier, now)
    if hashing is not None:
        refusal = passwords.change(
            db, hashing, made.citizen_id, password, personal=(), second_factor=False, now=now
        )
        assert refusal is None
    return Citizen(made.citizen_id, nik, email, phone)
