"""On to what is next in a recovery; where that is a code that has to be sent, it is asked for on the way there,
within what an address and a network may ask for. The same is done whether there is such an address or not.
"""

from dataclasses import replace

from flask import Response

from idp.accounts.identifiers import Kind
from idp.signals import recovery_messages
from idp.web import current, languages, rate_limits, recovery_steps
from idp.web.rate_limits import MESSAGES_OF_A_NETWORK, MESSAGES_OF_AN_ADDRESS, network_of
from idp.web.recovery_steps import Steps, Way

CHANNELS = {Way.EMAIL: Kind.EMAIL, Way.PHONE: Kind.PHONE}


def lead_on(steps: Steps) -> Response:
    """Remember how far the browser came, and go on."""
    due = steps.due()
    if due in CHANNELS and steps.asked_at is None and _ask(steps, CHANNELS[due]):
        steps = replace(steps, asked_at=current.now())
    return recovery_steps.lead(steps)


def _ask(steps: Steps, kind: Kind) -> bool:
    """False: too many were asked for, and the page says so."""
    gate, now = current.gate(), current.now()
    budgets = (
        (MESSAGES_OF_AN_ADDRESS, steps.budget),
        (MESSAGES_OF_A_NETWORK, network_of(current.exchange().remote)),
    )
    with current.writing() as db:
        if not all(rate_limits.spend(db, gate.vault, limit, key, now) for limit, key in budgets):
            return False
        recovery_messages.ask_for_code(db, steps.citizen_id, kind, languages.current())
    return True
