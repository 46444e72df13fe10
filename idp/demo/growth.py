"""A nation in a few minutes: what N citizens leave behind, row for row as the doors would have written it, by
COPY.

For `gapura bench grow` only: does a hop cost more when the country is large? Keys, profiles, identifiers and
commitments are real (they open, are found, and verify); nobody can sign in as one of these citizens, because
nobody knows the password behind their hash. Each batch is one transaction, so growing can be broken off and gone
on with.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import digest as keyed_digest
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import attributes, notices, purposes
from consent.ledger import entries, record_form
from consent.ledger.record_form import Act
from idp.accounts.citizen_key import Use
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Value, Vault, written
from idp.claims import notice_words
from idp.clients import registry
from idp.clients.registry import Client
from idp.database import Database
from idp.demo.past import make_partitions, parties_of
from keys.pairwise import Pairwise

BATCH = 2_000
CONSENTS_EACH = 10
SESSION_LASTS = timedelta(days=30)
NAMES = (
    "Adi", "Ayu", "Bagas", "Citra", "Dimas", "Eka", "Fajar", "Gita", "Hendra", "Indah", "Joko", "Kartika",
    "Lestari", "Made", "Nanda", "Putri", "Rizki", "Sari", "Tri", "Wulan", "Yusuf", "Zahra",
)  # fmt: skip
ACR, AMR, METHOD = "urn:gapura:acr:basic", ("pwd",), "web-button"
# Of no password: the salt and hash are random, so it costs what any costs to verify, and never verifies.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

COLUMNS = {
    "idp.accounts": "citizen_id, state, ial, created_at, state_at",
    "idp.citizen_keys": "citizen_id, key_sealed",
    "idp.profiles": "citizen_id, profile_sealed, updated_at",
    "idp.identifiers": "digest, kind, citizen_id, verified_at",
    "idp.passwords": "citizen_id, hash, set_at",
    "idp.sessions": "citizen_id, session_id, secret_digest, started_at, authenticated_at, seen_at, expires_at,"
    " idle_seconds, aal, amr, client_nos",
    "consent.consents": "citizen_id, consent_id, client_no, agency_no, purpose_no, agreement_no, given_at,"
    " expires_at, attribute_nos, law_nos, offered_nos",
    "consent.records": "citizen_id, record_id, consent_id, client_no, agency_no, purpose_no, agreement_no,"
    " notice_no, revision, act, actor, acted_at, expires_at, attribute_nos, law_nos, acr, amr, method,"
    " parties_digest, commitment, salt",
    "consent.ledger_intake": "entry",
    "consent.disclosures": "citizen_id, disclosure_id, consent_id, client_no, purpose_no, channel, reason,"
    " attribute_nos",
}

# What stands in the template of a record until a citizen's own values take its place.
_SUBJECT = "subject-of-nobody"
_RECORD_ID, _CONSENT_ID = UUID(int=1), UUID(int=2)
_ACTED_AT, _EXPIRES_AT = datetime(1999, 1, 1, tzinfo=UTC), datetime(1999, 2, 2, tzinfo=UTC)
_TERMS = text(
    f"SELECT {record_form.TERMS} FROM (VALUES (CAST(:agreement_no AS integer), CAST(:notice_no AS integer),"
    " CAST(:attribute_nos AS smallint[]))) AS act (agreement_no, notice_no, attribute_nos)"
)
_PARTIES = """
INSERT INTO consent.parties (parties_digest, parties, first_named_at)
VALUES (%(digest)s, %(parties)s, %(now)s) ON CONFLICT (parties_digest) DO NOTHING
"""

Lines = dict[str, list[str]]
"""By table, lines as COPY reads them: no value here holds a tab, a backslash or a line's end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One application's sign-in as citizens answer it, and the record of an answer, cut where it differs."""

    client: Client
    agreement_no: int
    purpose_no: int
    notice_no: int
    lasts: timedelta
    attribute_nos: str  # as PostgreSQL writes arrays
    law_nos: str
    parties_digest: str
    template: tuple[bytes, ...]

    def record(self, values: Mapping[bytes, bytes]) -> bytes:
        return b"".join([values.get(part, part) for part in self.template])


def grow(
    database: Database, vault: Vault, pairwise: Pairwise, issuer: str, upto: int, now: datetime
) -> Iterator[int]:
    """Bring the number of accounts up to `upto`, batch by batch; yields how many there are after each."""
    with database.writing() as db:
        make_partitions(db, now - timedelta(days=366), now)
        clients = [client for client in registry.load(db).by_id.values() if client.sign_in_agreement]
        asked = [_asked(db, client, issuer, now) for client in clients]
        there: int = db.execute(text("SELECT count(*) FROM idp.accounts")).scalar_one()
    while there < upto:
        numbers = range(there, min(there + BATCH, upto))
        chance = random.Random(there)  # noqa: S311 - which citizen has which consents; no secret is made of it
        lines: Lines = {table: [] for table in COLUMNS}
        for number in numbers:
            _citizen(lines, vault, pairwise, asked, number, chance, now)
        with database.writing() as db:
            _copy(db, lines)
        there = numbers.stop
        yield there


def _asked(db: Session, client: Client, issuer: str, now: datetime) -> Asked:
    agreement = client.sign_in_agreement
    assert agreement is not None  # the caller chose those that have one
    known, catalogue = attributes.load(db), purposes.load(db)
    covered = sorted({*agreement.required_nos, *agreement.optional_nos, *agreement.law_nos})
    words = notice_words.compose(client, agreement, known, catalogue, frozenset(covered), "id", str)
    notice = notices.issue(db, agreement.agreement_no, "id", words, now)
    params = {"agreement_no": agreement.agreement_no, "notice_no": notice.notice_no, "attribute_nos": covered}
    terms = db.execute(_TERMS, params).scalar_one()
    parties = parties_of(client, registry.load(db), _SUBJECT, issuer)
    named = parties.named(record_form.holders(terms, frozenset(covered)))
    parties_digest = entries.digest(named)
    db.connection().exec_driver_sql(_PARTIES, {"digest": parties_digest, "parties": Jsonb(named), "now": now})
    act = Act(
        _RECORD_ID, _CONSENT_ID, 1, "given", "self", _ACTED_AT, _EXPIRES_AT, frozenset(covered),
        frozenset(agreement.law_nos), ACR, AMR, METHOD,
    )  # fmt: skip
    canonical = entries.canonical(record_form.document(act, terms, _SUBJECT, named))
    holes = b"|".join(map(re.escape, (_RECORD_HOLE, _CONSENT_HOLE, _SUBJECT_HOLE, _ACTED_HOLE, _EXPIRES_HOLE)))
    return Asked(
        client,
        agreement.agreement_no,
        agreement.purpose_no,
        notice.notice_no,
        timedelta(days=catalogue.by_no[agreement.purpose_no].longest_days),
        _array(covered),
        _array(agreement.law_nos),
        _bytes(parties_digest),
        tuple(re.split(b"(" + holes + b")", canonical)),
    )


def _hole(value: UUID | datetime) -> bytes:
    """How the value is written in a record."""
    return str(value).encode() if isinstance(value, UUID) else _moment(value).encode()


def _citizen(
    lines: Lines,
    vault: Vault,
    pairwise: Pairwise,
    asked: Sequence[Asked],
    number: int,
    chance: random.Random,
    now: datetime,
) -> None:
    joined_at = _ago(chance, now, timedelta(days=3 * 365))
    joined, citizen_id = _moment(joined_at), _uuid7(chance, joined_at)
    nik, email, phone = f"327300{number:010d}", f"warga-{number}@example.go.id", f"+62899{number:08d}"
    name = " ".join(chance.choices(NAMES, k=chance.randint(1, 3)))
    key, key_sealed = vault.new_key(citizen_id)
    values = {"nik": nik, "name": name, "email": email, "phone_number": phone, "birthdate": "1990-01-01"}
    profile = written({one: Value(value, "gapura", joined_at) for one, value in values.items()})
    lines["idp.accounts"].append(f"{citizen_id}\tactive\t2\t{joined}\t{joined}\n")
    lines["idp.citizen_keys"].append(f"{citizen_id}\t{_bytes(key_sealed)}\n")
    lines["idp.profiles"].append(f"{citizen_id}\t{_bytes(key.seal(Use.PROFILE, profile))}\t{joined}\n")
    for kind, normal in ((Kind.NIK, nik), (Kind.EMAIL, email), (Kind.PHONE, phone)):
        digest = vault.digest(Identifier(kind, normal))
        lines["idp.identifiers"].append(f"{_bytes(digest)}\t{kind.value}\t{citizen_id}\t{joined}\n")
    lines["idp.passwords"].append(f"{citizen_id}\t{NOBODYS_HASH}\t{joined}\n")
    chosen = chance.sample(asked, k=min(CONSENTS_EACH, len(asked)))
    for one in chosen:
        _consent(lines, pairwise, one, citizen_id, chance, now)
    began_at = _ago(chance, now, SESSION_LASTS)
    began, ends = _moment(began_at), _moment(began_at + SESSION_LASTS)
    joined_by = _array(one.client.client_no for one in chosen[:3])
    lines["idp.sessions"].append(
        f"{citizen_id}\t{_uuid7(chance, began_at)}\t{_bytes(chance.randbytes(32))}\t{began}\t{began}\t{began}"
        f"\t{ends}\t{int(SESSION_LASTS.total_seconds())}\t1\t{_array(AMR)}\t{joined_by}\n"
    )


def _consent(
    lines: Lines, pairwise: Pairwise, asked: Asked, citizen_id: UUID, chance: random.Random, now: datetime
) -> None:
    client, given_at = asked.client, _ago(chance, now, asked.lasts * 0.9)
    consent_id, record_id, salt = _uuid7(chance, given_at), _uuid7(chance, given_at), chance.randbytes(32)
    given, ends = _moment(given_at), _moment(given_at + asked.lasts)
    canonical = asked.record(
        {
            _RECORD_HOLE: str(record_id).encode(),
            _CONSENT_HOLE: str(consent_id).encode(),
            _ACTED_HOLE: given.encode(),
            _EXPIRES_HOLE: ends.encode(),
            _SUBJECT_HOLE: pairwise.subject(citizen_id, client.sector, client.sector_version).encode(),
        }
    )
    commitment = keyed_digest(salt, canonical, "sha256")
    who = f"{client.client_no}\t{client.agency_no}\t{asked.purpose_no}\t{asked.agreement_no}"
    lines["consent.consents"].append(
        f"{citizen_id}\t{consent_id}\t{who}\t{given}\t{ends}\t{asked.attribute_nos}\t{asked.law_nos}"
        f"\t{asked.attribute_nos}\n"
    )
    lines["consent.records"].append(
        f"{citizen_id}\t{record_id}\t{consent_id}\t{who}\t{asked.notice_no}\t1\tgiven\tself\t{given}\t{ends}"
        f"\t{asked.attribute_nos}\t{asked.law_nos}\t{ACR}\t{_array(AMR)}\t{METHOD}\t{asked.parties_digest}"
        f"\t{_bytes(commitment)}\t{_bytes(salt)}\n"
    )
    lines["consent.ledger_intake"].append(f"{_bytes(entries.entry(commitment))}\n")
    disclosure_id = _uuid7(chance, given_at + (now - given_at) * chance.random())
    lines["consent.disclosures"].append(
        f"{citizen_id}\t{disclosure_id}\t{consent_id}\t{client.client_no}\t{asked.purpose_no}\tuserinfo\tconsent_given"
        f"\t{asked.attribute_nos}\n"
    )


def _ago(chance: random.Random, now: datetime, longest: timedelta) -> datetime:
    """A moment of the past, to the millisecond: what a UUIDv7 can hold."""
    moment = now - longest * chance.random()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _uuid7(chance: random.Random, at: datetime) -> UUID:
    """As PostgreSQL's uuidv7() makes them: the millisecond, then chance."""
    milliseconds = round(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))


def _moment(at: datetime) -> str:
    """As a record writes it, which PostgreSQL reads too."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _bytes(value: bytes) -> str:
    return "\\\\x" + value.hex()


def _array(values: Iterable[object]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _copy(db: Session, lines: Lines) -> None:
    raw: psycopg.Connection[Any] = db.connection().connection.driver_connection  # type: ignore[assignment]
    for table, columns in COLUMNS.items():
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write("".join(lines[table]))


_RECORD_HOLE, _CONSENT_HOLE, _SUBJECT_HOLE = _hole(_RECORD_ID), _hole(_CONSENT_ID), _SUBJECT.encode()
_ACTED_HOLE, _EXPIRES_HOLE = _hole(_ACTED_AT), _hole(_EXPIRES_AT)
