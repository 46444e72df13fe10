"""A citizen's e-mail address and mobile number: told, proved by a code, and moved to whoever proves them.

An address counts only once its code was answered; until then the one before stays (C067). It may lead to one
account at a time: proving it elsewhere takes it from here, and the one who had it is named so that the house can
say so (experience.md §1.1). Nothing here tells whether somebody else has an address. A number is a channel, never
identity: what it is worth ages.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp import audit
from idp.accounts import sent_codes
from idp.accounts.errors import NoCitizenKey
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Linked, Value, Vault
from idp.accounts.sent_codes import Answer, NotYet, ToSend, Use

ATTRIBUTE = {Kind.EMAIL: "email", Kind.PHONE: "phone_number"}
_USE = {Kind.EMAIL: Use.VERIFY_EMAIL, Kind.PHONE: Use.VERIFY_PHONE}
OF_THE_CITIZEN = "gapura"  # the holder of what a citizen told us and proved here


@dataclass(frozen=True, slots=True)
class Proved:
    """The address leads here now.

    `before`: the citizen's own address until now, to be told of the change; `lost_by`: another citizen who had
    this one, to be told that they have it no more.
    """

    before: Identifier | None
    lost_by: UUID | None


def ask(db: Session, vault: Vault, citizen_id: UUID, address: Identifier, now: datetime) -> ToSend | NotYet:
    """A code for an address that the citizen says is theirs. Changes nothing."""
    return sent_codes.make(db, vault, citizen_id, _USE[address.kind], address, now)


def tell(db: Session, vault: Vault, citizen_id: UUID, address: Identifier, now: datetime) -> None:
    """Write down an address that nobody proved yet: it leads nowhere, proves nothing, and replaces none."""
    profile = vault.find_profile(db, citizen_id)
    values = dict(profile.values) if profile else {}
    name = ATTRIBUTE[address.kind]
    if name in values:
        return
    values[name] = Value(address.normal, OF_THE_CITIZEN, now)
    values[f"{name}_verified"] = Value(False, OF_THE_CITIZEN, now)
    vault.save(db, citizen_id, values, now, revision=profile.revision if profile else 0)


def find_told(db: Session, vault: Vault, citizen_id: UUID) -> Identifier | None:
    """An address that the citizen told and did not prove yet."""
    profile = vault.find_profile(db, citizen_id)
    held = profile.values if profile else {}
    for kind, name in ATTRIBUTE.items():
        verified = held.get(f"{name}_verified")
        if name in held and verified is not None and verified.value is False:
            return Identifier(kind, str(held[name].value))
    return None


def prove(
    db: Session, vault: Vault, citizen_id: UUID, address: Identifier, typed: str, now: datetime
) -> Proved | Answer:
    """Take the answer; if it is right the address is the citizen's own, and their only one of its kind."""
    answer = sent_codes.answer(db, vault, citizen_id, _USE[address.kind], address, typed, now)
    if answer is not Answer.RIGHT:
        return answer
    linked = vault.link(db, citizen_id, address, now)
    assert isinstance(linked, Linked)
    vault.unlink(db, citizen_id, address.kind, but=address)
    before = _write(db, vault, citizen_id, address.kind, address, now)
    if linked.before_id is not None:
        _write(db, vault, linked.before_id, address.kind, None, now, only=address)
    audit.record(
        db, action=f"{address.kind}.proved", object_id=str(citizen_id), outcome="done", actor_id=citizen_id
    )
    return Proved(before if before != address else None, linked.before_id)


def current(db: Session, vault: Vault, citizen_id: UUID, kind: Kind) -> Identifier | None:
    """The address of this kind that is on file, proved or not."""
    profile = vault.find_profile(db, citizen_id)
    held = profile.values.get(ATTRIBUTE[kind]) if profile else None
    return Identifier(kind, held.value) if held and held.value else None


def find_proved(
    db: Session, vault: Vault, citizen_id: UUID, kind: Kind, *, since: datetime | None = None
) -> Identifier | None:
    """The address on file, if it was proved (`since`: not before that) and leads to this citizen still."""
    proved_at = vault.list_proved(db, citizen_id).get(kind)
    address = current(db, vault, citizen_id, kind) if proved_at is not None else None
    if address is None or proved_at is None or (since is not None and proved_at <= since):
        return None
    return address if vault.find_citizen(db, address) == citizen_id else None


def _write(
    db: Session,
    vault: Vault,
    citizen_id: UUID,
    kind: Kind,
    address: Identifier | None,
    now: datetime,
    *,
    only: Identifier | None = None,
) -> Identifier | None:
    """Put the address into the profile, or take it out; the one before.

    `only`: leave any other than this alone.
    """
    profile = vault.find_profile(db, citizen_id)
    values = dict(profile.values) if profile else {}
    name = ATTRIBUTE[kind]
    held = values.get(name)
    before = Identifier(kind, held.value) if held and held.value else None
    if only is not None and before != only:
        return before
    for one in (name, f"{name}_verified"):
        values.pop(one, None)
    if address is not None:
        values[name] = Value(address.normal, OF_THE_CITIZEN, now)
        values[f"{name}_verified"] = Value(True, OF_THE_CITIZEN, now)
    try:
        vault.save(db, citizen_id, values, now, revision=profile.revision if profile else 0)
    except NoCitizenKey:  # erased meanwhile: there is nothing to take the address out of
        return None
    return before
