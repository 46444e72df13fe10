"""The receipt of one act of consent: /receipts/<record_id>, to print, and its two files to keep.

`receipt.jws` is signed within seconds; `receipt.tlog-proof` follows when the log has its leaf. Together they are
verified without us, for good (examples/outside_auditor). A receipt says what was done then, and permits nothing:
whether it still stands is asked here (C049).
"""

from uuid import UUID

from flask import Blueprint, Response, abort
from sqlalchemy.orm import Session

from consent import receipts
from consent.ledger import recorded
from consent.ledger.recorded import Recorded
from consent.receipts import NotPromised, Receipt
from idp.errors import PageError
from idp.web import current, pages, receipt_page, signed_in
from idp.web.forms import Form
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_receipts", __name__, url_prefix="/receipts")


@blueprint.get("/<uuid:record_id>")
def show(record_id: UUID) -> Response:
    citizen = signed_in.citizen()
    with current.reading() as db:
        found = _found(db, citizen, record_id)
        standing = receipts.find(db, found, current.gate().subs)
        return receipt_page.draw(db, citizen, found, standing, Form())


@blueprint.post("/<uuid:record_id>")
def ask(record_id: UUID) -> Response:
    """Have a receipt made of an act of before there were any."""
    citizen, page = signed_in.citizen(), f"/receipts/{record_id}"
    if not Form().validate_on_submit():
        raise PageError("form_refused", 400, "the form was not sent from this page", page)
    with current.writing() as db:
        found = _found(db, citizen, record_id)
        if isinstance(receipts.find(db, found, current.gate().subs), NotPromised):
            receipts.promise(db, citizen.citizen_id, record_id)
    return pages.see_other(page)


@blueprint.get("/<uuid:record_id>/receipt.jws")
def token(record_id: UUID) -> Response:
    """The signed receipt, as a compact JWS. 404 until it is signed."""
    citizen = signed_in.citizen()
    with current.reading() as db:
        _, receipt = _signed(db, citizen, record_id)
    return _file(receipt.token, "application/jose", "receipt.jws")


@blueprint.get("/<uuid:record_id>/receipt.tlog-proof")
def proof(record_id: UUID) -> Response:
    """That the log has its leaf, with the salt that opens it. 404 until it has."""
    citizen = signed_in.citizen()
    with current.reading() as db:
        found, receipt = _signed(db, citizen, record_id)
        entered = receipt_page.entered(db, found, receipt) or abort(404)
    return _file(entered.proof, "text/plain; charset=utf-8", "receipt.tlog-proof")


def _found(db: Session, citizen: Citizen, record_id: UUID) -> Recorded:
    """404 for another citizen's record too: the answer must not tell that it exists."""
    return recorded.find(db, citizen.citizen_id, record_id) or abort(404)


def _signed(db: Session, citizen: Citizen, record_id: UUID) -> tuple[Recorded, Receipt]:
    found = _found(db, citizen, record_id)
    receipt = receipts.find(db, found, current.gate().subs)
    if not isinstance(receipt, Receipt):
        abort(404)
    return found, receipt


def _file(text: str, media_type: str, name: str) -> Response:
    response = Response(text, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
