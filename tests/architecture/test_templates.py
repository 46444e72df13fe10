"""Each page has its template, each template its page, and every word stands in both languages."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.browser.gallery import make_gallery

HOUSE = Path(__file__).parents[2]
TEMPLATES = HOUSE / "templates"
METHODS = [("idp/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "_to_translate": None, "ngettext": (1, 2)}
SHARED = ("layouts", "components", "emails")
# Drawn by `idp/web/problems` for every door, not by one of its own.
OF_NO_ONE_DOOR = {"protocol/error.html"}
# A sentence longer than this is two sentences (experience.md §1.2).
WORDS_IN_A_SENTENCE = 17


def used_words() -> set[str]:
    found = extract_from_dir(
        HOUSE, METHODS, {"templates/**": {"trimmed": "true"}}, KEYWORDS, directory_filter=_ours
    )
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def _ours(folder: str) -> bool:
    return Path(folder).relative_to(HOUSE).parts[0] in ("idp", "templates")


def catalogue(language: str) -> Catalog:
    text = (HOUSE / "translations" / language / "LC_MESSAGES" / "messages.po").read_bytes()
    return read_po(BytesIO(text), locale=language)


def pages() -> list[str]:
    return sorted(
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if path.relative_to(TEMPLATES).parts[0] not in SHARED
    )


@pytest.mark.parametrize("page", [page for page in pages() if page not in OF_NO_ONE_DOOR])
def test_a_template_stands_where_its_door_does(page: str) -> None:
    """citizen/consents_withdraw.html is a further page of idp/endpoints/citizen/consents.py."""
    folder, _, name = page.rpartition("/")
    stem = name.removesuffix(".html")
    place = HOUSE / "idp" / folder if folder == "demo" else HOUSE / "idp" / "endpoints" / folder
    doors = {path.stem for path in place.glob("*.py")}
    assert any(stem == door or stem.startswith(f"{door}_") for door in doors)


@pytest.mark.parametrize("page", [page for page in pages() if not page.startswith("demo/")])
def test_a_page_hangs_in_the_gallery_that_the_browser_walks(page: str) -> None:
    assert page in {state.template for state in make_gallery().states}


@pytest.mark.parametrize("page", pages())
def test_a_page_has_no_script_no_style_and_no_handler_of_its_own(page: str) -> None:
    """(row 73)"""
    text = (TEMPLATES / page).read_text()
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|\|\s*safe\b(?! *\))", text)


def test_every_word_is_in_both_catalogues_and_no_other_is() -> None:
    used = used_words()
    for language in ("id", "en"):
        kept = {
            message.id if isinstance(message.id, str) else message.id[0] for message in catalogue(language)
        } - {""}
        assert kept == used, f"run translations/update ({language})"


def test_every_word_is_translated_into_english() -> None:
    """Indonesian is the source: there an empty translation means the words of the template."""
    assert [
        m.id for m in catalogue("en") if m.id and (m.fuzzy or not all(m.string if m.pluralizable else [m.string]))
    ] == []


def test_a_translation_names_the_same_values() -> None:
    value = re.compile(r"%\(\w+\)s")
    for message in catalogue("en"):
        source = message.id if isinstance(message.id, str) else message.id[0]
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            assert set(value.findall(source)) == set(value.findall(text)), source


def test_sentences_are_short_enough_to_be_read_once() -> None:
    for message in catalogue("id"):
        source = message.id if isinstance(message.id, str) else message.id[0]
        for sentence in re.split(r"[.:?]\s", source):
            assert len(sentence.split()) <= WORDS_IN_A_SENTENCE, sentence
