"""One act of a consent, written with its leaf: the clause that a statement ends with, and what goes into it.
Writer of records and parties.
"""

import json
import secrets
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consent.consents import Head, Locked
from consent.ledger import entries, record_form
from consent.ledger.log import LEAF
from consent.ledger.record_form import Act, Parties
from consent.receipts import PROMISED

# Written where the head changed (`changed` has a row): how the parties were called, the record, its leaf, and that
# it will have a receipt.
RECORDED = f"""
party AS (
  INSERT INTO consent.parties (parties_digest, parties, first_named_at)
  SELECT %(parties_digest)s, %(parties)s::jsonb, %(acted_at)s FROM changed
  ON CONFLICT (parties_digest) DO NOTHING
), record AS (
  INSERT INTO consent.records (citizen_id, record_id, consent_id, client_no, agency_no, purpose_no, agreement_no,
         notice_no, revision, act, actor, acted_at, expires_at, attribute_nos, law_nos, acr, amr, method,
         parties_digest, previous_commitment, commitment, salt)
  SELECT %(citizen_id)s::uuid, %(record_id)s, %(consent_id)s, %(client_no)s, %(agency_no)s, %(purpose_no)s,
         %(agreement_no)s, %(notice_no)s::integer, %(revision)s, %(act)s::consent.act, %(actor)s::consent.actor,
         %(acted_at)s, %(recorded_until)s::timestamptz, %(attribute_nos)s::smallint[], %(law_nos)s::smallint[],
         %(acr)s::text, %(amr)s::text[], %(method)s, %(parties_digest)s, %(previous_commitment)s::bytea,
         %(commitment)s, %(salt)s
    FROM changed
), {LEAF}, {PROMISED}
SELECT count(*) FROM changed
"""


def record(db: Session, statement: str, act: Act, locked: Locked, parties: Parties, place: dict[str, Any]) -> bool:
    """Commit to the act's canonical record and write it with its leaf; False when the head moved, and nothing
    is written.
    """
    named = parties.named(record_form.holders(locked.terms, act.attribute_nos))
    salt = secrets.token_bytes(entries.SALT_BYTES)
    commitment = entries.commitment(salt, record_form.document(act, locked.terms, parties.subject, named))
    written = db.connection().exec_driver_sql(
        statement,
        {
            **place,
            "record_id": act.record_id,
            "consent_id": act.consent_id,
            "notice_no": locked.notice_no,
            "revision": act.revision,
            "act": act.act,
            "actor": act.actor,
            "acted_at": act.acted_at,
            "recorded_until": act.expires_at,
            "attribute_nos": sorted(act.attribute_nos),
            "law_nos": sorted(act.law_nos),
            "acr": act.acr,
            "amr": list(act.amr),
            "method": act.method,
            "parties": json.dumps(named),
            "parties_digest": entries.digest(named),
            "previous_commitment": act.previous_commitment,
            "commitment": commitment,
            "salt": salt,
            "entry": entries.entry(commitment),
        },
    )
    return bool(written.scalar_one())


def act_on(
    locked: Locked, head: Head, act: str, actor: str, acr: str | None, amr: tuple[str, ...], method: str
) -> Act:
    """The next act on a consent that stands; after it nothing is in force, unless the caller says what."""
    return Act(
        record_id=locked.record_id,
        consent_id=head.consent_id,
        revision=head.revision + 1,
        act=act,
        actor=actor,
        acted_at=locked.now,
        expires_at=None,
        attribute_nos=frozenset(),
        law_nos=frozenset(),
        acr=acr,
        amr=tuple(amr),
        method=method,
        previous_commitment=locked.previous_commitment,
        previous_id=locked.previous_id,
    )


def place_of(citizen_id: UUID, head: Head) -> dict[str, Any]:
    """Where a consent that stands has its record."""
    return {
        "citizen_id": citizen_id,
        "client_no": head.client_no,
        "agency_no": head.agency_no,
        "purpose_no": head.purpose_no,
        "agreement_no": head.agreement_no,
    }
