"""The response headers that every answer carries, as plain pairs: the same for Flask and a thin front before it.

A page may load our style sheet and images, may be framed by nobody, and its forms may end at ourselves and, in a
sign-in, at the one address it returns to: browsers apply `form-action` to the redirects after a POST too.
"""

from urllib.parse import urlsplit

Pairs = list[tuple[str, str]]

ONE_YEAR_SECONDS = 365 * 24 * 3600
HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:")
SCHEME_CHARACTERS = HOST_CHARACTERS - {":"} | {"+"}


def every_answer(issuer: str) -> Pairs:
    """Headers of any answer, for people or machines."""
    pairs = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]
    if issuer.startswith("https://"):
        pairs.append(("Strict-Transport-Security", f"max-age={ONE_YEAR_SECONDS}"))
    return pairs


def page(redirect_uri: str | None = None, script: str | None = None, *, leaves: bool = False) -> Pairs:
    """What an HTML page carries beside. `redirect_uri`: where a POST of it may end. `script`: the CSP source of
    its one script, `'self'` or `'sha256-…'` of an inline one. `leaves`: its only form goes to the application,
    and whither the application sends the browser then is not ours to know (C013)."""
    target = "*" if leaves else form_target(redirect_uri) if redirect_uri else ""
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        f"form-action 'self' {target}".rstrip(),
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if script:
        policy.insert(1, f"script-src {script}")
    return [
        ("Content-Security-Policy", "; ".join(policy)),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]


def form_target(redirect_uri: str) -> str:
    """The CSP source for the origin or the private scheme of a redirect URI; empty if it cannot be written as one.

    A literal IPv6 address is no CSP host-source, so `http://[::1]` can only be named by its scheme.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:" if parts.scheme and SCHEME_CHARACTERS.issuperset(parts.scheme) else ""
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("["):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}" if host and HOST_CHARACTERS.issuperset(host) else ""
