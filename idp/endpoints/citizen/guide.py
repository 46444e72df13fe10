"""Pages that ask nothing and need nobody: help, privacy, accessibility. The foot of every page links to them.

Help is in the same place everywhere (WCAG 2.2, 3.2.6) and needs no sign-in: who cannot sign in needs it most.
"""

from flask import Blueprint, Response

from idp.web import pages, signed_in

blueprint = Blueprint("citizen_guide", __name__)


@blueprint.get("/help")
def show_help() -> Response:
    return _page("citizen/guide_help.html")


@blueprint.get("/privacy")
def show_privacy() -> Response:
    return _page("citizen/guide_privacy.html")


@blueprint.get("/accessibility")
def show_accessibility() -> Response:
    return _page("citizen/guide_accessibility.html")


def _page(template: str) -> Response:
    """The way to sign out stands on every page of whoever is signed in."""
    signed_in.find()
    return pages.render(template)
