"""One generation number for every cache of a process (DESIGN §5): whoever changes clients, keys or agreements
moves it.

A cached value may be used only while the last *answer* of the database is younger than a second, counted by the
monotonic clock from before the question was sent. Older than that, whoever needs the value asks the database; no
database, no value (`DatabaseAway`). So a process that lost its database cannot go on letting things out by what it
remembers. What lets nothing out, our public keys, may be older, and says how old (docs/adr/0051).
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.database import Database
from idp.errors import DatabaseAway

T = TypeVar("T")

log = structlog.get_logger()

ASKED_EVERY_SECONDS = 0.3
ANSWER_WITHIN_MS = 300
GOOD_FOR_SECONDS = 1.0
# By when the server has answered or given up itself (`statement_timeout`); beyond that it says nothing at all.
SPEAKS_WITHIN_SECONDS, LOADS_WITHIN_SECONDS = 2.0, 35.0

_GENERATION = "SELECT generation FROM idp.generation"
_BUMP = text("UPDATE idp.generation SET generation = generation + 1")


def bump(db: Session) -> None:
    """Call last in the transaction that changes clients, keys or agreements: the row is held until it commits."""
    db.execute(_BUMP)


class Answer(NamedTuple):
    generation: int
    asked_at: float  # monotonic seconds, before the question was sent


class Watch:
    """Asks for the generation every 300 ms in a thread of its own. A door that finds its answer too old asks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._answer = Answer(0, float("-inf"))
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._speaks_by: float | None = None
        # Called after each answer: what must be at hand already when the database goes. Filled before `start`.
        self.ahead: list[Callable[[], object]] = []

    def start(self) -> None:
        self._threads = [
            threading.Thread(target=run, name="invalidation", daemon=True) for run in (self._run, self._listen)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def generation(self) -> int:
        answer = self._answer
        if time.monotonic() - answer.asked_at < GOOD_FOR_SECONDS:
            return answer.generation
        return self._ask().generation

    def last(self) -> Answer:
        """What the database said last, however long ago."""
        return self._answer

    def _ask(self) -> Answer:
        asked_at = time.monotonic()
        row = self.database.hot().execute(_GENERATION).fetchone()
        if row is None:
            raise DatabaseAway("database: idp.generation has no row")
        answer = Answer(row[0], asked_at)
        # Two threads may end in either order: an older answer must not replace a younger one.
        if answer.asked_at > self._answer.asked_at:
            self._answer = answer
        return answer

    def _run(self) -> None:
        limited = None
        while not self._stopping.wait(ASKED_EVERY_SECONDS):
            self._speaks_by = time.monotonic() + SPEAKS_WITHIN_SECONDS
            try:
                connection = self.database.hot()
                if connection is not limited:  # this thread's own, new after a break
                    connection.execute(f"SET statement_timeout = {ANSWER_WITHIN_MS}")
                    limited = connection
                self._ask()
                for load in self.ahead:
                    self._speaks_by = time.monotonic() + LOADS_WITHIN_SECONDS
                    load()
            except DatabaseAway:
                continue  # silence for a second closes the caches; the next round opens them again
            except Exception as error:  # whoever asks for that value meets it too; the asking must go on
                log.error("not loaded ahead", exc_info=error)
            finally:
                self._speaks_by = None

    def _listen(self) -> None:
        """A server that says nothing would hold every thread that asks it. One question without an answer is
        enough to know, and all who wait are told.
        """
        while not self._stopping.wait(ASKED_EVERY_SECONDS):
            by = self._speaks_by
            if by is not None and time.monotonic() > by:
                self._speaks_by = None
                self.database.cut()


class Cached(Generic[T]):
    """A value loaded whole from the database and kept while the generation stands. One thread loads at a time."""

    def __init__(self, watch: Watch, load: Callable[[Session], T]) -> None:
        self._watch, self._load = watch, load
        self._loading = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        generation, kept = self._watch.generation(), self._kept
        if kept is not None and kept[0] == generation:
            return kept[1]
        with self._loading:
            # Asked before loading: what changes meanwhile moves the generation on and is loaded again.
            generation, kept = self._watch.generation(), self._kept
            if kept is None or kept[0] != generation:
                with self._watch.database.reading() as db:
                    kept = (generation, self._load(db))
                self._kept = kept
            return kept[1]

    def recent(self, within: float) -> tuple[T, float]:
        """The value, and for how many seconds nobody has confirmed it: while that is less than `within`, without
        waiting for the database. One that the database is known to have moved on from is loaded or not given.
        """
        answer, kept = self._watch.last(), self._kept
        unconfirmed = time.monotonic() - answer.asked_at
        if kept is not None and kept[0] == answer.generation and unconfirmed < within:
            return kept[1], unconfirmed
        return self.get(), 0.0
