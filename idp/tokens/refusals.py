"""The trail of what the token door refuses (protocol.md §6 row 112): which client, with which error.

Anybody can make the door refuse as often as they like, and an entry is for ever: the first refusal of a client and
error is written at once, those of the next minute are counted and written with the first after it. Each process
counts for itself.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from sqlalchemy.orm import Session

from idp import audit
from idp.clients.registry import Client
from idp.errors import OAuthError

QUIET_SECONDS = 60.0


@dataclass
class Refusals:
    """Those of one process. At most an entry a minute for each client and error that there is."""

    monotonic: Callable[[], float] = time.monotonic
    _written_at: dict[tuple[int, str], float] = field(default_factory=dict)
    _more: dict[tuple[int, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, db: Session | Connection[Any], client: Client, error: OAuthError) -> None:
        """Write it down, or count it. In a transaction of its own: the refused one is rolled back."""
        times = self._due(client.client_no, error.error.value)
        if times:
            audit.record(
                db, action="token.refused", object_id=client.client_id, outcome="refused",
                actor_no=client.client_no, detail={"error": error.error.value, "times": times},
            )  # fmt: skip

    def _due(self, client_no: int, error: str) -> int:
        """How many to write down now: this one and those counted since; 0: it is counted."""
        key, now = (client_no, error), self.monotonic()
        with self._lock:
            before = self._more.pop(key, 0) + 1
            if now - self._written_at.get(key, float("-inf")) < QUIET_SECONDS:
                self._more[key] = before
                return 0
            self._written_at[key] = now
            return before
