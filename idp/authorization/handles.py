"""The handle that a screen returns to: the request as it was sent, when its story began, and the browser it is
bound to.

Sealed in our own URL up to 2 KB, else a row of `idp.unfinished_authorizations`, of which this is the one writer.
Anybody may begin a story, so rows are within a budget that the door asks (protocol.md §5), and only what counts of
the request is in them. It is validated again at each step, so a handle carries no verdict; opened in another
browser it shows nothing of the story (C017).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import Connection

from idp.authorization.codes import uuid7
from idp.authorization.request import what_counts
from idp.errors import PageError
from idp.exchange import QUERY_LIMIT
from keys import handles as random_handles
from keys.errors import CannotOpen
from keys.sealing import Kind, Sealer

LIFE = timedelta(minutes=30)
SEALED_LIMIT, STORED_LIMIT = 2048, 65536  # characters of the seal, in an address and in a row
ANY_BROWSER = b""  # of a POST from another site: no screen was shown for it yet

_KEEP = """
INSERT INTO idp.unfinished_authorizations (request_id, handle_digest, browser_digest, parameters_sealed,
       expires_at)
VALUES (%(request_id)s, %(handle_digest)s, %(browser_digest)s, %(parameters_sealed)s, %(expires_at)s)
"""
_FIND = """
SELECT parameters_sealed FROM idp.unfinished_authorizations
 WHERE request_id = %(request_id)s AND handle_digest = %(handle_digest)s
"""


class OfAnotherBrowser(Exception):
    """A handle that this browser is not bound to. `query` only finds the application a citizen may begin at."""

    def __init__(self, query: str) -> None:
        super().__init__("the handle belongs to another browser")
        self.query = query


@dataclass(frozen=True)
class Story:
    """An authorization under way. `query`: the request's parameters, encoded as they were sent."""

    query: str
    started_at: datetime
    browser_digest: bytes
    account_chosen: bool = False
    handle: str = ""

    def packed(self) -> bytes:
        members = [self.query, self.started_at.timestamp(), self.browser_digest.hex(), self.account_chosen]
        return json.dumps(members, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Sender:
    """Who begins a story: the browser it is bound to, and whether one more row may be kept for whoever that is."""

    browser_digest: bytes
    may_keep: Callable[[], bool]


def make(connection: Connection, sealer: Sealer, story: Story, now: datetime, may_keep: Callable[[], bool]) -> str:
    """The handle for this story; it is stored only when it does not fit an address. `may_keep` is asked then."""
    sealed = sealer.seal(Kind.INTERACTION, story.packed(), now)
    if len(sealed) <= SEALED_LIMIT:
        return sealed
    kept = replace(story, query=what_counts(story.query))
    sealed = sealer.seal(Kind.STORED_REQUEST, kept.packed(), now)
    if len(sealed) > STORED_LIMIT:
        raise PageError("too_large", 413, "the request is longer than can be kept")
    if not may_keep():
        raise PageError("too_many_attempts", 429, "too many long requests were begun from here and not finished")
    request_id, secret = uuid7(now), random_handles.new_handle()
    connection.execute(
        _KEEP,
        {
            "request_id": request_id,
            "handle_digest": random_handles.digest(secret),
            "browser_digest": story.browser_digest,
            "parameters_sealed": sealed.encode(),
            "expires_at": now + LIFE,
        },
    )
    return f"{request_id.hex}.{secret}"


def open_handle(
    connection: Connection, sealer: Sealer, handle: str, browser_digest: bytes, now: datetime
) -> Story:
    """The story of this handle, `OfAnotherBrowser`, or the page that says why not: unknown, or too old."""
    try:
        members = json.loads(_opened(connection, sealer, handle, now))
        story = Story(
            members[0], datetime.fromtimestamp(members[1], UTC), bytes.fromhex(members[2]), members[3], handle
        )
    except (CannotOpen, ValueError, LookupError):
        raise PageError("handle_unknown", 400, "the handle is unknown") from None
    if story.browser_digest != ANY_BROWSER and not random_handles.same(story.browser_digest, browser_digest):
        raise OfAnotherBrowser(story.query)
    if now >= story.started_at + LIFE:
        anew = f"/authorize?{story.query}" if len(story.query) <= QUERY_LIMIT else None
        raise PageError("page_expired", 400, "the page was open longer than 30 minutes", anew)
    return story


def _opened(connection: Connection, sealer: Sealer, handle: str, now: datetime) -> bytes:
    identifier, dot, secret = handle.partition(".")
    if not dot:
        return sealer.open(Kind.INTERACTION, handle, now)
    row = connection.execute(
        _FIND, {"request_id": UUID(identifier), "handle_digest": random_handles.digest(secret)}
    ).fetchone()
    if row is None:
        raise LookupError
    return sealer.open(Kind.STORED_REQUEST, bytes(row[0]).decode(), now)
