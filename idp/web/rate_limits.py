"""How often: by network, browser and account, counted in PostgreSQL. Writer of `rate_limits`.

Never a wall by address alone: a mobile operator hides 100,000 people behind one (DESIGN §3). A network's budget
binds browsers that are not known, grows with that network's own successes, and when it is spent the page offers
what costs an attacker more. One row a key, GCRA: the conditional write decides, so that requests at once share one
budget. Keys are keyed digests; a crash forgives everybody.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts.delays import FORGOTTEN_AFTER, Failures, remembered
from idp.accounts.profile import Vault
from keys.derivation import Label


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and one more `every` so often. `each_success_adds`: to a network, for a while."""

    name: str
    at_once: int
    every: timedelta
    each_success_adds: int = 0


GUESSES_OF_A_NETWORK = Limit("guesses-network", at_once=30, every=timedelta(seconds=30), each_success_adds=3)
GUESSES_FROM_KNOWN_BROWSERS = Limit("guesses-known", at_once=10, every=timedelta(minutes=6))  # an account's
# Codes shown before the password, where the first budget is spent: a code app has two right ones in a million.
CODES_OF_A_NETWORK = Limit("codes-network", at_once=30, every=timedelta(seconds=30), each_success_adds=3)
CODES_OF_AN_ACCOUNT = Limit("codes-account", at_once=5, every=timedelta(minutes=10))
SUCCESSES_OF_A_CITIZEN = Limit("successes-citizen", at_once=1, every=timedelta(hours=1))
MESSAGES_OF_AN_ADDRESS = Limit("messages-address", at_once=5, every=timedelta(minutes=20))
MESSAGES_OF_A_NETWORK = Limit("messages-network", at_once=30, every=timedelta(minutes=1), each_success_adds=1)
ACTIVATIONS_OF_A_NETWORK = Limit(
    "activations-network", at_once=30, every=timedelta(seconds=30), each_success_adds=3
)
LETTERS_OF_A_NIK = Limit("letters-nik", at_once=5, every=timedelta(hours=1))
# Proofs of a recovery: a code of 79 bits is not guessed at, so this bounds only the work. Apart from guesses at
# passwords, because recovery is what is offered where those are spent.
PROOFS_OF_A_NETWORK = Limit("proofs-network", at_once=100, every=timedelta(seconds=10), each_success_adds=10)
# Links that are none of ours: a sealed link is not guessed at, so this bounds only the work.
LINKS_OF_A_NETWORK = Limit("links-network", at_once=100, every=timedelta(seconds=10))
# Requests that are kept as rows until their half hour is over (protocol.md §5): 200 open ones of a browser, and so
# many of a network that a province behind one address is not kept out, and nobody fills a disk.
UNFINISHED_OF_A_BROWSER = Limit("unfinished-browser", at_once=200, every=timedelta(seconds=9))
UNFINISHED_OF_A_NETWORK = Limit("unfinished-network", at_once=2000, every=timedelta(seconds=1))
RECOVERIES_OF_AN_ACCOUNT = Limit("recoveries-account", at_once=5, every=timedelta(hours=1))

# A success counts for one minute after those before it: a network with a thousand an hour has some 900 to its
# credit.
SUCCESS_COUNTS_FOR = timedelta(minutes=1)
MOST_SUCCESSES = 10_000

_SPEND = """
WITH credit AS (
  SELECT least(%(most)s::float8, coalesce((
           SELECT greatest(0, extract(epoch FROM s.empty_at - %(now)s::timestamptz)) / %(success_seconds)s::float8
             FROM idp.rate_limits AS s WHERE s.key_digest = %(successes_digest)s), 0)) AS successes
)
INSERT INTO idp.rate_limits AS r (key_digest, empty_at)
VALUES (%(key_digest)s, %(now)s::timestamptz + %(every)s::interval)
ON CONFLICT (key_digest) DO UPDATE
   SET empty_at = greatest(r.empty_at, %(now)s::timestamptz) + %(every)s::interval
 WHERE greatest(r.empty_at, %(now)s::timestamptz) + %(every)s::interval
       <= %(now)s::timestamptz + %(every)s::interval * (%(at_once)s::float8
          + floor(%(adds)s::float8 * (SELECT successes FROM credit)))
RETURNING true
"""

_ADD = """
INSERT INTO idp.rate_limits AS r (key_digest, empty_at)
VALUES (%(key_digest)s, %(now)s::timestamptz + %(every)s::interval)
ON CONFLICT (key_digest) DO UPDATE
   SET empty_at = least(greatest(r.empty_at, %(now)s::timestamptz) + %(every)s::interval,
                        %(now)s::timestamptz + %(every)s::interval * %(most)s::float8)
"""

_GIVE_BACK = """
UPDATE idp.rate_limits AS r SET empty_at = r.empty_at - %(every)s::interval WHERE r.key_digest = %(key_digest)s
"""

_REMEMBER = """
INSERT INTO idp.rate_limits AS r (key_digest, empty_at, failures)
VALUES (%(key_digest)s, %(now)s::timestamptz + %(forgotten_after)s::interval, 1)
ON CONFLICT (key_digest) DO UPDATE
   SET empty_at = excluded.empty_at,
       failures = CASE WHEN r.empty_at > %(now)s::timestamptz THEN r.failures + 1 ELSE 1 END
RETURNING failures
"""

_RECALL = """
SELECT r.failures, r.empty_at FROM idp.rate_limits AS r
 WHERE r.key_digest = %(key_digest)s AND r.empty_at > %(now)s::timestamptz
"""

_EMPTY_AT = "SELECT r.empty_at FROM idp.rate_limits AS r WHERE r.key_digest = %(key_digest)s"

_FORGET = """
WITH over AS (
  SELECT r.key_digest FROM idp.rate_limits AS r WHERE r.empty_at <= %(now)s::timestamptz
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.rate_limits AS r USING over WHERE r.key_digest = over.key_digest
"""


def network_of(remote: str) -> str:
    """Whose budget an address spends: itself, or of IPv6 its /64, which is one household.

    What cannot be read is one network of its own: everybody behind a broken proxy together, and none of them
    locked out of what costs more.
    """
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return "unreadable"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def spend(db: Session, vault: Vault, limit: Limit, key: str, now: datetime) -> bool:
    """Take one from the budget; False: it is spent, and nothing was taken."""
    params = _params(vault, limit, key, now) | {
        "at_once": limit.at_once,
        "adds": limit.each_success_adds,
        "successes_digest": _successes(vault, limit, key),
        "success_seconds": SUCCESS_COUNTS_FOR.total_seconds(),
        "most": MOST_SUCCESSES,
    }
    return db.connection().exec_driver_sql(_SPEND, params).one_or_none() is not None


def opens_at(db: Session, vault: Vault, limit: Limit, key: str, now: datetime) -> datetime:
    """From when a budget that is spent yields again, without what successes add: the time that a page names."""
    row = db.connection().exec_driver_sql(_EMPTY_AT, _params(vault, limit, key, now)).one_or_none()
    return max(now, row.empty_at - limit.every * (limit.at_once - 1)) if row is not None else now


def give_back(db: Session, vault: Vault, limit: Limit, key: str, now: datetime) -> None:
    """It was no guess, or nothing was judged: put back what it took."""
    db.connection().exec_driver_sql(_GIVE_BACK, _params(vault, limit, key, now))


def add_success(db: Session, vault: Vault, limit: Limit, key: str, citizen_id: UUID, now: datetime) -> None:
    """Let the budget grow, once an hour for each citizen: nobody feeds it by signing in again and again."""
    if spend(db, vault, SUCCESSES_OF_A_CITIZEN, f"{limit.name}/{key}/{citizen_id}", now):
        params = {"key_digest": _successes(vault, limit, key), "every": SUCCESS_COUNTS_FOR, "now": now}
        db.connection().exec_driver_sql(_ADD, params | {"most": MOST_SUCCESSES})


def recall_of_nobody(db: Session, vault: Vault, identifier_digest: bytes, now: datetime) -> Failures:
    """What is remembered of an identifier in case it leads to no account: it must wait as an account would."""
    params = {"key_digest": _of_nobody(vault, identifier_digest), "now": now}
    row = db.connection().exec_driver_sql(_RECALL, params).one_or_none()
    return remembered(row.failures, row.empty_at - FORGOTTEN_AFTER) if row is not None else Failures()


def count_of_nobody(db: Session, vault: Vault, identifier_digest: bytes, now: datetime) -> Failures:
    """Remember one more wrong guess at an identifier that nobody has."""
    key_digest = _of_nobody(vault, identifier_digest)
    params = {"key_digest": key_digest, "now": now, "forgotten_after": FORGOTTEN_AFTER}
    return remembered(db.connection().exec_driver_sql(_REMEMBER, params).scalar_one(), now)


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete what counts no more, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _params(vault: Vault, limit: Limit, key: str, now: datetime) -> dict[str, object]:
    key_digest = vault.keyed_digest(Label.RATE_LIMIT, limit.name, key)
    return {"key_digest": key_digest, "every": limit.every, "now": now}


def _successes(vault: Vault, limit: Limit, key: str) -> bytes:
    return vault.keyed_digest(Label.RATE_LIMIT, f"{limit.name}/successes", key)


def _of_nobody(vault: Vault, identifier_digest: bytes) -> bytes:
    return vault.keyed_digest(Label.RATE_LIMIT, "of-nobody", identifier_digest.hex())
