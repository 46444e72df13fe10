"""What one citizen of the demo has behind them: consents to several agencies, one taken back, and who looked.

Written by the parts that write it for anybody, at moments that are past; so every page of theirs has something to
show at the first start. Made once, with the citizen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import attributes, endings, notices, purposes, records
from consent.attributes import Attributes
from consent.ledger.record_form import Parties
from consent.outcomes import Given, Giving
from consent.purposes import Purposes
from idp.claims import notice_words
from idp.clients import registry
from idp.clients.registry import Client
from idp.demo.past import make_partitions, parties_of
from keys.pairwise import Pairwise

ACR, AMR, METHOD = "urn:gapura:acr:basic", ("pwd",), "web-button"

# uuidv7 takes how far from now its time lies: a disclosure's id is its moment.
_LOOKED = text("""
    INSERT INTO consent.disclosures
           (citizen_id, disclosure_id, consent_id, client_no, purpose_no, channel, reason, attribute_nos)
    VALUES (:citizen_id, uuidv7(CAST(:at AS timestamptz) - now()), :consent_id, :client_no, :purpose_no,
            'userinfo', 'consent_given', CAST(:attribute_nos AS smallint[]))
""")


@dataclass(frozen=True)
class Past:
    """One application's part of it, in days before now."""

    client_id: str
    given: int
    looked: tuple[int, ...]
    declined: tuple[str, ...] = ()
    withdrawn: int | None = None


PASTS = (
    Past("bantuan-beras", given=150, looked=(150, 121), withdrawn=95),
    Past("sim-saya", given=238, looked=(238, 40, 9), declined=("picture",)),
    Past("surat-keterangan", given=61, looked=(61, 33), declined=("email",)),
)


def prepare(db: Session, pairwise: Pairwise, issuer: str, citizen_id: UUID, now: datetime) -> None:
    make_partitions(db, now - timedelta(days=max(past.given for past in PASTS)), now)
    known, catalogue, clients = attributes.load(db), purposes.load(db), registry.load(db)
    for past in PASTS:
        client = clients.by_id[past.client_id]
        subject = pairwise.subject(citizen_id, client.sector, client.sector_version)
        parties = parties_of(client, clients, subject, issuer)
        given = _give(db, client, parties, known, catalogue, citizen_id, past, now)
        if past.withdrawn is not None:
            at = now - timedelta(days=past.withdrawn)
            endings.withdraw(db, citizen_id, given, parties=parties, acr=ACR, amr=AMR, now=at)


def _give(
    db: Session,
    client: Client,
    parties: Parties,
    known: Attributes,
    catalogue: Purposes,
    citizen_id: UUID,
    past: Past,
    now: datetime,
) -> UUID:
    agreement, at = client.sign_in_agreement, now - timedelta(days=past.given)
    assert agreement is not None  # the demo's own
    purpose = catalogue.by_no[agreement.purpose_no]
    offered = frozenset((*agreement.required_nos, *agreement.optional_nos, *agreement.law_nos))
    covered = offered - frozenset(known.numbers(list(past.declined)))
    words = notice_words.compose(client, agreement, known, catalogue, offered, "id", str)
    outcome = records.give(
        db,
        Giving(
            citizen_id=citizen_id,
            agreement=agreement,
            purpose=purpose,
            attribute_nos=covered,
            law_nos=frozenset(agreement.law_nos),
            offered_nos=offered,
            notice=notices.issue(db, agreement.agreement_no, "id", words, at),
            expires_at=at + timedelta(days=purpose.longest_days),
            acr=ACR,
            amr=AMR,
            method=METHOD,
            revision=0,
            parties=parties,
        ),
        at,
    )
    if not isinstance(outcome, Given):
        raise AssertionError("the demo's history meets another")
    for days in past.looked:
        row = {
            "citizen_id": citizen_id,
            "at": now - timedelta(days=days),
            "consent_id": outcome.consent_id,
            "client_no": client.client_no,
            "purpose_no": purpose.purpose_no,
            "attribute_nos": sorted(covered),
        }
        db.execute(_LOOKED, row)
    return outcome.consent_id
