"""How long a session lives (protocol.md §5, NIST SP 800-63B-4 §2). Pure."""

from dataclasses import dataclass
from datetime import timedelta

from idp.accounts.states import Audience


@dataclass(frozen=True, slots=True)
class Lifetime:
    """`absolute` from the last sign-in, whatever happens; `idle` from the last time the citizen was seen."""

    absolute: timedelta
    idle: timedelta


SHARED_DEVICE_LASTS = timedelta(minutes=15)

# AAL1 has no idle end of its own: a cheap phone is opened once a month, and what AAL1 may see is little. So its
# idle time is its whole life.
_OF_CITIZENS = {
    1: Lifetime(timedelta(days=30), timedelta(days=30)),
    2: Lifetime(timedelta(hours=24), timedelta(hours=1)),
    3: Lifetime(timedelta(hours=12), timedelta(minutes=15)),
}
_OF_STAFF = Lifetime(timedelta(hours=12), timedelta(minutes=15))


def lifetime(aal: int, audience: Audience, *, shared_device: bool) -> Lifetime:
    """A shared device's session is short both ways: the page promises its end after 15 minutes, busy or not."""
    if shared_device:
        return Lifetime(SHARED_DEVICE_LASTS, SHARED_DEVICE_LASTS)
    return _OF_CITIZENS[aal] if audience is Audience.CITIZEN else _OF_STAFF
