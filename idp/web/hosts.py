"""The names by which this service may be asked. Whoever asks by another is at the wrong address, or leads somebody
there: by a name of theirs that points here, a stranger's page would read ours as its own (DNS rebinding).

Our own addresses come from settings and never from here (row 80, C066).
"""

from urllib.parse import urlsplit

from flask import Flask, request

from idp.errors import Code, OAuthError, PageError
from idp.settings import Settings
from idp.web import problems

MISDIRECTED = 421  # RFC 9110 §15.5.20
DEFAULT_PORTS = {"https": 443, "http": 80}


def known(settings: Settings) -> frozenset[str]:
    """`Host` as the issuer's address has it, and as a proxy or monitor on this machine reaches us; lower case."""
    issuer = urlsplit(settings.issuer)
    names = {issuer.netloc.lower(), f"127.0.0.1:{settings.port}"}
    if issuer.port is None:
        names.add(f"{issuer.netloc.lower()}:{DEFAULT_PORTS[issuer.scheme]}")
    return frozenset(names)


def install(app: Flask, settings: Settings) -> None:
    """Refuse every other name at every door, with where we are."""
    names, issuer = known(settings), settings.issuer

    @app.before_request
    def refuse() -> None:
        if request.endpoint == "static" or request.environ.get("HTTP_HOST", "").lower() in names:
            return
        if problems.for_machines():
            raise OAuthError(Code.INVALID_REQUEST, f"ask by the name of the issuer, {issuer}", MISDIRECTED)
        raise PageError("wrong_address", MISDIRECTED, onward=f"{issuer}/services")
