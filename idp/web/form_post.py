"""The page of OAuth 2.0 Form Post Response Mode: hidden fields, one button that works without script, and a
script that presses it, allowed by its hash alone. Made of plain text, so that a hot door needs no template
engine for it.
"""

import base64
import hashlib
from html import escape

from idp.authorization.response import FormPost
from idp.exchange import Reply
from idp.web import headers

_SCRIPT = "document.forms[0].submit()"
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def reply(answer: FormPost) -> Reply:
    """Values are HTML-escaped, not percent-encoded: the client gets each byte for byte (protocol.md §3.1)."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in answer.fields.items()
    )
    body = (
        '<!doctype html><html lang="id"><head><meta charset="utf-8"><title>Gapura</title></head><body>'
        f'<main><h1>Gapura</h1><form method="post" action="{escape(answer.action)}">{fields}'
        f'<button id="form-post-submit">Lanjut · Continue</button></form></main>'
        f"<script>{_SCRIPT}</script></body></html>"
    )
    pairs = headers.page(script=f"'sha256-{_HASH}'", leaves=True)
    return Reply(200, body.encode(), [("Content-Type", "text/html; charset=utf-8"), *pairs])
