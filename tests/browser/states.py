"""A page in one of its states, and the gallery that they hang in; what they have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Response

from idp.web import pages, problems

HOUSE = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
ISSUER = "http://127.0.0.1"
ID = UUID("0199aaaa-0000-7000-8000-000000000001")
LONG_WORD = "Penyelenggaraanketenagakerjaandankesejahteraan"
LONG_NAME = "Ida Bagus Ketut Anak Agung Wirawan Putra Pradnyana Kusumadewa" + "a" * 89


@dataclass(frozen=True)
class State:
    """One page in one state."""

    template: str
    name: str
    draw: Callable[[], Response]
    signed_in: bool = False

    @property
    def path(self) -> str:
        return f"/{self.template.removesuffix('.html')}/{self.name}"


@dataclass
class Gallery:
    states: list[State] = field(default_factory=list)

    def add(self, template: str, name: str = "filled", *, signed_in: bool = False, **values: Any) -> None:
        def draw() -> Response:
            made = {key: value() if callable(value) else value for key, value in values.items()}
            return pages.render(template, **made)

        self.states.append(State(template, name, draw, signed_in))

    def add_problem(self, name: str, **values: Any) -> None:
        self.states.append(State("protocol/error.html", name, lambda: problems.page(name, **values)))
