"""An attempt with a password as a door makes it: within the budgets of network and browser, remembered, and
answered by a value.

A network's budget binds browsers that know nobody here; a success gives it back and lets the budget grow. A known
browser has a small budget of its own, and once that is spent it is like any other. When a network's budget is
spent the answer is `Spent`: the page then offers what costs an attacker more. A code of the app or a printed one
beside the password is looked at first, and only where it is right the password after it; recovery is the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import login, second_factor
from idp.accounts.assurance import Amr
from idp.accounts.identifiers import Identifier
from idp.accounts.login import NeedsSecondFactor, Outcome, Refused, SignedIn, Why
from idp.accounts.password_hashing import PasswordHashing, QueueFull
from idp.accounts.profile import Vault
from idp.database import Database
from idp.web import known_browsers, rate_limits
from idp.web.rate_limits import (
    CODES_OF_A_NETWORK,
    CODES_OF_AN_ACCOUNT,
    GUESSES_FROM_KNOWN_BROWSERS,
    GUESSES_OF_A_NETWORK,
    network_of,
)

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Spent:
    """This network has guessed too often, and this browser is not known. `code_tried`: nor was the code right."""

    code_tried: bool = False


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
    code: str = "",
) -> Outcome | Spent:
    """`known`: what the browser's cookie says (`known_browsers.read`).

    `remote`: the address that the proxy vouches for. `code`: typed beside the password, where it was asked for.
    """
    digest, network = vault.digest(identifier), network_of(remote)
    tried = proved = False
    with database.writing() as db:
        known_here = known_browsers.still_known(db, known)
        if known_here:
            known_here &= _within_budget(db, vault, vault.find_citizen(db, identifier), known_here, now)
        within = bool(known_here) or rate_limits.spend(db, vault, GUESSES_OF_A_NETWORK, network, now)
        if not within and code:
            tried, proved = _code_first(db, vault, identifier, code, network, now)
        of_nobody = rate_limits.recall_of_nobody(db, vault, digest, now)
    if not within and not proved:
        if tried:
            hashing.verify(None, password)  # whether there is such an account shows in nobody's clock
        return Spent(code_tried=tried)
    takes = within and not known_here  # what a right password gives back
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
            if takes:
                rate_limits.give_back(db, vault, GUESSES_OF_A_NETWORK, network, now)
        raise
    with database.writing() as db:
        if outcome == Refused(Why.NO_MATCH):  # without a citizen: nobody has this identifier
            counted = rate_limits.count_of_nobody(db, vault, digest, now)
            return Refused(Why.TOO_MANY if counted.waits(now) else Why.NO_MATCH, counted.refused_until)
        if not isinstance(outcome, Refused):
            rate_limits.add_success(db, vault, GUESSES_OF_A_NETWORK, network, outcome.citizen_id, now)
            if takes:
                rate_limits.give_back(db, vault, GUESSES_OF_A_NETWORK, network, now)
    if proved and isinstance(outcome, NeedsSecondFactor):
        return SignedIn(outcome.citizen_id, (Amr.PASSWORD, Amr.ONE_TIME_PASSWORD))
    return outcome


def _code_first(
    db: Session, vault: Vault, identifier: Identifier, code: str, network: str, now: datetime
) -> tuple[bool, bool]:
    """Whether the code was looked at, and whether it is of whoever is meant. Its budgets are of the network and
    of the account that is named, which may be nobody's; without them nothing is looked at or hashed.
    """
    named = vault.digest(identifier).hex()
    citizen_id = vault.find_citizen(db, identifier)
    budgets = (CODES_OF_A_NETWORK, network), (CODES_OF_AN_ACCOUNT, str(citizen_id or named))
    if not all(rate_limits.spend(db, vault, limit, key, now) for limit, key in budgets):
        return False, False
    proved = second_factor.prove_first(db, vault, citizen_id or NOBODY, code, now)
    if proved and citizen_id is not None:
        rate_limits.give_back(db, vault, CODES_OF_A_NETWORK, network, now)
        rate_limits.add_success(db, vault, CODES_OF_A_NETWORK, network, citizen_id, now)
    return True, proved


def _within_budget(
    db: Session, vault: Vault, owner: UUID | None, known_here: frozenset[UUID], now: datetime
) -> frozenset[UUID]:
    """The citizen who is meant, if this browser knows them and their known browsers have not guessed too often."""
    if owner not in known_here:
        return frozenset()
    within = rate_limits.spend(db, vault, GUESSES_FROM_KNOWN_BROWSERS, str(owner), now)
    return frozenset({owner}) if within else frozenset()
