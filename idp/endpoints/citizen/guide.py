"""Pages that ask nothing and know nobody: help, privacy, accessibility. The foot of every page links to them.

Help is in the same place everywhere (WCAG 2.2, 3.2.6) and needs no sign-in: who cannot sign in needs it most.
"""

from flask import Blueprint, Response

from idp.web import pages

blueprint = Blueprint("citizen_guide", __name__)


@blueprint.get("/help")
def show_help() -> Response:
    return pages.render("citizen/guide_help.html")


@blueprint.get("/privacy")
def show_privacy() -> Response:
    return pages.render("citizen/guide_privacy.html")


@blueprint.get("/accessibility")
def show_accessibility() -> Response:
    return pages.render("citizen/guide_accessibility.html")
