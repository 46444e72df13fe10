"""What the consent page shows: the words of review, the citizen's own values, and what to beware of (experience
§3.5). Draws, and decides nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, g, request
from flask_babel import gettext

from idp.accounts.profile import Value
from idp.authorization import code_flow
from idp.authorization.code_flow import Screen
from idp.authorization.look import SessionKey
from idp.claims import notice_words
from idp.claims.notice_words import in_language
from idp.clients import look_alikes
from idp.clients.registry import Client
from idp.web import current, home_zone, languages, masking, pages, permits, signed_in
from idp.web.sign_in import ScreenForm, Screening

NEW_FOR = timedelta(days=30)


def form_of(screen: Screening, session: SessionKey) -> ScreenForm:
    g.form_secret = session.secret
    form = ScreenForm()
    if request.method == "GET":
        form.handle.data = screen.story.handle
    return form


def draw(outcome: Screen, screen: Screening, session: SessionKey, form: ScreenForm, status: int = 200) -> Response:
    """Who asks, what, why, until when, and what a no costs. `form`: as it was sent, where that was refused."""
    gate, client, ask = current.gate(), outcome.client, outcome.ask
    agreement, catalogue, purposes = code_flow.agreement_of(client), gate.attributes.get(), gate.purposes.get()
    with current.reading() as db:
        found = gate.vault.find_profile(db, session.citizen_id)
    profile = found.values if found else {}
    languages.use_zone(home_zone.of(profile))
    offered, language = ask.required | ask.optional | ask.law, languages.current()
    words = notice_words.compose(client, agreement, catalogue, purposes, offered, language, gettext)
    asked = (*words["required"], *words["optional"])
    g.session = session
    response = pages.render(
        "sign_in/consent.html",
        status=status,
        form=form,
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
        required=_rows(words, "required", profile),
        # What there is to give stands first; what is not on record is asked for too, and said to be missing.
        optional=sorted(_rows(words, "optional", profile), key=lambda row: row["name"] not in profile),
        law=[row | {"citation": words["law_citation"]} for row in _rows(words, "law", profile)],
        dpo_contact=words["contact"],
        legal_basis=words["basis"],
        new_since_days=_new_since_days(outcome),
        look_alike=_look_alike(client, language),
        more=permits.in_sentence(row["label"] for row in asked) if ask.standing_nos else "",
        specific=words["warning"],
    )
    response.headers.extend(list(current.browser().cookies))
    return response


def draw_refusal(screen: Screening) -> Response:
    """The no that was given here, and the two ways on."""
    signed_in.find()  # the page's frame says so too
    handle = urlencode({"handle": screen.story.handle})
    return pages.render(
        "sign_in/consent_refused.html",
        handle=screen.story.handle,
        back=f"/consent/refusal?{handle}",
        again=f"/consent?{handle}&again=1",
    )


def _rows(words: dict[str, Any], kind: str, profile: Mapping[str, Value]) -> list[dict[str, Any]]:
    """What is asked, the citizen's own value, and why. The purpose itself stands above: as a reason it says
    nothing more.
    """
    rows = [row | _shown(profile, row["name"]) for row in words[kind]]
    return [row | {"reason": ""} if row["reason"] == words["purpose"] else row for row in rows]


def _look_alike(client: Client, language: str) -> str:
    found = look_alikes.of(client, current.gate().registry.get(), language)
    return in_language(found.name, language) if found is not None else ""


def _shown(profile: Mapping[str, Value], name: str) -> dict[str, str | None]:
    value = profile[name].value if name in profile else None
    shown = masking.shown(name, value)
    return {"value_masked": shown.text, "spoken": shown.spoken}


def _new_since_days(screen: Screen) -> int | None:
    live_at = screen.client.live_at
    age = screen.look.now - live_at if live_at is not None else NEW_FOR
    return age.days if age < NEW_FOR else None
