"""The sign-in of an application that waits while its citizen does something longer: brings an account to life.

Its half hour may be over before they are: then the application begins anew, and nothing that was answered here is
lost with it.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import request

from idp.errors import PageError
from idp.web import sign_in, signed_in

LONGEST_HANDLE = 4096


@dataclass(frozen=True)
class Waiting:
    """`handle`: as it came, or empty; `client`: what pages call the application; `onward`: where it goes on."""

    handle: str
    client: dict[str, str] | None
    onward: str

    def at(self, path: str) -> str:
        """A page of ours with the handle, so that the story is not lost on the way."""
        return f"{path}?{urlencode({'handle': self.handle})}" if self.handle else path


def find() -> Waiting:
    """What the handle of this request says; without one, or with one that says nothing, our own pages."""
    try:
        screen = sign_in.screening()
    except PageError as over:
        handle = request.values.get("handle", "")
        if over.onward is None or len(handle) > LONGEST_HANDLE:
            return Waiting("", None, signed_in.FIRST_PAGE)
        return Waiting(handle, None, over.onward)
    if screen is None:
        return Waiting("", None, signed_in.FIRST_PAGE)
    onward = f"/authorize/continue/{quote(screen.story.handle)}"
    return Waiting(screen.story.handle, sign_in.named(screen.client), onward)
