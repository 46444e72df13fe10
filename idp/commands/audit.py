"""`gapura audit verify`: recompute the security trail's heads from its rows."""

import argparse

from idp import audit_heads
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, add_command
from idp.commands.opened import opened


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    add_command(
        commands, "verify", verify, "Recompute the head of each minute; exit 3 when a row changed or vanished."
    )


def verify(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        wrong, newest = list(audit_heads.verify(db)), audit_heads.newest(db)
    data: dict[str, object] = {"wrong": wrong, "newest": None}
    lines = wrong or ["Every minute fits its head, and every head is in the ledger."]
    if newest is not None:
        minute, head = f"{newest[0]:%Y-%m-%dT%H:%MZ}", newest[1].hex()
        data["newest"] = {"minute": minute, "head": head}
        lines.append(
            f"Newest head, for somebody outside to keep (a trail that was cut fits itself): {minute} {head}"
        )
    return Answer(data, lines, FOUND_SOMETHING_WRONG if wrong else 0)
