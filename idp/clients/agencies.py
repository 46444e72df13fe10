"""Public bodies and the sectors in which their applications know a citizen by one `sub`. The only writer of both
tables.

Suspending an agency suspends all its applications in the same commit: `clients.agency_state` follows by the
foreign key's cascade, and every statement that lets something out asks it (DESIGN §5). Nothing is deleted here.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp import audit
from idp.clients.models import Agency, Sector
from idp.invalidation import bump

AGENCY_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
LONGEST_NAME, LONGEST_CONTACT = 100, 254
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


def register(
    db: Session,
    *,
    code: str,
    name: Mapping[str, str],
    dpo_contact: str,
    now: datetime,
    domains: Iterable[str] = (),
    actor_id: UUID | None = None,
) -> Agency:
    """A new public body with its default sector. `domains` were proven by DNS. A person verifies it later.

    `ValueError`: a citizen could not read who asks, or whom to turn to (DESIGN §6.9, UU PDP art. 53).
    """
    domains = list(domains)
    if not AGENCY_CODE.fullmatch(code):
        raise ValueError("an agency's code is 2 to 64 small letters, digits and hyphens")
    if not all(_may_be_shown(said, LONGEST_NAME) for said in name.values()):
        raise ValueError(f"an agency's name is 1 to {LONGEST_NAME} printable characters")
    if not _may_be_shown(dpo_contact, LONGEST_CONTACT):
        raise ValueError(f"the data protection officer's contact is 1 to {LONGEST_CONTACT} printable characters")
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise ValueError("a domain is a host name in small letters, such as dinkes.example.go.id")
    agency = Agency(
        agency_code=code,
        name=dict(name),
        state="registered",
        dpo_contact=dpo_contact,
        domains=domains,
        created_at=now,
        state_at=now,
    )
    db.add(agency)
    db.flush()
    # The label lasts for ever and names no other sector: an agency's code is never given to another (schema).
    db.add(Sector(agency_no=agency.agency_no, label=code))
    db.flush()
    audit.record(db, action="agency.registered", object_id=code, outcome="done", actor_id=actor_id)
    bump(db)
    return agency


def _may_be_shown(said: str, longest: int) -> bool:
    return 1 <= len(said.strip()) <= len(said) <= longest and said.isprintable()


def change_contact(db: Session, agency: Agency, dpo_contact: str, *, actor_id: UUID | None = None) -> None:
    """Another data protection officer, or another address of theirs. What is under way goes to the new one."""
    db.execute(update(Agency).where(Agency.agency_no == agency.agency_no).values(dpo_contact=dpo_contact))
    audit.record(
        db, action="agency.contact_changed", object_id=agency.agency_code, outcome="done", actor_id=actor_id
    )
    bump(db)


def find(db: Session, code: str) -> Agency | None:
    if not AGENCY_CODE.fullmatch(code):  # nobody's; and there is text that no database takes
        return None
    return db.scalar(select(Agency).where(Agency.agency_code == code))


def get(db: Session, code: str) -> Agency:
    return db.scalars(select(Agency).where(Agency.agency_code == code)).one()


def list_all(db: Session) -> list[Agency]:
    return list(db.scalars(select(Agency).order_by(Agency.agency_code)))


def narrow_sector(db: Session, agency: Agency, narrowed_for: str) -> Sector:
    """A sector within the agency's own, for applications whose citizens must not be linkable to its others
    (health).
    """
    sector = Sector(
        agency_no=agency.agency_no, label=f"{agency.agency_code}:{narrowed_for}", narrowed_for=narrowed_for
    )
    db.add(sector)
    db.flush()
    return sector


def default_sector(db: Session, agency_no: int) -> Sector:
    return db.scalars(select(Sector).where(Sector.agency_no == agency_no, Sector.narrowed_for.is_(None))).one()


def verify(db: Session, agency: Agency, now: datetime, *, actor_id: UUID | None = None) -> None:
    """Its papers were seen. `ValueError` while it is suspended: a suspension is lifted by itself."""
    _move(db, agency, "verified", {"registered", "verified"}, now, actor_id)


def suspend(db: Session, agency: Agency, now: datetime, *, actor_id: UUID | None = None) -> None:
    """From this commit on none of its applications receives anything. What ends with it stands in
    `idp/revocation/client`.
    """
    _move(db, agency, "suspended", {"registered", "verified", "suspended"}, now, actor_id)


def resume(db: Session, agency: Agency, now: datetime, *, actor_id: UUID | None = None) -> None:
    """Lift a suspension. It is a registered body again: whether its papers still hold is for `verify`."""
    _move(db, agency, "registered", {"suspended"}, now, actor_id)


def _move(
    db: Session, agency: Agency, state: str, may_come_from: set[str], now: datetime, actor_id: UUID | None
) -> None:
    if agency.state not in may_come_from:
        raise ValueError(f"the agency is {agency.state}")
    db.execute(update(Agency).where(Agency.agency_no == agency.agency_no).values(state=state, state_at=now))
    audit.record(db, action=f"agency.{state}", object_id=agency.agency_code, outcome="done", actor_id=actor_id)
    bump(db)
