"""The story from a raw request to a code (OIDC Core §3.1): validate, look at the session and the consent, decide,
answer.

Resumed after each screen by its handle: the same list from the top, one step further. One read a request, and none
of what it decides is trusted later: the code it leads to is judged again when it is redeemed.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from consent import decision
from consent.agreements import Agreement
from consent.consents import Head
from consent.decision import StillToAsk
from idp.accounts import assurance
from idp.accounts.assurance import Acr, Requirement
from idp.accounts.sessions import BASIC_AFTER_RECOVERY
from idp.authorization import codes, handles, interaction, pushed, refusals, response, validation
from idp.authorization.handles import Sender, Story
from idp.authorization.id_token_hint import SubjectsOf
from idp.authorization.interaction import Demand, Refuse, Step, StepUpChance
from idp.authorization.look import Look, SessionKey, look_at
from idp.authorization.request import AuthorizationRequest, encoded
from idp.authorization.response import FormPost
from idp.authorization.validation import Reading
from idp.clients.catalogue import start_address
from idp.clients.registry import Client
from idp.errors import Code, OAuthError, PageError
from idp.exchange import Parameters, Reply
from idp.gate import Gate
from idp.hot_connection import HotConnection

NOT_BEGUN = datetime.min.replace(tzinfo=UTC)  # the story begins with the first look, at the database's time

# For a day after a recovery no second factor raises a session (`sessions`): asking for it would ask for ever.
_SECOND_FACTOR = """
SELECT true FROM idp.totp_secrets AS t
 WHERE t.citizen_id = %(citizen_id)s AND t.confirmed_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM idp.recoveries AS r
                    WHERE r.citizen_id = %(citizen_id)s AND r.state = 'completed'
                      AND r.state_at > now() - %(basic_after_recovery)s::interval)
 LIMIT 1
"""


@dataclass(frozen=True)
class Screen:
    """The browser must be asked something. `story.handle` is where it comes back to."""

    step: Step
    story: Story
    client: Client
    request: AuthorizationRequest
    look: Look
    ask: StillToAsk


Outcome = Reply | FormPost | Screen


def begin(gate: Gate, query: str, parameters: Parameters, session: SessionKey | None, sender: Sender) -> Outcome:
    """A request that has just arrived. Raises PageError while client and address are not proven."""
    reading = prove(gate, parameters)
    story = Story(query, NOT_BEGUN, sender.browser_digest)
    return _answered(gate, reading, story, session, sender)


def keep(gate: Gate, parameters: Parameters, may_keep: Callable[[], bool]) -> str | Reply | FormPost:
    """The handle of a request that came without its browser's cookies, good in any browser; or what is wrong."""
    reading = prove(gate, parameters)
    try:
        validation.validated(reading, gate.attributes.get(), SubjectsOf(gate, reading.client))
    except OAuthError as error:
        return _failure(gate, reading, error)
    now = gate.now()
    story = Story(encoded(parameters), now, handles.ANY_BROWSER)
    return handles.make(gate.database.hot(), gate.sealer, story, now, may_keep)


def resume(gate: Gate, handle: str, browser_digest: bytes) -> tuple[Story, Reading, datetime]:
    """The story behind a handle and its request, validated as at the door; for a screen that wants to show it."""
    now = gate.now()
    story = _opened(gate, handle, browser_digest, now)
    return story, prove(gate, Parameters(story.query)), now


def go_on(gate: Gate, handle: str, session: SessionKey | None, sender: Sender) -> Outcome:
    """The story of a handle, one step further; what was posted from another site begins here, in any browser."""
    story = _opened(gate, handle, sender.browser_digest, gate.now())
    if story.browser_digest == handles.ANY_BROWSER:
        return begin(gate, story.query, Parameters(story.query), session, sender)
    return advance(gate, story, session)


def _opened(gate: Gate, handle: str, browser_digest: bytes, now: datetime) -> Story:
    try:
        return handles.open_handle(gate.database.hot(), gate.sealer, handle, browser_digest, now)
    except handles.OfAnotherBrowser as refusal:
        onward = _start_of(gate, refusal.query)
        raise PageError("handle_of_another_browser", 400, str(refusal), onward) from None


def _start_of(gate: Gate, query: str) -> str | None:
    """Where the application itself begins, if it says: from there the story of this browser is its own (C010).

    A page leads there and not a redirect: a browser that keeps no cookies would go round for ever.
    """
    client = validation.client_of(Parameters(query), gate.registry.get())
    validation.open_for_sign_in(client, tuple(gate.open_states))
    return start_address(client, gate.issuer) if client.initiate_login_uri else None


def with_account_chosen(gate: Gate, story: Story, now: datetime) -> Story:
    """The same story after the citizen said that it is they who are signed in (`prompt=select_account`)."""
    story = replace(story, account_chosen=True)
    return replace(story, handle=handles.make(gate.database.hot(), gate.sealer, story, now, _always))


def advance(gate: Gate, story: Story, session: SessionKey | None) -> Outcome:
    """One step further after a screen: the same list from the top."""
    sender = Sender(story.browser_digest, _always)
    return _answered(gate, prove(gate, Parameters(story.query)), story, session, sender)


def _always() -> bool:
    """For a story that has its handle already, or a citizen who is signed in and said so by a form."""
    return True


def refuse(gate: Gate, story: Story, error: OAuthError) -> Reply | FormPost:
    """The citizen said no: back to the client with this error."""
    reading = prove(gate, Parameters(story.query))
    validation.response_mode(reading)
    return _failure(gate, reading, error)


def refuse_unread(gate: Gate, legible: Parameters, error: OAuthError) -> Reply | FormPost:
    """A request of which a part could not be read: client and address are proven by the rest, or it is a page."""
    reading = prove(gate, legible)
    with suppress(OAuthError):  # one that is wrong too is answered as where none was asked for
        validation.response_mode(reading)
    return _failure(gate, reading, error)


def agreement_of(client: Client) -> Agreement:
    assert client.sign_in_agreement is not None  # validation.open_for_sign_in: no story exists without it
    return client.sign_in_agreement


def prove(gate: Gate, parameters: Parameters) -> Reading:
    """Client and address, or the page that says what is wrong with them: nothing is ever sent to an unproven
    address."""
    client = validation.client_of(parameters, gate.registry.get())
    redirect_uri = validation.redirect_uri_of(parameters, client)
    validation.open_for_sign_in(client, tuple(gate.open_states))
    return Reading(parameters, client, redirect_uri)


def _answered(gate: Gate, reading: Reading, story: Story, session: SessionKey | None, sender: Sender) -> Outcome:
    try:
        request = validation.validated(reading, gate.attributes.get(), SubjectsOf(gate, reading.client))
        return _step(gate, reading.client, request, story, session, sender)
    except OAuthError as error:
        return _failure(gate, reading, error)


def _failure(gate: Gate, reading: Reading, error: OAuthError) -> Reply | FormPost:
    return response.failure(gate.issuer, reading.redirect_uri, reading.response_mode, error, reading.state)


def _step(
    gate: Gate,
    client: Client,
    request: AuthorizationRequest,
    story: Story,
    session: SessionKey | None,
    sender: Sender,
) -> Outcome:
    connection, agreement = gate.database.hot(), agreement_of(client)
    look = look_at(gate, connection, client, agreement, session)
    if story.started_at == NOT_BEGUN:
        story = Story(story.query, look.now, sender.browser_digest)
    ask = still_to_ask(gate, agreement, request, story, look)
    step = _next(gate, connection, client, request, story, session, look, ask)
    if isinstance(step, Refuse):
        raise OAuthError(step.error, step.description)
    if step is Step.CONSENT and _is_answered(gate, agreement, session, story, look, ask):
        raise OAuthError(Code.ACCESS_DENIED, "the citizen refused the same request twice in the last ten minutes")
    if step is not Step.PROCEED:
        if not story.handle:
            handle = handles.make(connection, gate.sealer, story, look.now, sender.may_keep)
            story = replace(story, handle=handle)
        return Screen(step, story, client, request, look, ask)
    assert session is not None
    assert look.head is not None  # what Step.PROCEED says
    code = _code(connection, client, request, session, look.head, agreement.purpose_no, look.now)
    sealed = codes.seal(gate.sealer, code, look.now)
    return response.success(gate.issuer, request.redirect_uri, request.response_mode, sealed, request.state)


def still_to_ask(
    gate: Gate, agreement: Agreement, request: AuthorizationRequest, story: Story, look: Look
) -> StillToAsk:
    """What of this request the citizen has not answered; `prompt=consent` is met by an answer made for this
    request."""
    given_since = look.head is not None and look.head.given_at >= story.started_at
    anew = "consent" in request.prompt and not given_since
    earlier = None
    if look.head is not None and look.head.agreement_no != agreement.agreement_no:
        earlier = gate.agreement(look.head.agreement_no)
    return decision.still_to_ask(
        agreement, look.head, request.asked_nos, look.now, earlier_terms=earlier, anew=anew
    )


def asked_names(gate: Gate, ask: StillToAsk) -> frozenset[str]:
    """What the consent page is about: the names of all attributes on it."""
    catalogue = gate.attributes.get()
    return frozenset(catalogue.by_no[number].name for number in ask.required | ask.optional | ask.law)


def _is_answered(
    gate: Gate, agreement: Agreement, session: SessionKey | None, story: Story, look: Look, ask: StillToAsk
) -> bool:
    assert session is not None  # what Step.CONSENT says
    since = story.started_at - refusals.WITHIN
    if look.head is not None:  # a yes after it takes a no back
        since = max(since, look.head.given_at)
    with gate.database.reading() as db:
        refused = refusals.of(db, session.citizen_id, agreement, since)
    return refusals.is_answered(refused, asked_names(gate, ask), story.started_at)


def _next(
    gate: Gate,
    connection: HotConnection,
    client: Client,
    request: AuthorizationRequest,
    story: Story,
    session: SessionKey | None,
    look: Look,
    ask: StillToAsk,
) -> Step | Refuse:
    catalogue = gate.attributes.get()
    asked = [catalogue.by_no[number] for number in request.asked_nos]
    own = [assurance.requirement_of(Acr(client.acr_floor))] if client.acr_floor else []
    floor = assurance.highest([*own, *(Requirement(a.least_ial, a.least_aal) for a in asked)])
    arguments = (request, look.standing, Demand(floor, ask.why), story.started_at, look.now)
    step = interaction.next_step(*arguments, account_chosen=story.account_chosen)
    if step is not Step.STEP_UP or session is None:
        return step
    given = {"citizen_id": session.citizen_id, "basic_after_recovery": BASIC_AFTER_RECOVERY}
    possible = connection.row(_SECOND_FACTOR, given) is not None
    chance = StepUpChance.POSSIBLE if possible else StepUpChance.IMPOSSIBLE
    return interaction.next_step(*arguments, account_chosen=story.account_chosen, chance=chance)


def _code(
    connection: HotConnection,
    client: Client,
    request: AuthorizationRequest,
    session: SessionKey,
    head: Head,
    purpose_no: int,
    now: datetime,
) -> codes.Code:
    nonce = request.nonce or ""
    stored = None
    if len(nonce) > codes.NONCE_INSIDE:
        stored, nonce = pushed.keep(connection, client.client_no, {"nonce": nonce}, now), ""
    return codes.Code(
        code_id=codes.uuid7(now),
        citizen_id=session.citizen_id,
        session_id=session.session_id,
        client_no=client.client_no,
        purpose_no=purpose_no,
        consent_id=head.consent_id,
        redirect_digest=codes.digest_of(request.redirect_uri),
        challenge=request.code_challenge or "",
        nonce=nonce,
        scope=request.scope,
        userinfo_nos=request.userinfo_nos,
        id_token_nos=request.id_token_nos,
        stored=stored,
    )
