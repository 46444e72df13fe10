"""GET, POST /consent: what this application asks, attribute by attribute, with the citizen's own values
(experience §3.5).

The form carries only the handle and the choices; who asks, for what and how long comes from review, never from the
request. Absent is not given, never offered is refused, and a second press repeats the recorded answer (C012,
C044). A no goes to the application at once; whoever comes back finds it said here, and may look again.
"""

from datetime import timedelta
from typing import Any, TypeGuard

from flask import Blueprint, Response, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from consent import notices, records
from consent.outcomes import Given, Giving, Moved
from idp import audit
from idp.accounts.assurance import acr_of
from idp.authorization import code_flow, refusals
from idp.authorization.code_flow import Screen
from idp.authorization.interaction import Step
from idp.authorization.look import SessionKey
from idp.claims import notice_words
from idp.errors import Code, OAuthError, PageError
from idp.signals import first_looks, notifications
from idp.web import consent_page, current, languages, sign_in
from idp.web.sign_in import Screening

blueprint = Blueprint("consent", __name__)
blueprint.before_request(sign_in.refuse_head)


@blueprint.get("/consent")
def show() -> Response:
    screen, session = _story(), current.session_key()
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if session is None or not _asks_consent(outcome):
        return sign_in.answered(outcome)
    if "again" not in request.args and _was_refused(outcome, session):
        return consent_page.draw_refusal(screen)
    return consent_page.draw(outcome, screen, session, consent_page.form_of(screen, session))


@blueprint.get("/consent/refusal")
def leave() -> Response:
    """Back to the application with the no that a form gave: this address says nothing new."""
    screen, session = _story(), current.session_key()
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if session is None or not _asks_consent(outcome):
        return sign_in.answered(outcome)
    if not _was_refused(outcome, session):
        return consent_page.draw(outcome, screen, session, consent_page.form_of(screen, session))
    return _told_of_refusal(screen)


@blueprint.post("/consent")
def submit() -> Response:
    screen, session = _story(), current.session_key()
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if session is None:  # signed out meanwhile, or somebody else: the story begins at the login (row 78)
        return sign_in.answered(outcome)
    form = consent_page.form_of(screen, session)
    if not form.validate():
        if not _asks_consent(outcome):
            return sign_in.answered(outcome)
        return consent_page.draw(outcome, screen, session, form, 400)
    decision = request.form.getlist("decision")
    if decision not in (["allow"], ["refuse"]):
        raise PageError("form_refused", 400, "decision must be allow or refuse, once")
    if decision == ["refuse"]:
        if _asks_consent(outcome) and not _was_refused(outcome, session):
            _refused(outcome, session)
        return _told_of_refusal(screen)
    if _asks_consent(outcome):
        _give(outcome, session, _allowed(outcome, request.form))
    return sign_in.onward(screen, session)


def _story() -> Screening:
    screen = sign_in.screening()
    if screen is None:
        raise PageError("handle_unknown", 400, "the handle is missing")
    return screen


def _asks_consent(outcome: code_flow.Outcome) -> TypeGuard[Screen]:
    return isinstance(outcome, Screen) and outcome.step is Step.CONSENT


def _allowed(screen: Screen, form: MultiDict[str, str]) -> frozenset[int]:
    """The optional attributes that were ticked: each offered on this page, each once."""
    chosen, catalogue = form.getlist("attributes"), current.gate().attributes.get()
    offered = {catalogue.by_no[number].name: number for number in screen.ask.optional}
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(offered):
        raise PageError("form_refused", 400, "attributes has a name that was not offered, or one twice")
    return frozenset(offered[name] for name in chosen)


def _give(screen: Screen, session: SessionKey, allowed: frozenset[int]) -> None:
    gate, answer = current.gate(), screen.ask.answered(allowed)
    with current.writing() as db:
        giving = _giving(db, screen, session, answer)
        outcome = records.give(db, giving)
        if isinstance(outcome, Given) and (outcome.act == "given" or outcome.gained_nos):
            # New or wider: the citizen is told, and cannot switch that off (DESIGN; experience §3.11).
            detail = {"client_no": screen.client.client_no, "consent_id": str(outcome.consent_id)}
            kind = "consent_given" if outcome.act == "given" else "consent_widened"
            notifications.add(db, session.citizen_id, kind, detail)
            if outcome.act == "given":
                client_no, now = screen.client.client_no, screen.look.now
                first_looks.await_look(db, session.citizen_id, client_no, now)
    if isinstance(outcome, Moved):
        return  # another tab answered first: the recorded answer stands, and the story looks at it again
    audit.record(
        gate.database.hot(), action="consent.given", object_id=str(outcome.consent_id), outcome="done",
        actor_id=session.citizen_id,
    )  # fmt: skip


def _refused(screen: Screen, session: SessionKey) -> None:
    """The no is an act of its own: the citizen finds it in the history, and no consent comes of it (C043)."""
    with current.writing() as db:
        records.refuse(db, _giving(db, screen, session, screen.ask.answered(frozenset())))
        audit.record(
            db, action="consent.refused", object_id=screen.client.client_id, outcome="refused",
            actor_id=session.citizen_id,
        )  # fmt: skip


def _was_refused(screen: Screen, session: SessionKey) -> bool:
    """Whether this page has its answer: pressed twice, or come back to, it is one no (C011, C012)."""
    gate, began_at = current.gate(), screen.story.started_at
    with current.reading() as db:
        refused = refusals.of(db, session.citizen_id, code_flow.agreement_of(screen.client), began_at)
    return refusals.is_refused(refused, code_flow.asked_names(gate, screen.ask), began_at)


def _told_of_refusal(screen: Screening) -> Response:
    error = OAuthError(Code.ACCESS_DENIED, "the citizen refused")
    return sign_in.answered(code_flow.refuse(current.gate(), screen.story, error))


def _giving(db: Any, screen: Screen, session: SessionKey, answer: Any) -> Giving:
    gate, agreement = current.gate(), code_flow.agreement_of(screen.client)
    standing, purposes = screen.look.standing, gate.purposes.get()
    assert standing is not None  # no consent page without somebody signed in
    offered = screen.ask.required | screen.ask.optional | screen.ask.law
    language = languages.current()
    words = notice_words.compose(
        screen.client, agreement, gate.attributes.get(), purposes, offered, language, gettext
    )
    purpose = purposes.by_no[agreement.purpose_no]
    return Giving(
        citizen_id=session.citizen_id,
        agreement=agreement,
        purpose=purpose,
        attribute_nos=answer.attribute_nos,
        law_nos=answer.law_nos,
        offered_nos=answer.offered_nos,
        notice=notices.issue(db, agreement.agreement_no, language, words, screen.look.now),
        expires_at=screen.look.now + timedelta(days=purpose.longest_days),
        acr=acr_of(standing.reached, screen.look.now),
        amr=tuple(standing.reached.amr),
        method="web-button",
        revision=screen.look.head.revision if screen.look.head else 0,
        parties=gate.parties(session.citizen_id, screen.client),
    )
