"""A small Flask application with our plumbing and no doors: pages, forms and problems are tested by themselves."""

from pathlib import Path

import pytest
from flask import Flask, g

from idp.web import languages, pages, problems

ISSUER = "https://masuk.gapura.example"
TEMPLATES = Path(__file__).parents[4] / "templates"


def make_app(issuer: str = ISSUER) -> Flask:
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
    languages.install(app)
    pages.install(app, issuer)
    problems.install(app)
    app.before_request(lambda: setattr(g, "form_secret", b"one browser's secret"))
    return app


@pytest.fixture
def app() -> Flask:
    return make_app()
