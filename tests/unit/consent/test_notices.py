"""The words a citizen saw, by language and version."""

import hashlib

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import notices
from consent.errors import NoSuchNotice
from tests.consent_builders import NOW, WORDS, an_agreement


def test_the_same_words_are_the_same_notice_whatever_their_order(db: Session) -> None:
    agreement = an_agreement(db)
    first = notices.issue(db, agreement.agreement_no, "id", {"a": "satu", "b": "dua"}, NOW)
    assert notices.issue(db, agreement.agreement_no, "id", {"b": "dua", "a": "satu"}, NOW) == first
    assert first.words_digest == hashlib.sha256(b'{"a":"satu","b":"dua"}').digest()


def test_other_words_are_the_next_version_and_each_language_counts_for_itself(db: Session) -> None:
    agreement = an_agreement(db)
    issued = [
        notices.issue(db, agreement.agreement_no, language, words, NOW)
        for language, words in (("id", WORDS), ("id", {"title": "lain"}), ("en", WORDS))
    ]
    assert [notice.version for notice in issued] == [1, 2, 1]
    assert notices.list_of(db, agreement.agreement_no) == issued[::-1]


def test_a_notice_is_found_by_its_number_only(db: Session) -> None:
    issued = notices.issue(db, an_agreement(db).agreement_no, "id", WORDS, NOW)
    assert notices.get(db, issued.notice_no) == issued
    with pytest.raises(NoSuchNotice):
        notices.get(db, -1)


def test_words_once_shown_cannot_be_changed(db: Session) -> None:
    """Superseded, never edited: no role of the service may, and a trigger says no to the owner too."""
    notices.issue(db, an_agreement(db).agreement_no, "id", WORDS, NOW)
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"):
        db.execute(text("UPDATE consent.notices SET language = 'en'"))
