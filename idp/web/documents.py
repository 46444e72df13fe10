"""A document that stays the same while a process lives, served with its ETag: the metadata of what works here."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from idp.exchange import Reply, Request

CACHE = "public, max-age=900"


def served(document: dict[str, Any]) -> Callable[[Request], Reply]:
    """The door that answers it; 304 to whoever has it already."""
    body = json.dumps(document, indent=1).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = [("Content-Type", "application/json"), ("Cache-Control", CACHE), ("ETag", etag)]

    def answer(request: Request) -> Reply:
        if request.header("if-none-match") == etag:
            return Reply(304, b"", headers[1:])
        return Reply(200, body, list(headers))

    return answer
