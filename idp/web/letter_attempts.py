"""Letter, NIK and birth date as a door judges them: within the budgets of the NIK and of the network.

The NIK's budget is one a network: a stranger who knows a NIK must not keep its citizen from activating by guessing
elsewhere (DESIGN §3), and 59 bits are not guessed by many networks either. What matches costs nothing and lets the
network's budget grow, so that a village hall is no wall.
"""

from dataclasses import dataclass
from datetime import date, datetime

from idp.accounts import letters
from idp.accounts.identifiers import Identifier
from idp.accounts.letters import AlreadyActive, Matches, NoMatch
from idp.accounts.profile import Vault
from idp.database import Database
from idp.web import rate_limits
from idp.web.rate_limits import ACTIVATIONS_OF_A_NETWORK, LETTERS_OF_A_NIK, network_of


@dataclass(frozen=True, slots=True)
class Spent:
    """Too many did not match, and nothing was judged. `until`: when this NIK may be tried again from here; None:
    it is the network's budget that is spent.
    """

    until: datetime | None


def attempt(
    database: Database,
    vault: Vault,
    *,
    typed: str,
    nik: Identifier,
    birth_date: date,
    remote: str,
    now: datetime,
) -> Matches | AlreadyActive | NoMatch | Spent:
    """`remote`: the address that the proxy vouches for."""
    network = network_of(remote)
    of_the_nik = f"{nik.normal}/{network}"
    with database.writing() as db:
        if not rate_limits.spend(db, vault, ACTIVATIONS_OF_A_NETWORK, network, now):
            return Spent(None)
        if not rate_limits.spend(db, vault, LETTERS_OF_A_NIK, of_the_nik, now):
            rate_limits.give_back(db, vault, ACTIVATIONS_OF_A_NETWORK, network, now)
            return Spent(rate_limits.opens_at(db, vault, LETTERS_OF_A_NIK, of_the_nik, now))
        verdict = letters.judge(db, vault, typed=typed, nik=nik, birth_date=birth_date, now=now)
        if not isinstance(verdict, NoMatch):
            rate_limits.give_back(db, vault, ACTIVATIONS_OF_A_NETWORK, network, now)
            rate_limits.give_back(db, vault, LETTERS_OF_A_NIK, of_the_nik, now)
            rate_limits.add_success(db, vault, ACTIVATIONS_OF_A_NETWORK, network, verdict.citizen_id, now)
    return verdict
