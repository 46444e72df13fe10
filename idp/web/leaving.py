"""The page on which a browser leaves a form of ours for the application: it holds nothing but the way on.

Chromium and Safari apply `form-action` to every redirect after a POST, also to those the application makes on its
own side, whose addresses nobody told us (C013, tried in Chromium 156). A page that is loaded and then followed
ends that chain. So a browser that shows a document gets this page; whatever else posts a form gets the plain 303.
"""

from html import escape

from idp.exchange import Reply, Request
from idp.web import headers


def wanted(request: Request, location: str) -> bool:
    """A private scheme is opened only out of the citizen's own tap, so its redirect stays a redirect."""
    shows_it = request.method == "POST" and request.header("Sec-Fetch-Dest") == "document"
    return shows_it and location.startswith(("https://", "http://"))


def reply(location: str) -> Reply:
    """200 and the address, followed at once without script; the link is for whoever switched that off."""
    address = escape(location)
    body = (
        '<!doctype html><html lang="id"><head><meta charset="utf-8"><title>Gapura</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="0; url={address}"></head>'
        f'<body><main><h1>Gapura</h1><p><a href="{address}">Lanjut · <span lang="en">Continue</span></a></p>'
        "</main></body></html>"
    )
    pairs = [("Content-Type", "text/html; charset=utf-8"), *headers.page()]
    return Reply(200, body.encode(), pairs)
