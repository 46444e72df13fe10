"""A code shown on both sides of an hour still works once (DESIGN §3, §6.2): redemptions lie in partitions of an
hour, by the time the code itself carries. Each racer has a connection, and so a PostgreSQL process, of its own.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from idp.authorization.codes import Code, uuid7
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.tokens import redemption
from idp.tokens.redemption import NotLive, Redeemed, Replayed
from tests.faults.races import RACERS, race, rounds
from tests.running import Running
from tests.sample_client import sign_in

MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def doors(running: Running) -> Iterator[list[Database]]:
    """The web role, once for each racer."""
    url = EmbeddedPostgres(running.instance).url("gapura_web")
    databases = [Database(url, "gapura_web") for _ in range(RACERS)]
    yield databases
    for database in databases:
        database.close()


def a_live_code(running: Running, code_id_at: datetime) -> Code:
    """As if issued at that moment, over the newest session and consent of the application."""
    ((citizen, session, client_no, purpose_no, consent),) = running.rows(
        "SELECT s.citizen_id, s.session_id, c.client_no, c.purpose_no, c.consent_id FROM idp.sessions AS s"
        " JOIN consent.consents AS c USING (citizen_id) JOIN idp.clients AS k USING (client_no)"
        " WHERE k.client_id = 'antrean-puskesmas' AND c.withdrawn_at IS NULL AND s.ended_at IS NULL"
        " ORDER BY s.seen_at DESC LIMIT 1"
    )
    return Code(
        uuid7(code_id_at), citizen, session, client_no, purpose_no, consent, "", "", "", "openid profile", (), ()
    )


@rounds(20)
@pytest.mark.parametrize("side", [-5, 5], ids=["born before the hour", "born after the hour"])
def test_a_code_shown_on_both_sides_of_the_hour_works_once(
    running: Running, doors: list[Database], side: int, rounds: int
) -> None:
    """(C018, row 15) Seen to fail: with `first_use` always true, and with the id's time taken from the moment of
    use.
    """
    sign_in(running.browser(), running.client(), running.citizen(6), scope="openid profile")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for _ in range(rounds):
        code = a_live_code(running, hour + side * MILLISECOND)

        def redeem(database: Database, now: datetime, code: Code = code) -> Redeemed | Replayed | NotLive:
            try:
                return redemption.redeem(
                    database.hot(), code, ["sandbox", "live"], wants_refresh=True, bound_to_session=True, now=now
                )
            finally:
                database.close()  # what this thread holds: the next round has threads of its own

        moments = [hour + (20 if number % 2 else -2) * MILLISECOND for number in range(RACERS)]
        pairs = zip(doors, moments, strict=True)
        outcomes = race([lambda pair=pair: redeem(*pair) for pair in pairs])
        assert Counter(type(one) for one in outcomes) == {Redeemed: 1, Replayed: RACERS - 1}
