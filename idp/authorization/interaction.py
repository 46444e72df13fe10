"""Which screen is due next on the way to a code, or none. Pure: the caller brings request, session and what is to
be asked.

OIDC Core §3.1.2.3, §3.1.2.4 and §3.1.2.6. A demand (`prompt=login`, `max_age`) is met by an act made *for this
request*: the story began at `started_at`, and an authentication or consent not before it satisfies whatever the
clock says (C005).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from uuid import UUID

from consent.decision import Why
from idp.accounts import assurance
from idp.accounts.assurance import Reached, Requirement, Shortfall
from idp.authorization.request import AuthorizationRequest
from idp.errors import Code


class Step(StrEnum):
    """What the browser is shown next."""

    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    REAUTHENTICATE = "reauthenticate"
    STEP_UP = "step_up"
    CONSENT = "consent"
    PROCEED = "proceed"


@dataclass(frozen=True)
class Refuse:
    """The story ends at the client with this error."""

    error: Code
    description: str


@dataclass(frozen=True)
class Standing:
    """How the browser's session stands, and whose it is."""

    citizen_id: UUID
    account_open: bool
    reached: Reached


class StepUpChance(Enum):
    """Whether a second factor could raise this citizen's session; asked only when it matters."""

    UNKNOWN = "unknown"
    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Demand:
    """What must hold before a code. `floor`: the highest of what client, agreement and attributes require;
    `consent`: why the citizen would be asked, or not (an answer to `prompt=consent` made for this request
    counts as asked)."""

    floor: Requirement
    consent: Why


def next_step(
    request: AuthorizationRequest,
    standing: Standing | None,
    demand: Demand,
    started_at: datetime,
    now: datetime,
    *,
    account_chosen: bool = False,
    chance: StepUpChance = StepUpChance.UNKNOWN,
) -> Step | Refuse:
    """The first of the steps that is still due; with `prompt=none` the error that stands for it."""
    step = _due(request, standing, demand, started_at, now, account_chosen, chance)
    if isinstance(step, Step) and step is not Step.PROCEED and "none" in request.prompt:
        return Refuse(_SILENT[step], "the citizen would have to be asked, and prompt is none")
    return step


_SILENT = {
    Step.LOGIN: Code.LOGIN_REQUIRED,
    Step.SELECT_ACCOUNT: Code.ACCOUNT_SELECTION_REQUIRED,
    Step.REAUTHENTICATE: Code.LOGIN_REQUIRED,
    Step.STEP_UP: Code.INTERACTION_REQUIRED,
    Step.CONSENT: Code.CONSENT_REQUIRED,
}


def _due(
    request: AuthorizationRequest,
    standing: Standing | None,
    demand: Demand,
    started_at: datetime,
    now: datetime,
    account_chosen: bool,
    chance: StepUpChance,
) -> Step | Refuse:
    if standing is None or not standing.account_open:
        return Step.LOGIN
    if request.citizen_id is not None and request.citizen_id != standing.citizen_id:
        return Step.LOGIN
    fresh = standing.reached.authenticated_at >= started_at
    if "select_account" in request.prompt and not (account_chosen or fresh):
        return Step.SELECT_ACCOUNT
    too_old = request.max_age is not None and now - standing.reached.authenticated_at > timedelta(
        seconds=request.max_age
    )
    if ("login" in request.prompt or too_old or request.max_age == 0) and not fresh:
        return Step.REAUTHENTICATE
    if (unmet := _assurance(request, standing.reached, demand.floor, chance, now)) is not None:
        return unmet
    if demand.consent is Why.PAUSED:
        return Refuse(Code.ACCESS_DENIED, "the citizen has paused this consent")
    return Step.PROCEED if demand.consent is Why.NOTHING else Step.CONSENT


def _assurance(
    request: AuthorizationRequest, reached: Reached, floor: Requirement, chance: StepUpChance, now: datetime
) -> Step | Refuse | None:
    """Raise the sign-in to the first wish that can be met; a floor or an essential acr that cannot be ends the
    story."""
    wishes = [assurance.highest([floor, assurance.requirement_of(acr)]) for acr in request.acr.wished]
    if any(assurance.find_shortfall(reached, wish, now) is None for wish in wishes):
        return None
    for required in wishes if request.acr.essential else [*wishes, floor]:
        shortfall = assurance.find_shortfall(reached, required, now)
        if shortfall is None:
            return None
        if assurance.is_out_of_reach(reached.ial, required):
            continue
        if shortfall is Shortfall.SECOND_FACTOR and chance is not StepUpChance.IMPOSSIBLE:
            return Step.STEP_UP
        if shortfall is Shortfall.FRESH:
            return Step.REAUTHENTICATE
    return Refuse(Code.UNMET_AUTHENTICATION, "the assurance that is required cannot be reached for this citizen")
