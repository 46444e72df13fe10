"""Every address that answers, and what it says when it refuses."""

import ast
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

import idp
from idp.app import HOT, create_flask
from idp.errors import Code
from idp.gate import Gate
from idp.settings import Settings
from idp.web import problems
from keys.key_store import KeyStore
from tests.reference import cell, code, first_sentence, page, table

NOBODYS = "postgresql://nobody@/none?host=/nonexistent"
AUDIENCES = {
    "protocol": "Applications, and the browsers that they send",
    "protocol.health": "Whoever operates this",
    "sign_in": "Whoever signs in, activates or recovers an account",
    "citizen": "Citizens",
    "agency": "Agencies",
    "web": "Every page",
    "demo": "Demo and sandbox only",
}


@contextmanager
def _app() -> Iterator[Flask]:
    """All doors, with no database behind them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"GAPURA_MODE": "demo", "GAPURA_INSTANCE": folder})
        KeyStore.open(settings.key_store, create=True)
        yield create_flask(Gate.build(settings, NOBODYS))


def addresses() -> str:
    found: dict[str, dict[tuple[str, str], tuple[set[str], str]]] = {audience: {} for audience in AUDIENCES}
    with _app() as app:
        for rule in app.url_map.iter_rules():
            module, said = _described(app, rule)
            audience = next(one for one in reversed(AUDIENCES) if f".{one}." in f"{module}.")
            place = (rule.rule, module.replace(".", "/") + ".py")
            methods, before = found[audience].setdefault(place, (set(), ""))
            methods |= (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found[audience][place] = (methods, said or before)
    parts = []
    for audience, title in AUDIENCES.items():
        rows = [
            (
                code(path),
                " ".join(sorted(methods)),
                said or first_sentence(sys.modules[_name(file)].__doc__),
                code(file),
            )
            for (path, file), (methods, said) in sorted(found[audience].items())
        ]
        parts += [f"## {title}", table(("address", "methods", "what it does", "in"), rows)]
    return page(
        "Addresses",
        "What an application may rely on stands in `/.well-known/openid-configuration`; every other address is for"
        " people. HEAD answers where GET does, but not at the doors that issue something.",
        *parts,
    )


def _described(app: Flask, rule: Rule) -> tuple[str, str]:
    """The module of a door, and what its view says of itself; a hot door is the only one of its module."""
    if rule.endpoint.startswith("door:"):
        return dict(HOT)[rule.rule].__name__, ""
    view = app.view_functions[rule.endpoint]
    return view.__module__, first_sentence(view.__doc__)


def _name(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def errors() -> str:
    with _app() as app, app.test_request_context("/", headers={"Accept-Language": "en"}):
        broken = re.search(r"<h1>(.*)</h1><p>(.*) \.", problems.broken("").get_data(as_text=True))
        assert broken is not None
        pages = [
            (code(name), f"{words.title} {words.text}")
            for name, words in (
                (name, problems.PAGES.get(name, problems._NOT_CONNECTED)) for name in _page_codes()
            )
        ]
    return page(
        "Error codes",
        "## At the doors of programs",
        "JSON `error` and `error_description` (English, never what was sent), or parameters of the redirect back.",
        table(("code", "defined in"), _wire_codes()),
        "## On pages",
        "The code stands in the page's `data-error`, and beside it an incident number (`GPR-XXXX-XXXX`) under"
        " which the log"
        " has the finding for a developer. A code of the table above may stand there too. Codes are added,"
        " never renamed.",
        table(("code", "what the person reads"), pages),
    )


def _wire_codes() -> list[tuple[str, str]]:
    """Each with the section that its line in the source names."""
    source = (Path(idp.__file__).parent / "errors.py").read_text()
    found = dict(re.findall(r'= "(\w+)"  # (.+)', source))
    return [(code(one.value), cell(found[one.value])) for one in Code]


def _page_codes() -> list[str]:
    """Those that have words of their own, and every other that a door raises or answers with."""
    raised = set()
    for file in Path(idp.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            named = node.func if isinstance(node, ast.Call) else None
            name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
            if isinstance(node, ast.Call) and name in ("PageError", "page") and node.args:
                given = node.args[0]
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    raised.add(given.value)
    return sorted({*problems.PAGES, *problems.BY_STATUS.values(), *raised, "bad_request"})
