"""Records read back with everything that their canonical form is made of, so that anybody can make the bytes
again.

Nothing is needed but the act's columns, the catalogues, the names of the parties as they were, and the pairwise
`sub`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from consent.ledger import entries
from consent.ledger.record_form import TERMS, Act, document


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record read back with all that its canonical form is made of. `salt` is gone after an erasure."""

    citizen_id: UUID
    client_no: int
    notice_no: int | None
    act: Act
    terms: Mapping[str, Any]
    named: Mapping[str, Any]
    commitment: bytes
    salt: bytes | None

    def document(self, subject: str) -> dict[str, Any]:
        """The canonical record, for the `sub` that the application knew."""
        return document(self.act, self.terms, subject, self.named)

    def commits_to(self, subject: str) -> bool:
        """Whether its commitment is over what the tables say today, for the `sub` that the application knew."""
        if self.salt is None:
            return False
        return entries.commitment(self.salt, self.document(subject)) == self.commitment


_READ_AGAIN = f"""
SELECT act.*, {TERMS} AS terms, p.parties,
       (SELECT before.record_id FROM consent.records AS before
         WHERE before.citizen_id = act.citizen_id AND before.commitment = act.previous_commitment) AS previous_id
  FROM (SELECT r.citizen_id, r.record_id, r.consent_id, r.client_no, r.agreement_no, r.notice_no, r.revision,
               r.act, r.actor, r.acted_at, r.expires_at, r.attribute_nos, r.law_nos, r.acr, r.amr, r.method,
               r.reason, r.parties_digest, r.previous_commitment, r.commitment, r.salt
          FROM consent.records AS r
         WHERE {{wanted}}) AS act
  JOIN consent.parties AS p ON p.parties_digest = act.parties_digest
 ORDER BY act.citizen_id, act.record_id
"""
# A page of records in the order of their key; `after` the last of the page before.
_PAGE = _READ_AGAIN.format(
    wanted="""(%(citizen_id)s::uuid IS NULL OR r.citizen_id = %(citizen_id)s::uuid)
           AND (%(after_citizen_id)s::uuid IS NULL
                OR (r.citizen_id, r.record_id) > (%(after_citizen_id)s::uuid, %(after_record_id)s::uuid))
         ORDER BY r.citizen_id, r.record_id
         LIMIT %(limit)s"""
)
_ONE = _READ_AGAIN.format(wanted="r.citizen_id = %(citizen_id)s::uuid AND r.record_id = %(record_id)s::uuid")


def read_again(
    db: Session, *, citizen_id: UUID | None = None, after: tuple[UUID, UUID] | None = None, limit: int = 1000
) -> list[Recorded]:
    """Records with everything that they were made of: one citizen's, or a page of all (`after`: citizen and
    record).
    """
    after_citizen_id, after_record_id = after or (None, None)
    rows = db.connection().exec_driver_sql(
        _PAGE,
        {
            "citizen_id": citizen_id,
            "after_citizen_id": after_citizen_id,
            "after_record_id": after_record_id,
            "limit": limit,
        },
    )
    return [_recorded(row) for row in rows.mappings()]


def find(db: Session, citizen_id: UUID, record_id: UUID) -> Recorded | None:
    """One record of this citizen's; None when it is not theirs."""
    rows = db.connection().exec_driver_sql(_ONE, {"citizen_id": citizen_id, "record_id": record_id})
    row = rows.mappings().one_or_none()
    return None if row is None else _recorded(row)


def _recorded(row: RowMapping) -> Recorded:
    act = Act(
        record_id=row["record_id"],
        consent_id=row["consent_id"],
        revision=row["revision"],
        act=row["act"],
        actor=row["actor"],
        acted_at=row["acted_at"],
        expires_at=row["expires_at"],
        attribute_nos=frozenset(row["attribute_nos"]),
        law_nos=frozenset(row["law_nos"] or ()),
        acr=row["acr"],
        amr=tuple(row["amr"] or ()),
        method=row["method"],
        reason=row["reason"],
        previous_commitment=row["previous_commitment"],
        previous_id=row["previous_id"],
    )
    return Recorded(
        citizen_id=row["citizen_id"],
        client_no=row["client_no"],
        notice_no=row["notice_no"],
        act=act,
        terms=row["terms"],
        named=row["parties"],
        commitment=row["commitment"],
        salt=row["salt"],
    )
