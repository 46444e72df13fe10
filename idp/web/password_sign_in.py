"""An attempt with a password as a door makes it: within the budgets of network and browser, remembered, and
answered by a value.

A network's budget binds browsers that know nobody here; a success gives it back and lets the budget grow. A known
browser has a small budget of its own, and once that is spent it is like any other. When a network's budget is
spent the answer is `Spent`: the page then offers what costs an attacker more (a second factor first, a passkey, a
recovery code), and nothing was verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import login
from idp.accounts.identifiers import Identifier
from idp.accounts.login import Outcome, Refused, Why
from idp.accounts.password_hashing import PasswordHashing, QueueFull
from idp.accounts.profile import Vault
from idp.database import Database
from idp.web import known_browsers, rate_limits
from idp.web.rate_limits import GUESSES_FROM_KNOWN_BROWSERS, GUESSES_OF_A_NETWORK, network_of


@dataclass(frozen=True, slots=True)
class Spent:
    """This network has guessed too often, and this browser is not known."""


def attempt(
    database: Database,
    vault: Vault,
    hashing: PasswordHashing,
    *,
    identifier: Identifier,
    password: str,
    known: Mapping[UUID, datetime],
    remote: str,
    now: datetime,
) -> Outcome | Spent:
    """`known`: what the browser's cookie says (`known_browsers.read`).

    `remote`: the address that the proxy vouches for.
    """
    digest, network = vault.digest(identifier), network_of(remote)
    with database.writing() as db:
        known_here = known_browsers.still_known(db, known)
        if known_here:
            known_here &= _within_budget(db, vault, vault.find_citizen(db, identifier), known_here, now)
        if not known_here and not rate_limits.spend(db, vault, GUESSES_OF_A_NETWORK, network, now):
            return Spent()
        of_nobody = rate_limits.recall_of_nobody(db, vault, digest, now)
    try:
        outcome = login.attempt(
            database,
            vault,
            hashing,
            identifier=identifier,
            password=password,
            of_nobody=of_nobody,
            known_here=known_here,
            now=now,
        )
    except QueueFull:
        with database.writing() as db:
            if not known_here:
                rate_limits.give_back(db, vault, GUESSES_OF_A_NETWORK, network, now)
        raise
    with database.writing() as db:
        if outcome == Refused(Why.NO_MATCH):  # without a citizen: nobody has this identifier
            counted = rate_limits.count_of_nobody(db, vault, digest, now)
            return Refused(Why.TOO_MANY if counted.waits(now) else Why.NO_MATCH, counted.refused_until)
        if not isinstance(outcome, Refused):
            rate_limits.add_success(db, vault, GUESSES_OF_A_NETWORK, network, outcome.citizen_id, now)
            if not known_here:
                rate_limits.give_back(db, vault, GUESSES_OF_A_NETWORK, network, now)
    return outcome


def _within_budget(
    db: Session, vault: Vault, owner: UUID | None, known_here: frozenset[UUID], now: datetime
) -> frozenset[UUID]:
    """The citizen who is meant, if this browser knows them and their known browsers have not guessed too often."""
    if owner not in known_here:
        return frozenset()
    within = rate_limits.spend(db, vault, GUESSES_FROM_KNOWN_BROWSERS, str(owner), now)
    return frozenset({owner}) if within else frozenset()
