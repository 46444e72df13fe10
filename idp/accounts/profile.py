"""A citizen's attributes, sealed at rest, and the keyed digests by which a citizen is found. Writer of
`citizen_keys`, `profiles` and `identifiers`.

A profile is one JSON document; each value carries who holds it and as of when. It is replaced as a whole, by
whoever saw its revision. Opening one is on the hop (userinfo), so it is plain work on bytes: no query, no object
that need not be.
"""

import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.accounts import identifiers
from idp.accounts.citizen_key import CitizenKey, Use
from idp.accounts.errors import NoCitizen, NoCitizenKey, StaleProfile
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.models import StoredIdentifier, StoredKey, StoredProfile
from keys.at_rest import AtRest
from keys.derivation import KEY_BYTES, Label, derive, joined
from keys.sealing import RestSealer

_REPLACE_PROFILE = """
    INSERT INTO idp.profiles AS p (citizen_id, profile_sealed, revision, updated_at)
    VALUES (%(citizen_id)s, %(profile_sealed)s, 1, %(now)s)
    ON CONFLICT (citizen_id) DO UPDATE
       SET profile_sealed = excluded.profile_sealed, revision = p.revision + 1, updated_at = excluded.updated_at
     WHERE p.revision = %(revision)s
    RETURNING revision
"""

# One NIK, one e-mail, one number: one account. A channel follows whoever proves it (numbers are sold again after
# 60 days); a NIK never changes hands.
_LINK_IDENTIFIER = """
    INSERT INTO idp.identifiers AS i (digest, kind, citizen_id, verified_at)
    VALUES (%(digest)s, %(kind)s::idp.identifier_kind, %(citizen_id)s, %(now)s)
    ON CONFLICT (digest, kind) DO UPDATE
       SET citizen_id = excluded.citizen_id, verified_at = excluded.verified_at
     WHERE i.kind <> 'nik' OR i.citizen_id = excluded.citizen_id
    RETURNING old.citizen_id AS before_id
"""

_SOME_KEYS = """
    SELECT k.citizen_id, k.key_sealed FROM idp.citizen_keys AS k
     WHERE k.citizen_id > %(after)s AND substr(k.key_sealed, 1, 1) <> %(done)s
     ORDER BY k.citizen_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_WRITE_KEY = "UPDATE idp.citizen_keys AS k SET key_sealed = %(sealed)s WHERE k.citizen_id = %(key)s"
_VERSIONS_OF_KEYS = "SELECT get_byte(k.key_sealed, 0), count(*) FROM idp.citizen_keys AS k GROUP BY 1"


class Value(NamedTuple):
    """One attribute's value (anything JSON can carry), the code of the agency that holds it, and as of when."""

    value: Any
    holder: str
    as_of: datetime


class Values(Mapping[str, Value]):
    """The values of a document by attribute name. Each is made when it is asked for: a hop asks for few of many,
    and making all would double what opening costs (13 us of crypto and JSON for 22 values)."""

    __slots__ = ("_named", "_sources")

    def __init__(self, sources: list[tuple[str, datetime]], named: dict[str, tuple[Any, int]]) -> None:
        self._sources = sources
        self._named = named

    def __getitem__(self, name: str) -> Value:
        value, source = self._named[name]
        return Value(value, *self._sources[source])

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a citizen's document says, by attribute name; `updated_at` is the claim of that name."""

    values: Values
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Linked:
    """An identifier now leads to this citizen.

    `before_id`: the other citizen it led to until now, who is to be told.
    """

    before_id: UUID | None


class Taken:
    """A NIK that leads to another citizen.

    It does not move: two people with one NIK are a matter for a counter.
    """


class Vault:
    """Opens and seals what is personal. One a process; holds no citizen's key."""

    def __init__(self, rest_sealer: RestSealer, lookup_key: bytes) -> None:
        self._rest_sealer = rest_sealer
        self._lookup_key = lookup_key

    # ---- keys

    def make_key(self, db: Session, citizen_id: UUID) -> CitizenKey:
        """A new citizen's key, stored sealed."""
        key, sealed = self.new_key(citizen_id)
        db.add(StoredKey(citizen_id=citizen_id, key_sealed=sealed))
        db.flush()
        return key

    def new_key(self, citizen_id: UUID) -> tuple[CitizenKey, bytes]:
        """A key for a citizen, and its sealed form as it is stored."""
        key = secrets.token_bytes(KEY_BYTES)
        return CitizenKey(citizen_id, key), self._rest_sealer.seal(Label.CITIZEN_KEY, key, _context(citizen_id))

    def get_key(self, db: Session, citizen_id: UUID) -> CitizenKey:
        """The citizen's key, or `NoCitizenKey`."""
        sealed = db.scalar(select(StoredKey.key_sealed).where(StoredKey.citizen_id == citizen_id))
        if sealed is None:
            raise NoCitizenKey
        return self.open_key(citizen_id, sealed)

    def open_key(self, citizen_id: UUID, key_sealed: bytes) -> CitizenKey:
        """The citizen's key from its row."""
        return CitizenKey(citizen_id, self._rest_sealer.open(Label.CITIZEN_KEY, key_sealed, _context(citizen_id)))

    # ---- the profile

    def open_profile(self, citizen_id: UUID, key_sealed: bytes, profile_sealed: bytes) -> Values:
        """The values of two rows that a statement brought along."""
        return _read(self.open_key(citizen_id, key_sealed).open(Use.PROFILE, profile_sealed))

    def find_profile(self, db: Session, citizen_id: UUID) -> Profile | None:
        """The profile, or None for a citizen of whom nothing is held."""
        row = db.execute(
            select(
                StoredKey.key_sealed,
                StoredProfile.profile_sealed,
                StoredProfile.revision,
                StoredProfile.updated_at,
            )
            .join(StoredProfile, StoredProfile.citizen_id == StoredKey.citizen_id)
            .where(StoredKey.citizen_id == citizen_id)
        ).one_or_none()
        if row is None:
            return None
        return Profile(
            self.open_profile(citizen_id, row.key_sealed, row.profile_sealed), row.revision, row.updated_at
        )

    def save(
        self, db: Session, citizen_id: UUID, values: Mapping[str, Value], now: datetime, *, revision: int = 0
    ) -> int:
        """Replace the whole document; the new revision. `revision`: the one that `values` were made from, 0 for
        none.

        Somebody else's change meanwhile is `StaleProfile`, never overwritten.
        """
        sealed = self.get_key(db, citizen_id).seal(Use.PROFILE, written(values))
        params = {"citizen_id": citizen_id, "profile_sealed": sealed, "revision": revision, "now": now}
        saved = db.connection().exec_driver_sql(_REPLACE_PROFILE, params).scalar_one_or_none()
        if saved is None:
            raise StaleProfile
        return int(saved)

    # ---- identifiers, and other things that are found without being kept

    def keyed_digest(self, label: Label, *parts: str) -> bytes:
        """The digest under which a letter's or a recovery code is stored: nothing to guess at without the key."""
        return hmac.digest(derive(self._lookup_key, label), joined(*parts), "sha256")

    def digest(self, identifier: Identifier) -> bytes:
        """Under which the identifier is found."""
        return identifiers.digest(self._lookup_key, identifier)

    def get_citizen(self, db: Session, identifier: Identifier) -> UUID:
        """Whose identifier it is, or `NoCitizen`."""
        citizen_id = self.find_citizen(db, identifier)
        if citizen_id is None:
            raise NoCitizen
        return citizen_id

    def find_citizen(self, db: Session, identifier: Identifier) -> UUID | None:
        """Whose identifier it is."""
        where = (StoredIdentifier.digest == self.digest(identifier), StoredIdentifier.kind == identifier.kind)
        return db.scalar(select(StoredIdentifier.citizen_id).where(*where))

    def link(self, db: Session, citizen_id: UUID, identifier: Identifier, now: datetime) -> Linked | Taken:
        """Make a *proved* identifier lead to this citizen: a code was answered, or the registry vouched."""
        params = {"digest": self.digest(identifier), "kind": identifier.kind, "citizen_id": citizen_id, "now": now}
        row = db.connection().exec_driver_sql(_LINK_IDENTIFIER, params).one_or_none()
        if row is None:
            return Taken()
        return Linked(row.before_id if row.before_id != citizen_id else None)

    def unlink(self, db: Session, citizen_id: UUID, kind: Kind, *, but: Identifier | None = None) -> None:
        """Give up the citizen's identifiers of this kind; `but`: the new one, when it replaces them."""
        statement = delete(StoredIdentifier).where(
            StoredIdentifier.citizen_id == citizen_id, StoredIdentifier.kind == kind
        )
        if but is not None:
            statement = statement.where(StoredIdentifier.digest != self.digest(but))
        db.execute(statement)

    def list_proved(self, db: Session, citizen_id: UUID) -> dict[Kind, datetime]:
        """Which kinds of identifier lead to this citizen, and when each was last proved."""
        columns = (StoredIdentifier.kind, StoredIdentifier.verified_at)
        rows = db.execute(select(*columns).where(StoredIdentifier.citizen_id == citizen_id))
        return {row.kind: row.verified_at for row in rows}


def written(values: Mapping[str, Value]) -> bytes:
    """The document: [[holder, as of], …] and, by name, [value, which of these]. Most share holder and time."""
    sources: dict[tuple[str, datetime], int] = {}
    named = {
        name: [one.value, sources.setdefault((one.holder, one.as_of), len(sources))]
        for name, one in values.items()
    }
    document = [[[holder, as_of.isoformat()] for holder, as_of in sources], named]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _context(citizen_id: UUID) -> bytes:
    return b"idp.citizen_keys\0" + citizen_id.bytes


def _read(document: bytes) -> Values:
    sources, named = json.loads(document.decode())
    return Values([(holder, datetime.fromisoformat(as_of)) for holder, as_of in sources], named)


AT_REST = AtRest(
    Label.CITIZEN_KEY,
    "idp.citizen_keys",
    "key_sealed",
    UUID(int=0),
    _context,
    _SOME_KEYS,
    _WRITE_KEY,
    _VERSIONS_OF_KEYS,
)
