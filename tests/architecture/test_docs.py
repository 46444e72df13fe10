"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

from tests.running import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# Files of ours that a sentence names: a path with a folder in it, or a page beside.
NAMED = re.compile(r"`((?:\.\./|docs/|examples/|tests/|idp/|consent/|keys/|bench/)[\w./-]+\.(?:md|py|conf|json))`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_and_every_file_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    linked = [document.parent / link for link in LINK.findall(text)]
    named = [(document.parent if name.startswith("..") else ROOT) / name for name in NAMED.findall(text)]
    assert [path for path in (*linked, *named) if not path.exists()] == []


def test_the_readme_leads_to_the_tutorial_and_shows_two_pages() -> None:
    reached = set(LINK.findall((ROOT / "README.md").read_text()))
    assert {"docs/tutorial.md", "docs/images/consent.png", "docs/images/my-permissions.png"} <= reached
