"""GET, POST /consent: what this application asks, attribute by attribute, with the citizen's own values
(experience §3.5).

The form carries only the handle and the choices; who asks, for what and how long comes from review, never from the
request. Absent is not given, never offered is refused, and a second press repeats the recorded answer (C012,
C044).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict

from consent import notices, records
from consent.outcomes import Given, Giving, Moved
from idp import audit
from idp.accounts.assurance import acr_of
from idp.accounts.profile import Value
from idp.authorization import code_flow
from idp.authorization.code_flow import Screen
from idp.authorization.interaction import Step
from idp.authorization.look import SessionKey
from idp.claims import notice_words
from idp.errors import Code, OAuthError, PageError
from idp.signals import first_looks, notifications
from idp.web import current, languages, masking, pages, sign_in
from idp.web.sign_in import ScreenForm, Screening

blueprint = Blueprint("consent", __name__)

NEW_FOR = timedelta(days=30)


@blueprint.get("/consent")
def show() -> Response:
    screen, session = _story(), current.session_key()
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if session is None or not _asks_consent(outcome):
        return sign_in.answered(outcome)
    return _page(outcome, screen, session)


@blueprint.post("/consent")
def submit() -> Response:
    screen, session = _story(), current.session_key()
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if session is None:  # signed out meanwhile, or somebody else: the story begins at the login (row 78)
        return sign_in.answered(outcome)
    if not _form(screen, session).validate():
        return _page(outcome, screen, session, 400) if _asks_consent(outcome) else sign_in.answered(outcome)
    decision = request.form.getlist("decision")
    if decision not in (["allow"], ["refuse"]):
        raise PageError("form_refused", 400, "decision must be allow or refuse, once")
    if decision == ["refuse"]:
        if _asks_consent(outcome):
            _refused(outcome, session)
        error = OAuthError(Code.ACCESS_DENIED, "the citizen refused")
        return sign_in.answered(code_flow.refuse(current.gate(), screen.story, error))
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


def _giving(db: Any, screen: Screen, session: SessionKey, answer: Any) -> Giving:
    gate, agreement = current.gate(), code_flow.agreement_of(screen.client)
    standing, purposes = screen.look.standing, gate.purposes.get()
    assert standing is not None  # no consent page without somebody signed in
    offered = screen.ask.required | screen.ask.optional | screen.ask.law
    language = languages.current()
    words = notice_words.compose(screen.client, agreement, gate.attributes.get(), purposes, offered, language)
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


def _form(screen: Screening, session: SessionKey) -> ScreenForm:
    g.form_secret = session.secret
    form = ScreenForm()
    if request.method == "GET":
        form.handle.data = screen.story.handle
    return form


def _page(outcome: Screen, screen: Screening, session: SessionKey, status: int = 200) -> Response:
    gate, client, ask = current.gate(), outcome.client, outcome.ask
    agreement, catalogue, purposes = code_flow.agreement_of(client), gate.attributes.get(), gate.purposes.get()
    with current.reading() as db:
        found = gate.vault.find_profile(db, session.citizen_id)
    profile = found.values if found else {}
    offered, language = ask.required | ask.optional | ask.law, languages.current()
    words = notice_words.compose(client, agreement, catalogue, purposes, offered, language)
    g.session = session
    response = pages.render(
        "sign_in/consent.html",
        status=status,
        form=_form(screen, session),
        handle=screen.story.handle,
        redirect_uri=screen.redirect_uri,
        client_name=words["application"],
        agency_name=words["agency"],
        agency_verified=client.agency_state == "verified",
        host=urlsplit(screen.redirect_uri).netloc or urlsplit(screen.redirect_uri).scheme,
        citizen_name=_shown(profile, "name")["value_masked"],
        purpose_sentence=words["purpose"],
        until=outcome.look.now + timedelta(days=words["longest_days"]),
        retention_days=words["retention_days"],
        if_refused=words["if_refused"],
        required=[row | _shown(profile, row["name"]) for row in words["required"]],
        optional=[row | _shown(profile, row["name"]) for row in words["optional"]],
        law=[row | _shown(profile, row["name"]) | {"citation": words["law_citation"]} for row in words["law"]],
        dpo_contact=words["contact"],
        legal_basis=words["basis"],
        new_since_days=_new_since_days(outcome),
        more=[row["label"] for row in (*words["required"], *words["optional"])] if ask.standing_nos else [],
        specific=any(catalogue.by_no[number].sensitivity == "specific" for number in offered),
    )
    response.headers.extend(list(current.browser().cookies))
    return response


def _shown(profile: Mapping[str, Value], name: str) -> dict[str, str | None]:
    value = profile[name].value if name in profile else None
    shown = masking.shown(name, value)
    return {"value_masked": shown.text, "spoken": shown.spoken}


def _new_since_days(screen: Screen) -> int | None:
    live_at = screen.client.live_at
    age = screen.look.now - live_at if live_at is not None else NEW_FOR
    return age.days if age < NEW_FOR else None
