"""Whom to ask next, when some receivers hang: pure, the caller brings the time (C054).

Each client has at most two places at once, and one that did not answer well last time shares the few places of its
kind, asked one thing at a time and ever more rarely. So whoever answers is never behind those who do not.
"""

from collections import Counter

PLACES = 32
OF_FAILING = 8  # of them
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 5.0, 300.0


class Places:
    """Who is being asked, and how each fared. Times are monotonic seconds."""

    def __init__(self, failing: list[int], now: float) -> None:
        self._asked: Counter[int] = Counter()
        self._failures = dict.fromkeys(failing, 1)
        self._rest_until = dict.fromkeys(failing, now)

    @property
    def failing(self) -> list[int]:
        return list(self._failures)

    def busy(self, now: float) -> list[int]:
        """Clients that get no place now: asked already, or resting."""
        resting = (client_no for client_no, until in self._rest_until.items() if until > now)
        return sorted({*self._asked, *resting})

    def free(self, *, of_failing: bool) -> int:
        """How many places wait for clients that fail, or for the others."""
        taken = sum(count for client_no, count in self._asked.items() if client_no in self._failures)
        return OF_FAILING - taken if of_failing else PLACES - OF_FAILING - (self._asked.total() - taken)

    def take(self, client_no: int) -> None:
        self._asked[client_no] += 1

    def leave(self, client_no: int, now: float, *, well: bool) -> None:
        """Its attempt is over; `well`: the receiver answered as it should."""
        self._asked[client_no] -= 1
        self._asked += Counter()  # those at nought go
        if well:
            self._failures.pop(client_no, None)
            self._rest_until.pop(client_no, None)
            return
        failures = self._failures[client_no] = self._failures.get(client_no, 0) + 1
        rest = min(FIRST_REST_SECONDS * 2 ** min(failures - 1, 10), LONGEST_REST_SECONDS)
        self._rest_until[client_no] = now + rest
