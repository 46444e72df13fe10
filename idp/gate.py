"""The parts of one running process, named once: what a door needs beside the request.

Built by `idp/app` for the web and by `idp/worker` for jobs. It holds parts and decides nothing; what is cached in
it is metadata and keys, never a consent, session or state (those are asked at use).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from consent import agreements, attributes, purposes
from consent.agreements import Agreement
from consent.attributes import Attributes
from consent.ledger.record_form import Parties
from consent.purposes import Purposes
from idp.accounts import subject_identifiers
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.accounts.subject_identifiers import Sector
from idp.clients import registry
from idp.clients.registry import Client, Registry
from idp.database import Database
from idp.invalidation import Cached, Watch
from idp.settings import Mode, Settings
from keys import jwks, keyring
from keys.key_store import KeyStore
from keys.keyring import Keyring
from keys.pairwise import Pairwise
from keys.sealing import RestSealer, Sealer


@dataclass(frozen=True)
class Gate:
    """One process's parts. `open_states`: the client states that may do anything here (DESIGN §6.10)."""

    settings: Settings
    database: Database
    store: KeyStore
    sealer: Sealer
    rest_sealer: RestSealer
    pairwise: Pairwise
    vault: Vault
    watch: Watch
    keyring: Cached[Keyring]
    jwks: Cached[tuple[bytes, str]]
    registry: Cached[Registry]
    attributes: Cached[Attributes]
    purposes: Cached[Purposes]
    hashing: PasswordHashing
    open_states: Sequence[str]
    # Agreements of before, by number: their terms are never edited, so what was read once is right for ever.
    terms: dict[int, Agreement] = field(default_factory=dict)
    # This machine's clock: which day's key a seal is opened with, and no more. What is issued or judged is timed
    # by the database (DESIGN §2).
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: TID251

    @classmethod
    def build(cls, settings: Settings, url: str, role: str = "gapura_web") -> "Gate":
        """The parts of a process, for the web or (with its role) a worker. Opens no connection before one is
        asked."""
        database = Database(url, role)
        store = KeyStore.open(settings.key_store, master_key_file=settings.master_key_file)
        rest_sealer, watch = store.rest_sealer(), Watch(database)

        def ring(db: Session) -> Keyring:
            return keyring.load(db, rest_sealer, everything=role == "gapura_worker")

        return cls(
            settings=settings,
            database=database,
            store=store,
            sealer=Sealer(store.master, settings.issuer, settings.mode),
            rest_sealer=rest_sealer,
            pairwise=Pairwise(store.master),
            vault=Vault(rest_sealer, store.lookup),
            hashing=PasswordHashing(store.pepper, admitted=max(1, settings.web_threads - 1)),
            watch=watch,
            keyring=Cached(watch, ring),
            jwks=Cached(watch, lambda db: jwks.document(ring(db))),
            registry=Cached(watch, registry.load),
            attributes=Cached(watch, attributes.load),
            purposes=Cached(watch, purposes.load),
            open_states=tuple(settings.open_states),
        )

    @property
    def issuer(self) -> str:
        return self.settings.issuer

    @property
    def loopback(self) -> bool:
        """May `outbound` call this machine itself?"""
        return self.settings.mode is not Mode.PRODUCTION

    @property
    def host(self) -> str:
        """Our name as the address bar shows it: what a code in a message is bound to."""
        return urlsplit(self.issuer).hostname or ""

    def now(self) -> datetime:
        """The database's time, for a door that asks nothing else of it."""
        row = self.database.hot().execute("SELECT now()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment

    def sub(self, citizen_id: UUID, client: Client) -> str:
        """What this client's sector calls the citizen."""
        return subject_identifiers.sub_of(self.pairwise, citizen_id, Sector(client.sector, client.sector_version))

    def subs(self, citizen_id: UUID, client_no: int) -> Iterable[str]:
        """Every `sub` by which this client may have known the citizen, the present one first. KeyError: a client
        that this process does not know, or not yet.
        """
        client = self.registry.get().by_no[client_no]
        return subject_identifiers.subs_of(self.pairwise, citizen_id, Sector(client.sector, client.sector_version))

    def sid(self, session_id: UUID, client: Client) -> str:
        """What this client's sector calls the session."""
        return subject_identifiers.sid_of(self.pairwise, session_id, Sector(client.sector, client.sector_version))

    def parties(self, citizen_id: UUID, client: Client) -> Parties:
        """Who takes part in a consent of this citizen to this client, as they are called now."""
        return Parties(
            subject=self.sub(citizen_id, client),
            controller={"code": client.agency_code, "name": client.agency_name, "dpo_contact": client.dpo_contact},
            application={"client_id": client.client_id, "name": client.name},
            sources=self.registry.get().agency_codes,
            issuer=self.issuer,
        )

    def agreement(self, agreement_no: int) -> Agreement:
        """The agreement that an older consent rests on."""
        if agreement_no not in self.terms:
            with self.database.reading() as db:
                self.terms[agreement_no] = agreements.get(db, agreement_no)
        return self.terms[agreement_no]
