"""How long to wait after wrong proofs: longer each time, never for ever. Pure.

A permanent lock would be a gift to any stranger who knows a NIK (DESIGN §3, protocol §6 row 83). The same schedule
counts for accounts and, in `idp/web/rate_limits`, for identifiers that nobody has: the two must not be told apart.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Seconds to wait after the first, second, … wrong proof in a row. Four slips of the thumb are free. The last one
# repeats: 24 guesses a day, and the owner gets in within the hour, or at once from a device that is known.
WAITS = (0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600)
# Without a wrong proof for so long, what was counted before no longer lengthens the wait.
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Failures:
    """What is remembered of wrong proofs: how many in a row, when the last was, until when the next must wait."""

    count: int = 0
    failed_at: datetime | None = None
    refused_until: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether a proof offered now is refused unseen. At the named minute itself it is looked at again."""
        return self.refused_until is not None and now < self.refused_until


def after_one_more(failures: Failures, now: datetime) -> Failures:
    """The memory after another wrong proof."""
    forgotten = failures.failed_at is None or failures.failed_at <= now - FORGOTTEN_AFTER
    return remembered(1 if forgotten else failures.count + 1, now)


def remembered(count: int, failed_at: datetime) -> Failures:
    """The memory of `count` wrong proofs in a row, the last of them at `failed_at`."""
    wait = WAITS[min(count, len(WAITS)) - 1]
    return Failures(count, failed_at, failed_at + timedelta(seconds=wait) if wait else None)
