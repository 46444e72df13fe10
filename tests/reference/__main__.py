"""Writes every page of docs/reference/ that is made from the code."""

from tests.reference import FOLDER
from tests.reference.pages import PAGES

for name, made in PAGES.items():
    (FOLDER / name).write_text(made())
