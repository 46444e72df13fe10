"""A code to an address that a citizen told, within the budgets of the address and of the network: no page of ours
is made to write to strangers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts.identifiers import Identifier
from idp.accounts.sent_codes import NotYet, ToSend
from idp.signals import address_codes
from idp.web import current, languages, rate_limits
from idp.web.rate_limits import MESSAGES_OF_A_NETWORK, MESSAGES_OF_AN_ADDRESS, network_of


@dataclass(frozen=True, slots=True)
class Spent:
    """Too many messages were asked for, and none was sent."""


def send(db: Session, citizen_id: UUID, address: Identifier, now: datetime) -> ToSend | NotYet | Spent:
    gate, network = current.gate(), network_of(current.exchange().remote)
    of_the_address = f"{address.kind}/{address.normal}"
    if not rate_limits.spend(db, gate.vault, MESSAGES_OF_A_NETWORK, network, now):
        return Spent()
    if not rate_limits.spend(db, gate.vault, MESSAGES_OF_AN_ADDRESS, of_the_address, now):
        rate_limits.give_back(db, gate.vault, MESSAGES_OF_A_NETWORK, network, now)
        return Spent()
    made = address_codes.send(db, gate, citizen_id, address, languages.current(), now)
    if isinstance(made, NotYet):
        rate_limits.give_back(db, gate.vault, MESSAGES_OF_A_NETWORK, network, now)
        rate_limits.give_back(db, gate.vault, MESSAGES_OF_AN_ADDRESS, of_the_address, now)
    return made
