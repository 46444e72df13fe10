"""docs/reference/ says what the code does."""

from pathlib import Path

import pytest

from idp.settings import SETTINGS, Settings
from tests.reference import FOLDER
from tests.reference.operated import WRONG
from tests.reference.pages import PAGES

BY_HAND = {"what-ends.md"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run: python -m tests.reference"


def test_every_page_of_the_reference_is_made_or_known_to_be_written() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*PAGES, *BY_HAND}


@pytest.mark.parametrize("name", [one.name for one in SETTINGS if one.name not in WRONG])
def test_a_setting_without_an_example_of_a_bad_value_is_a_file_or_a_folder(name: str) -> None:
    changed = vars(Settings.from_env({"GAPURA_MODE": "demo", name: "anything"}))
    usual = vars(Settings.from_env({"GAPURA_MODE": "demo"}))
    differ = [changed[field] for field in usual if changed[field] != usual[field]]
    assert any(isinstance(value, Path) and value.name == "anything" for value in differ), differ
