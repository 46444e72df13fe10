"""The two shells around a hot door: Flask, and a thin WSGI front before it. Either calls the same function.

The front exists for the hop's budget (DESIGN §5): Flask's request and response objects cost more than the door's
own work. What it does not know (another path or method), and every error a person must see, goes on to Flask.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any

import flask

from idp import metrics
from idp.clients.registry import Registry
from idp.errors import DatabaseAway
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import cors, headers, hosts

PROBLEM, BEGAN = "gapura.problem", "gapura.began"
NO_DOOR = "none"  # in the numbers: an address at which there is nothing
NOBODY = Registry({}, {}, frozenset(), {}, {}, {})
StartResponse = Callable[..., Any]
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True)
class Door:
    """A door that is a function from a request to a reply. `methods` as in its module; HEAD and OPTIONS are the
    shell's."""

    path: str
    methods: tuple[str, ...]
    answer: Callable[[Request], Reply]


class Front:
    """The thin front: hot doors by path and method, everything else to `onward`."""

    def __init__(self, gate: Gate, doors: Iterable[Door], onward: Callable[..., Iterable[bytes]]) -> None:
        self._gate, self._onward = gate, onward
        self._doors = {
            (method, door.path): door.answer
            for door in doors
            for method in door.methods
            if method in ("GET", "POST")
        }
        self._every = headers.every_answer(gate.issuer)
        self._names = hosts.known(gate.settings)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = self._doors.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if answer is None or environ.get("HTTP_HOST") not in self._names:
            return self._onward(environ, start_response)
        began = perf_counter()
        request = Request(environ)
        try:
            reply = answer(request)
            added = _cors(self._gate, request) if request.path != "/authorize" else []
        except Exception as problem:
            environ[PROBLEM] = problem  # Flask's error handlers make the answer, a page where one is due
            environ[BEGAN] = began
            return self._onward(environ, start_response)
        length = ("Content-Length", str(len(reply.body)))
        metrics.count_answer(request.path, reply.status, perf_counter() - began)
        start_response(_STATUS[reply.status], [*reply.headers, *self._every, *added, length])
        return [reply.body]


def add_to_flask(app: flask.Flask, gate: Gate, doors: Iterable[Door]) -> None:
    """The same doors as routes of Flask: what the front passes on, and all of it where there is no front."""
    for door in doors:
        methods = [method for method in door.methods if method != "HEAD"]
        view = _view(gate, door)
        app.add_url_rule(door.path, f"door:{door.path}", view, methods=methods, provide_automatic_options=False)
    app.after_request(lambda response: _with_cors(gate, response))


def count_in_flask(app: flask.Flask) -> None:
    """Every answer that Flask makes, its errors too. Installed first: the time of all others counts."""

    @app.before_request
    def begin() -> None:
        flask.request.environ.setdefault(BEGAN, perf_counter())

    @app.after_request
    def count(response: flask.Response) -> flask.Response:
        rule, began = flask.request.url_rule, flask.request.environ.get(BEGAN)
        door = rule.rule if rule is not None else NO_DOOR
        metrics.count_answer(door, response.status_code, 0.0 if began is None else perf_counter() - began)
        return response


def _view(gate: Gate, door: Door) -> Callable[[], flask.Response]:
    def view() -> flask.Response:
        problem = flask.request.environ.get(PROBLEM)
        if problem is not None:
            raise problem
        if flask.request.method == "HEAD" and "HEAD" not in door.methods:
            flask.abort(405, valid_methods=door.methods)
        request = Request(flask.request.environ)
        if request.method == "OPTIONS":
            return flask.Response(status=204, headers=cors.preflight(request, gate.registry.get()))
        return to_flask(door.answer(request))

    return view


def to_flask(reply: Reply) -> flask.Response:
    return flask.Response(reply.body, reply.status, reply.headers)


def _with_cors(gate: Gate, response: flask.Response) -> flask.Response:
    request = Request(flask.request.environ)
    if request.path in cors.FOR_ALL or request.path in cors.FOR_CLIENTS:
        for name, value in _cors(gate, request):
            response.headers.setdefault(name, value)
    return response


def _cors(gate: Gate, request: Request) -> cors.Pairs:
    """While the database is away, as if no client were known: an answer that was made is not lost for these
    headers, and an error stays the one it is."""
    try:
        known = NOBODY if request.path in cors.FOR_ALL else gate.registry.get()
    except DatabaseAway:
        known = NOBODY
    return cors.headers(request, known)
