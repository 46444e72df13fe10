"""What it takes to write rows of an earlier day: the parties of a consent, and months to put disclosures into."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from consent.ledger.record_form import Parties
from idp import partitions
from idp.clients.registry import Client, Registry
from idp.partitions import Period


def parties_of(client: Client, clients: Registry, subject: str, issuer: str) -> Parties:
    """Who takes part in a consent to this client, as they are called now."""
    return Parties(
        subject=subject,
        controller={"code": client.agency_code, "name": client.agency_name, "dpo_contact": client.dpo_contact},
        application={"client_id": client.client_id, "name": client.name},
        sources=clients.agency_codes,
        issuer=issuer,
    )


def make_partitions(db: Session, since: datetime, now: datetime) -> None:
    """Of the months that are past: a disclosure lies in the month it happened in. For the worker's role only."""
    begins = partitions.start(Period.MONTH, since)
    while begins < now:
        ends = partitions.start(Period.MONTH, begins + timedelta(days=31))
        bounds = {"table": "consent.disclosures", "begins": begins, "ends": ends}
        db.connection().exec_driver_sql(partitions.MAKE, bounds)
        begins = ends
