"""Which screen is due: the rows are sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consent.decision import Why
from idp.accounts.assurance import Acr, Asked, Reached, Requirement
from idp.authorization.interaction import Demand, Refuse, Standing, Step, StepUpChance, next_step
from idp.authorization.request import AuthorizationRequest
from idp.errors import Code

CITIZEN = UUID(int=1)
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(minutes=5)
REQUEST = AuthorizationRequest("app", "https://app.example/cb", "openid")
STANDING = Standing(CITIZEN, True, Reached(2, 1, ("pwd",), NOW - timedelta(hours=3)))
DEMAND = Demand(Requirement(), Why.NOTHING)


def asking(**members: object) -> AuthorizationRequest:
    return replace(REQUEST, **members)  # type: ignore[arg-type]


def reached(minutes_ago: int = 180, aal: int = 1, ial: int = 2, amr: tuple[str, ...] = ("pwd",)) -> Standing:
    return replace(STANDING, reached=Reached(ial, aal, amr, NOW - timedelta(minutes=minutes_ago)))


@pytest.mark.parametrize(
    ("request_", "standing", "demand", "step"),
    [
        pytest.param(REQUEST, None, DEMAND, Step.LOGIN, id="nobody is signed in"),
        pytest.param(
            REQUEST, replace(STANDING, account_open=False), DEMAND, Step.LOGIN, id="a closed account is nobody"
        ),
        pytest.param(REQUEST, STANDING, DEMAND, Step.PROCEED, id="signed in and consented: nothing is asked"),
        pytest.param(
            REQUEST, STANDING, Demand(Requirement(), Why.FIRST_TIME), Step.CONSENT, id="the first time asks"
        ),
        pytest.param(asking(citizen_id=UUID(int=7)), STANDING, DEMAND, Step.LOGIN, id="another citizen was meant"),
        pytest.param(asking(citizen_id=CITIZEN), STANDING, DEMAND, Step.PROCEED, id="the citizen that was meant"),
        pytest.param(
            asking(prompt=("login",)), STANDING, DEMAND, Step.REAUTHENTICATE, id="prompt=login asks again"
        ),
        pytest.param(
            asking(prompt=("login",)), reached(1), DEMAND, Step.PROCEED, id="prompt=login is met once (C006)"
        ),
        pytest.param(asking(max_age=60), STANDING, DEMAND, Step.REAUTHENTICATE, id="older than max_age"),
        pytest.param(asking(max_age=99999), STANDING, DEMAND, Step.PROCEED, id="younger than max_age"),
        pytest.param(asking(max_age=0), reached(10), DEMAND, Step.REAUTHENTICATE, id="max_age=0 is prompt=login"),
        pytest.param(
            asking(max_age=0), reached(1), DEMAND, Step.PROCEED, id="max_age=0 ends after one login (C005)"
        ),
        pytest.param(
            asking(max_age=1), reached(2), DEMAND, Step.PROCEED, id="a login for this request never ages (C005)"
        ),
        pytest.param(
            asking(prompt=("select_account",)), STANDING, DEMAND, Step.SELECT_ACCOUNT, id="choose an account"
        ),
        pytest.param(
            asking(prompt=("select_account",)), reached(1), DEMAND, Step.PROCEED, id="a login is a choice"
        ),
        pytest.param(
            asking(acr=Asked((Acr.BASIC,), essential=True)),
            STANDING,
            Demand(Requirement(aal=2), Why.NOTHING),
            Step.STEP_UP,
            id="no request lowers the floor",
        ),
        pytest.param(
            REQUEST, STANDING, Demand(Requirement(aal=2), Why.NOTHING), Step.STEP_UP, id="below the floor"
        ),
    ],
)
def test_the_first_step_that_is_due(
    request_: AuthorizationRequest, standing: Standing | None, demand: Demand, step: Step
) -> None:
    assert next_step(request_, standing, demand, BEGAN, NOW) is step


@pytest.mark.parametrize(
    ("request_", "standing", "demand", "error"),
    [
        pytest.param(asking(prompt=("none",)), None, DEMAND, Code.LOGIN_REQUIRED, id="nobody is signed in"),
        pytest.param(
            asking(prompt=("none",)),
            STANDING,
            Demand(Requirement(), Why.MORE),
            Code.CONSENT_REQUIRED,
            id="more is asked",
        ),
        pytest.param(
            asking(prompt=("none",), max_age=0), STANDING, DEMAND, Code.LOGIN_REQUIRED, id="too long ago"
        ),
        pytest.param(
            asking(prompt=("none",)),
            STANDING,
            Demand(Requirement(aal=2), Why.NOTHING),
            Code.INTERACTION_REQUIRED,
            id="step up",
        ),
        pytest.param(
            REQUEST, STANDING, Demand(Requirement(), Why.PAUSED), Code.ACCESS_DENIED, id="a paused consent"
        ),
        pytest.param(
            REQUEST,
            reached(ial=1),
            Demand(Requirement(ial=2), Why.NOTHING),
            Code.UNMET_AUTHENTICATION,
            id="identity unproven",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    request_: AuthorizationRequest, standing: Standing | None, demand: Demand, error: Code
) -> None:
    step = next_step(request_, standing, demand, BEGAN, NOW)
    assert isinstance(step, Refuse)
    assert step.error is error


def wishing(*acrs: Acr, essential: bool = False) -> AuthorizationRequest:
    return asking(acr=Asked(acrs, essential=essential))


@pytest.mark.parametrize(
    ("request_", "chance", "expected"),
    [
        pytest.param(wishing(Acr.SUBSTANTIAL), StepUpChance.POSSIBLE, Step.STEP_UP, id="a wish is raised to"),
        pytest.param(wishing(Acr.SUBSTANTIAL), StepUpChance.IMPOSSIBLE, Step.PROCEED, id="a wish is no wall"),
        pytest.param(wishing(Acr.HIGH), StepUpChance.POSSIBLE, Step.PROCEED, id="no passkey yet: the honest acr"),
        pytest.param(
            wishing(Acr.HIGH, Acr.SUBSTANTIAL), StepUpChance.POSSIBLE, Step.STEP_UP, id="the first we can do"
        ),
        pytest.param(
            wishing(Acr.HIGH, Acr.BASIC), StepUpChance.POSSIBLE, Step.PROCEED, id="a wish that is met already"
        ),
        pytest.param(
            wishing(Acr.SUBSTANTIAL, essential=True),
            StepUpChance.IMPOSSIBLE,
            Code.UNMET_AUTHENTICATION,
            id="essential is",
        ),
    ],
)
def test_acr_is_raised_where_it_can_be(
    request_: AuthorizationRequest, chance: StepUpChance, expected: Step | Code
) -> None:
    step = next_step(request_, STANDING, DEMAND, BEGAN, NOW, chance=chance)
    assert (step.error if isinstance(step, Refuse) else step) is expected
