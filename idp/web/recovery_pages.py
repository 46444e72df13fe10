"""What the pages of a recovery share: the browser's form token, as nobody is signed in, and the handle of the
sign-in that waits for its end.
"""

from typing import Any, TypeVar

from flask import Response, g, request

from idp.web import current, pages, recovery_steps
from idp.web.sign_in import ScreenForm

AForm = TypeVar("AForm", bound=ScreenForm)


def form(kind: type[AForm]) -> AForm:
    """A form of this browser, with the handle that came with the request."""
    g.form_secret = current.browser().secret.encode()
    made = kind()
    if request.method == "GET":
        made.handle.data = recovery_steps.handle()
    return made


def render(name: str, form: ScreenForm | None = None, status: int = 200, **values: Any) -> Response:
    """The page `sign_in/NAME.html`."""
    if form is not None:
        values["form"] = form
    response = pages.render(f"sign_in/{name}.html", status=status, handle=recovery_steps.handle(), **values)
    response.headers.extend(list(current.browser().cookies))
    return response
