"""How often a client may ask about what is no token of ours (RFC 7662 §4; protocol.md §6 row 61).

A token that opens is answered whatever the budget: a stranger who floods a resource server with junk keeps nobody
out there.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

AT_ONCE, EVERY_SECONDS = 1000, 0.1


@dataclass
class Strays:
    """Those of one process, a client each, by the clock that only goes forward."""

    monotonic: Callable[[], float] = time.monotonic
    _empty_at: dict[int, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, client_no: int) -> float:
        """Seconds until one more may be asked about; 0: this one was within the budget."""
        now = self.monotonic()
        with self._lock:
            empty_at = max(self._empty_at.get(client_no, now), now) + EVERY_SECONDS
            over = empty_at - now - AT_ONCE * EVERY_SECONDS
            if over <= 0:
                self._empty_at[client_no] = empty_at
            return max(over, 0.0)
