"""One web process inside this one: its WSGI application, asked by the issuer's name as a browser does."""

from typing import Any

from werkzeug.test import Client, TestResponse


class OneProcess(Client):
    """`get` and `post` take a path."""

    def __init__(self, application: Any, issuer: str) -> None:
        super().__init__(application)
        self._issuer = issuer

    def open(self, path: Any, **more: Any) -> TestResponse:  # type: ignore[override]
        return super().open(path, base_url=self._issuer, **more)
