"""My permissions: what I gave to whom, by agency, and taking it back.

A withdrawal takes two taps. The first is a page that changes nothing, the second its POST, which answers 303. No
reason is asked: withdrawing is as easy as giving (UU PDP art. 9, GDPR art. 7(3)).
"""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from consent import history as past
from idp.errors import PageError
from idp.revocation import consent as revocation
from idp.web import current, fresh, pages, permit_history, permits, signed_in
from idp.web.forms import Form
from idp.web.permits import Permit
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_consents", __name__, url_prefix="/consents")


@dataclass(frozen=True)
class Taking:
    """What the page of the first tap asks about. `back`: where it came from."""

    question: str
    names: tuple[str, ...]
    back: str
    attribute: str | None = None


@blueprint.get("")
def show() -> Response:
    citizen = signed_in.citizen()
    found, withdrawn = _permits(citizen), request.args.get("withdrawn")
    with current.reading() as db:
        refused = permits.refused(db, current.gate(), citizen.citizen_id, citizen.session.now)
        done = next((one for one in found if one.ended and str(one.consent_id) == withdrawn), None)
        acts = past.history(db, citizen.citizen_id, done.consent_id) if done else []
    shelves = {
        "on": [permit for permit in found if not permit.ended],
        "law": [permit for permit in found if not permit.ended and permit.citation],
        "off": [permit for permit in found if permit.ended],
    }
    shown = request.args.get("s", "on")
    shown = shown if shown in shelves else "on"
    return pages.render(
        "citizen/consents.html",
        agencies=permits.by_agency(shelves[shown]),
        counts={shelf: len(kept) for shelf, kept in shelves.items()},
        shown=shown,
        refused=refused if shown == "off" else [],
        done=done,
        receipt_of=acts[-1].record_id if acts else None,
        left=_left(found, request.args.get("agency")),
        now=citizen.session.now,
    )


@blueprint.get("/<uuid:consent_id>")
def detail(consent_id: UUID) -> Response:
    citizen = signed_in.citizen()
    permit = _permit(citizen, consent_id)
    gate = current.gate()
    with current.reading() as db:
        history = permit_history.steps(db, gate, citizen.citizen_id, permit, citizen.session.now)
    taken = gate.attributes.get().by_name.get(request.args.get("taken", ""))
    held = {attribute.name for attribute in permit.attributes}
    return pages.render(
        "citizen/consents_detail.html",
        permit=permit,
        history=history,
        form=Form(),
        done=permits.label_of(taken) if taken and taken.name not in held else None,
        wrong="wrong" in request.args,
        now=citizen.session.now,
    )


@blueprint.route("/<uuid:consent_id>/withdraw", methods=["GET", "POST"])
def withdraw(consent_id: UUID) -> Response:
    citizen = signed_in.citizen()
    permit = _permit(citizen, consent_id)
    form = Form()
    done = f"/consents?withdrawn={consent_id}"
    if form.validate_on_submit():
        gate = current.gate()
        with current.writing() as db:
            revocation.withdraw(db, gate, citizen.citizen_id, consent_id, acr=citizen.acr)
        # Withdrawn now or withdrawn before look the same: on a slow network people tap twice.
        return pages.see_other(done)
    if permit.ended:
        return pages.see_other(done)
    question = gettext("Cabut izin %(name)s?", name=permit.name)
    return _first_tap(form, Taking(question, (permit.name,), f"/consents/{consent_id}"))


@blueprint.post("/<uuid:consent_id>/resume")
def resume(consent_id: UUID) -> Response:
    """End a pause. Asks for a fresh sign-in: whoever used the account before must not lift it."""
    citizen = fresh.citizen(f"/consents/{consent_id}")
    permit = _permit(citizen, consent_id)
    if not Form().validate_on_submit():
        page = f"/consents/{consent_id}"
        raise PageError("form_refused", 400, "the form was not sent from this page", page)
    with current.writing() as db:
        revocation.resume(db, citizen.citizen_id, permit.consent_id)
    return pages.see_other(f"/consents/{consent_id}")


@blueprint.route("/<uuid:consent_id>/attributes/<name>/withdraw", methods=["GET", "POST"])
def withdraw_attribute(consent_id: UUID, name: str) -> Response:
    citizen = signed_in.citizen()
    permit = _permit(citizen, consent_id)
    attribute = current.gate().attributes.get().by_name.get(name)
    if attribute is None:
        abort(404)
    form = Form()
    done = f"/consents/{consent_id}?taken={name}"
    if form.validate_on_submit():
        gate = current.gate()
        with current.writing() as db:
            number = attribute.attribute_no
            revocation.withdraw_attribute(db, gate, citizen.citizen_id, consent_id, number, acr=citizen.acr)
        return pages.see_other(done)
    if permit.ended or not any(held.name == name and not held.by_law for held in permit.attributes):
        return pages.see_other(f"/consents/{consent_id}")
    label = permits.label_of(attribute)
    asked = permits.in_sentence([label])
    question = gettext("Cabut %(attribute)s dari %(name)s?", attribute=asked, name=permit.name)
    return _first_tap(form, Taking(question, (permit.name,), f"/consents/{consent_id}", label))


@blueprint.route("/agencies/<code>/withdraw", methods=["GET", "POST"])
def withdraw_agency(code: str) -> Response:
    citizen = signed_in.citizen()
    found = [permit for permit in _permits(citizen) if permit.agency_code == code]
    if not found:
        abort(404)
    form = Form()
    if form.validate_on_submit():
        gate = current.gate()
        with current.writing() as db:
            revocation.withdraw_agency(db, gate, citizen.citizen_id, found[0].agency_no, acr=citizen.acr)
        return pages.see_other(f"/consents?s=off&agency={code}")
    names = tuple(permit.name for permit in found if not permit.ended)
    if not names:
        return pages.see_other("/consents?s=off")
    question = gettext("Cabut semua izin %(agency)s?", agency=found[0].agency_name)
    return _first_tap(form, Taking(question, names, "/consents"))


def _left(found: list[Permit], code: str | None) -> str | None:
    """The agency that may see nothing any more, by its name; None where something of it stands."""
    theirs = [permit for permit in found if permit.agency_code == code]
    return theirs[0].agency_name if theirs and all(permit.ended for permit in theirs) else None


def _first_tap(form: Form, taking: Taking) -> Response:
    status = 400 if request.method == "POST" else 200
    return pages.render("citizen/consents_withdraw.html", status=status, form=form, **vars(taking))


def _permits(citizen: Citizen) -> list[Permit]:
    with current.reading() as db:
        return permits.list_of(db, current.gate(), citizen.citizen_id, citizen.session.now)


def _permit(citizen: Citizen, consent_id: UUID) -> Permit:
    """404 for another citizen's consent too: the answer must not tell that it exists."""
    found = next((permit for permit in _permits(citizen) if permit.consent_id == consent_id), None)
    return found or abort(404)
