"""What an agency is told of one consent that ended: which, of what, since when, and by what number it knows the
citizen.

Never the citizen's name or NIK: the agency finds its own record by its own `sub`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from consent import history
from idp.claims.notice_words import in_language
from idp.gate import Gate
from idp.signals.delivery import Withdrawal
from idp.signals.withdrawal_clock import Clock
from idp.web import languages, permits
from idp.web.permits import Held


@dataclass(frozen=True)
class Withdrawn:
    """`act`: withdrawn, expired, ended or struck_down; `citation`: of the law its law rows rest on, or empty."""

    name: str
    agency_name: str
    purpose: str
    attributes: tuple[Held, ...]
    citation: str
    subject: str
    act: str
    since: datetime
    clock: Clock


def describe(db: Session, gate: Gate, found: Withdrawal) -> Withdrawn:
    """In the language of the page at hand."""
    ending = history.endings_of(db, [(found.citizen_id, found.consent_id)])[found.consent_id]
    client, language = gate.registry.get().by_no[found.client_no], languages.current()
    purposes = gate.purposes.get()
    law = purposes.bases.get(gate.agreement(ending.agreement_no).law_statute_no or 0)
    return Withdrawn(
        name=in_language(client.name, language),
        agency_name=in_language(client.agency_name, language),
        purpose=in_language(purposes.by_no[ending.purpose_no].sentence, language),
        attributes=permits.held(gate, ending.attribute_nos, ending.law_nos),
        citation=law.citation if law and ending.law_nos else "",
        subject=gate.sub(found.citizen_id, client),
        act=ending.act,
        since=found.clock.withdrawn_at,
        clock=found.clock,
    )
