"""What the page of a receipt shows: the words that the citizen read, what happened, and how far its proof is.

The words are those of the notice that the record names, so page, consent screen and receipt have one source
(experience §2.3). Draws, and decides nothing.
"""

from dataclasses import dataclass
from typing import Any

from flask import Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from consent import notices, receipts
from consent.ledger import entries, proofs, tiles
from consent.ledger.recorded import Recorded
from consent.receipts import Receipt, Standing
from idp import qr_codes
from idp.signals import delivery
from idp.web import current, masking, pages, permit_history
from idp.web.forms import Form
from idp.web.signed_in import Citizen

STATES = {
    receipts.NotPromised: "none",
    receipts.Waiting: "waiting",
    receipts.Unfit: "unfit",
    receipts.Erased: "erased",
}
KINDS = ("required", "optional", "law")


@dataclass(frozen=True)
class Entered:
    """Where the receipt's leaf stands, and the proof of it as a file (C2SP tlog-proof)."""

    position: int
    proof: str


def entered(db: Session, found: Recorded, receipt: Receipt) -> Entered | None:
    """None while the leaf is not in the published log."""
    published = tiles.published(db)
    if published is None:
        return None
    position = proofs.find_position(db, entries.entry(receipt.commitment), found.act.acted_at, published)
    if position is None:
        return None
    steps = proofs.inclusion(db, position, published.size)
    return Entered(position, proofs.tlog_proof(receipt.salt, position, steps, published.note))


def draw(db: Session, citizen: Citizen, found: Recorded, standing: Standing, form: Form) -> Response:
    """The page, whatever the receipt's standing is."""
    act, terms = found.act, found.terms
    receipt = standing if isinstance(standing, Receipt) else None
    words = notices.get(db, found.notice_no).words if found.notice_no else {}
    profile = current.gate().vault.find_profile(db, citizen.citizen_id)
    name = profile.values["name"].value if profile and "name" in profile.values else None
    return pages.render(
        "citizen/receipts.html",
        form=form,
        state=STATES.get(type(standing), "signed"),
        receipt=receipt,
        entered=entered(db, found, receipt) if receipt else None,
        code=Markup(qr_codes.draw(_in_code(receipt))) if receipt else None,  # noqa: S704 - of our own making
        commitment=entries.base64url(found.commitment),
        act=act,
        event=permit_history.named(act.act, act.actor),
        citizen_name=masking.shown("name", name).text,
        words=words,
        spoken_in=terms["language"],
        data={kind: _in_force(words.get(kind, []), found) for kind in KINDS},
        clock=delivery.clocks_of(db, citizen.citizen_id).get(act.consent_id) if act.expires_at is None else None,
        now=citizen.session.now,
    )


def _in_force(rows: list[dict[str, Any]], found: Recorded) -> list[dict[str, Any]]:
    """What of a notice's rows was in force after the act."""
    names = {one["name"] for one in found.terms["attributes"] if one["no"] in found.act.attribute_nos}
    return [row for row in rows if row["name"] in names]


def _in_code(receipt: Receipt) -> str:
    """What finds the leaf in anybody's copy of the log: the receipt itself is too long for one code."""
    return f"{receipt.receipt_id}\n{entries.base64url(receipt.commitment)}\n{receipt.log}"
