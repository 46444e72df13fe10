"""The slow hash of a password (argon2id), and the queue before it.

A hash costs 19 MiB and as much processor time as twenty hops, and anyone may ask for one: so few run at once, a
few more wait, and who finds the queue full is told to come back. Whoever waits holds a thread of the server: the
queue is shorter than there are threads, so that however many sign in, a hop finds one free (ADR 0006). The
password is first keyed with the pepper, so that a stolen table alone cannot be guessed at, and a megabyte costs no
more than a word.
"""

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, local

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from idp.accounts.password_rules import normal_form
from keys.derivation import Label, derive

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1  # OWASP's second choice for argon2id; DESIGN §3
LONGEST_WAIT_SECONDS = 5.0


class QueueFull(Exception):
    """Too many wait for their hash. Nothing was judged or counted: the door answers 503 and when to come back."""


class PasswordHashing:
    """The hash of one installation, and the queue of one process: `admitted` run or wait.

    As many as half the cores run at once; the other half is left to the hops.
    """

    def __init__(self, pepper: bytes, admitted: int = 16) -> None:
        running = min(admitted, max(1, (os.cpu_count() or 2) // 2))
        self._key = derive(pepper, Label.PASSWORD)
        self._argon2 = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._running = BoundedSemaphore(running)
        self._admitted, self._placed = BoundedSemaphore(admitted), local()
        self._of_nobody = self._argon2.hash(os.urandom(32))

    def hash(self, password: str) -> str:
        """A new hash in PHC form, which names its own parameters and salt."""
        with self._turn():
            return self._argon2.hash(self._keyed(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. None stands for an account that is not there, and costs the same work."""
        with self._turn():
            try:
                self._argon2.verify(stored or self._of_nobody, self._keyed(password))
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the parameters have moved since: time to hash the password anew, now that it is known."""
        return self._argon2.check_needs_rehash(stored)

    def _keyed(self, password: str) -> bytes:
        """Lone surrogates are kept as they are: a form may carry them, and must not make an error of them."""
        return hmac.digest(self._key, normal_form(password).encode("utf-8", "surrogatepass"), "sha256")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue before anything is spent that a full queue would waste, such as a printed code; a
        hash in it by the same thread asks for no second one.
        """
        if getattr(self._placed, "here", False):
            yield
            return
        if not self._admitted.acquire(blocking=False):
            raise QueueFull
        self._placed.here = True
        try:
            yield
        finally:
            self._placed.here = False
            self._admitted.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self.place():
            if not self._running.acquire(timeout=LONGEST_WAIT_SECONDS):
                raise QueueFull
            try:
                yield
            finally:
                self._running.release()
