"""`gapura database upgrade|check`: bring the schema up to date; look whether what is in it holds together."""

import argparse
from datetime import UTC, datetime

from sqlalchemy import text

from idp import partitions, schema
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, add_command
from idp.commands.opened import opened
from idp.installation import Installation
from idp.settings import Settings

# Rows of citizens name catalogue rows by number without a foreign key (its check would lock the popular client's
# row at every hop); so orphans are counted here, each night.
ORPHANS = {
    "consents of an unknown client": """
        SELECT count(*) FROM consent.consents AS c
         WHERE NOT EXISTS (SELECT FROM idp.clients AS k WHERE k.client_no = c.client_no)""",
    "consents of an unknown purpose": """
        SELECT count(*) FROM consent.consents AS c
         WHERE NOT EXISTS (SELECT FROM consent.purposes AS p WHERE p.purpose_no = c.purpose_no)""",
    "consents of an unknown agreement": """
        SELECT count(*) FROM consent.consents AS c
         WHERE NOT EXISTS (SELECT FROM consent.agreements AS a WHERE a.agreement_no = c.agreement_no)""",
    "consents without an act": """
        SELECT count(*) FROM consent.consents AS c
         WHERE NOT EXISTS (SELECT FROM consent.records AS r
                            WHERE r.citizen_id = c.citizen_id AND r.consent_id = c.consent_id)""",
    "agreements of an unknown client": """
        SELECT count(*) FROM consent.agreements AS a
         WHERE NOT EXISTS (SELECT FROM idp.clients AS k WHERE k.client_no = a.client_no)""",
    "sessions of an unknown account": """
        SELECT count(*) FROM idp.sessions AS s
         WHERE NOT EXISTS (SELECT FROM idp.accounts AS a WHERE a.citizen_id = s.citizen_id)""",
}


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    add_command(commands, "upgrade", upgrade, "Bring the database to this program's schema. Safe to run again.")
    add_command(commands, "check", check, "Judge revision, mode and clock; count orphans and missing partitions.")


def upgrade(_asked: argparse.Namespace) -> Answer:
    with Installation(Settings.from_env()) as installation:
        revisions = installation.upgrade()
    done = f"Upgraded through {', '.join(revisions)}." if revisions else "Nothing to do."
    return Answer(
        {"revisions": revisions, "now": schema.newest()}, [f"{done} The database is at {schema.newest()}."]
    )


def check(_asked: argparse.Namespace) -> Answer:
    """Refuses a database that does not fit (exit 1); what it finds in one that fits is exit 3."""
    with opened("gapura_web") as (settings, database), database.reading() as db:
        orphans = {name: int(db.execute(text(sql)).scalar_one()) for name, sql in ORPHANS.items()}
        missing = partitions.missing_soon(db.connection().connection.driver_connection, datetime.now(UTC))  # type: ignore[arg-type]
    wrong = [f"{count} {name}" for name, count in orphans.items() if count]
    wrong += [f"no partition {name}" for name in missing]
    lines = wrong or [f"Revision {schema.newest()}, mode {settings.mode.value}: everything holds together."]
    data = {"revision": schema.newest(), "mode": settings.mode.value, "orphans": orphans, "missing": missing}
    return Answer(data, lines, FOUND_SOMETHING_WRONG if wrong else 0)
