"""The words shown to a citizen, by agreement, language and version; superseded, never edited. Writer of its table.

`words` holds every sentence of the consent page as the citizen reads it, but for what belongs to one person or
day: no value of the citizen's, no date, no warning of the moment. So the same page is the same notice for
everybody, and its digest says what was shown.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent import models
from consent.errors import NoSuchNotice


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the words in one language. `words_digest` is SHA-256 of their RFC 8785 form."""

    notice_no: int
    agreement_no: int
    language: str
    version: int
    words: dict[str, Any]
    words_digest: bytes
    issued_at: datetime


def issue(db: Session, agreement_no: int, language: str, words: dict[str, Any], now: datetime) -> Notice:
    """The notice with these words: the one there is, or a new version. The same words are the same notice."""
    words_digest = hashlib.sha256(rfc8785.dumps(words)).digest()
    while (found := _find(db, agreement_no, language, words_digest)) is None:
        # Two pages at once may take the same next version: the index lets one in, and the other looks again.
        versions = select(models.Notice.version).where(
            models.Notice.agreement_no == agreement_no, models.Notice.language == language
        )
        db.execute(
            insert(models.Notice)
            .values(
                agreement_no=agreement_no,
                language=language,
                version=max(db.scalars(versions), default=0) + 1,
                words=words,
                words_digest=words_digest,
                issued_at=now,
            )
            .on_conflict_do_nothing(constraint="notices_version")
        )
    return found


def get(db: Session, notice_no: int) -> Notice:
    row = db.get(models.Notice, notice_no)
    if row is None:
        raise NoSuchNotice(notice_no)
    return _read(row)


def list_of(db: Session, agreement_no: int) -> list[Notice]:
    """All words ever shown for an agreement, newest first."""
    rows = db.scalars(
        select(models.Notice)
        .where(models.Notice.agreement_no == agreement_no)
        .order_by(models.Notice.notice_no.desc())
    )
    return [_read(row) for row in rows]


def _find(db: Session, agreement_no: int, language: str, words_digest: bytes) -> Notice | None:
    row = db.scalars(
        select(models.Notice).where(
            models.Notice.agreement_no == agreement_no,
            models.Notice.language == language,
            models.Notice.words_digest == words_digest,
        )
    ).first()
    return None if row is None else _read(row)


def _read(row: models.Notice) -> Notice:
    return Notice(
        row.notice_no, row.agreement_no, row.language, row.version, row.words, row.words_digest, row.issued_at
    )
