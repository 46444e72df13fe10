"""Partitions are made ahead and dropped when over, and no moment is without one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from idp import partitions
from idp.embedded_postgres import EmbeddedPostgres
from idp.partitions import PARTITIONED, Partitioned

NOW = datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("wanted", PARTITIONED, ids=lambda wanted: wanted.table)
def test_periods_follow_one_another_without_a_gap(wanted: Partitioned) -> None:
    made = list(partitions.periods(wanted, NOW))
    assert all(before[1] == after[0] for before, after in pairwise(made))
    assert made[0][1] <= NOW, "an id of a moment ago may lie in the period before"
    assert made[-1][1] > NOW + wanted.ahead


def test_a_month_begins_on_its_first_day() -> None:
    disclosures = PARTITIONED[0]
    begins = [begin for begin, _ in partitions.periods(disclosures, NOW)]
    assert begins == [datetime(2030, 11, 1, tzinfo=UTC), datetime(2030, 12, 1, tzinfo=UTC), *begins[2:]]
    assert all(begin.day == 1 for begin in begins)


def test_the_worker_makes_what_is_missing_and_drops_what_is_over(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("gapura_worker")) as connection:
        connection.execute("SET ROLE gapura_worker")
        now = datetime.now(UTC)
        later = now + timedelta(days=1)
        assert partitions.make_ahead(connection, later)
        assert partitions.make_ahead(connection, later) == []
        long_ago = now - timedelta(days=3)
        begins = partitions.start(partitions.Period.HOUR, long_ago)
        connection.execute(
            partitions.MAKE,
            {"table": "idp.redeemed_codes", "begins": begins, "ends": begins + timedelta(hours=1)},
        )
        dropped = partitions.drop_over(connection, now)
        assert partitions.name("idp.redeemed_codes", begins) in dropped
        assert partitions.name("idp.redeemed_codes", partitions.start(partitions.Period.HOUR, now)) not in dropped
        connection.rollback()


def test_the_database_refuses_to_drop_what_is_still_kept(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("gapura_worker")) as connection:
        connection.execute("SET ROLE gapura_worker")
        now = datetime.now(UTC)
        current = partitions.name("idp.redeemed_codes", partitions.start(partitions.Period.HOUR, now))
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(partitions.DROP, {"partition": current, "older_than": now - timedelta(days=2)})
