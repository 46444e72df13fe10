"""Every page in its states, drawn with invented values and no database: what the browser tests walk through.

A page is named by its template; states are `filled`, `empty`, `wrong`, … Each template has at least one here:
`tests/architecture/test_templates.py` sees to it.
"""

from collections.abc import Callable
from types import SimpleNamespace

from flask import Flask, Response, g, request

from idp.web import languages, pages, problems
from tests.browser.portal_states import hang_agency, hang_consents, hang_portal, hang_receipts, hang_security
from tests.browser.sign_in_states import hang_activation, hang_recovery, hang_sign_in, hang_sign_out
from tests.browser.states import HOUSE, ISSUER, Gallery, State


def make_gallery() -> Gallery:
    gallery = Gallery()
    hang_sign_in(gallery)
    hang_activation(gallery)
    hang_sign_out(gallery)
    hang_security(gallery)
    hang_recovery(gallery)
    hang_consents(gallery)
    hang_receipts(gallery)
    hang_agency(gallery)
    hang_portal(gallery)
    for code in problems.PAGES:
        gallery.add_problem(code, onward="/", finding="the address sent is not registered", until=None)
    over = {"onward": "/", "towards": "Antrean Puskesmas"}
    gallery.states.append(State("protocol/error.html", "over", lambda: problems.page("already_signed_in", **over)))
    gallery.add_problem("redirect_uri_mismatch", finding="the address sent is not registered")
    return gallery


def make_app(gallery: Gallery) -> Flask:
    app = Flask(__name__, template_folder=str(HOUSE / "templates"), static_folder=None)
    languages.install(app)
    pages.install(app, ISSUER)
    problems.install(app)
    for state in gallery.states:
        app.add_url_rule(state.path, state.path, _view(state), methods=["GET", "POST"])
    return app


def _view(state: State) -> Callable[[], Response]:
    def view() -> Response:
        g.form_secret = b"gallery"
        g.session = SimpleNamespace() if state.signed_in else None
        if request.method == "POST":
            return Response("received")
        return state.draw()

    return view


if __name__ == "__main__":
    make_app(make_gallery()).run(port=8106)
