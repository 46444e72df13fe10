"""The trail of what the token door refuses (protocol.md §6 row 112): which client, with which error, at the pace
of `audit.Pace`. At most an entry a minute for each client and error that there is.
"""

from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from sqlalchemy.orm import Session

from idp import audit
from idp.audit import Pace
from idp.clients.registry import Client
from idp.errors import OAuthError


@dataclass
class Refusals:
    """Those of one process."""

    pace: Pace = field(default_factory=Pace)

    def note(self, db: Session | Connection[Any], client: Client, error: OAuthError) -> None:
        """Write it down, or count it. In a transaction of its own: the refused one is rolled back."""
        times = self.pace.due((client.client_no, error.error.value))
        if times:
            audit.record(
                db, action="token.refused", object_id=client.client_id, outcome="refused",
                actor_no=client.client_no, detail={"error": error.error.value, "times": times},
            )  # fmt: skip
