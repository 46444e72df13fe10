"""What an operator meets: settings, commands, numbers."""

import argparse
from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from idp import cli
from idp import metrics as counted
from idp.settings import SETTINGS, Settings, SettingsError
from tests.reference import code, page, table

# A wrong value of each setting that is judged when it is read; the others are files and folders.
WRONG = {
    "GAPURA_MODE": "test",
    "GAPURA_ISSUER": "http://gapura.example/",
    "PORT": "http",
    "GAPURA_PROXIES": "everybody",
    "DATABASE_URL": "mysql://host/gapura",
    "GAPURA_WORKER_DATABASE_URL": "mysql://host/gapura",
    "GAPURA_OWNER_DATABASE_URL": "mysql://host/gapura",
    "GAPURA_LISTEN_URL": "mysql://host/gapura",
    "GAPURA_EMBEDDED": "yes",
    "GAPURA_MESSAGES_URL": "http://messages.example/send",
    "GAPURA_WEB_PROCESSES": "0",
    "GAPURA_WEB_THREADS": "many",
}


def settings() -> str:
    rows = [(code(one.name), one.unit, one.default, one.reason) for one in SETTINGS]
    wrong = [(code(f"{name}={value}"), _refusal(name, value)) for name, value in WRONG.items()]
    return page(
        "Settings",
        "Read once from the environment when a process starts. Secrets never come by environment, only as paths of"
        " files. `gapura settings` prints the same list.",
        table(("name", "unit", "default", "what it is"), rows),
        "## What a bad value says",
        "A start with it ends at once, with one sentence and exit code 1. A file or folder that cannot be used is"
        " named when it is opened.",
        table(("for instance", "the sentence"), wrong),
    )


def _refusal(name: str, value: str) -> str:
    try:
        Settings.from_env({"GAPURA_MODE": "demo", name: value})
    except SettingsError as refusal:
        return str(refusal)
    raise AssertionError(f"{name}={value} is not refused")


def commands() -> str:
    parts = []
    for subject, text in cli.SUBJECTS.items():
        parser = _subject(subject)
        parts.append(f"## gapura {subject}\n\n{text[0].upper()}{text[1:]}{'' if text.endswith('?') else '.'}")
        rows = [(code(_usage(one)), one.description or "", _options(one)) for one in _leaves(parser)]
        parts.append(table(("command", "what it does", "options"), rows))
    return page(
        "Commands",
        "Settings come from the environment (`settings.md`). Every command has `--help` and `--json`. Exit"
        " codes: 0 done,"
        " 1 refused or failed with one sentence on stderr, 2 not understood, 3 looked and found something wrong.",
        *parts,
    )


def _subject(name: str) -> argparse.ArgumentParser:
    return _commands_of(cli._parser(name))[name]


def _commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    below = _commands_of(parser)
    if not below:
        yield parser
    for one in below.values():
        yield from _leaves(one)


def _usage(parser: argparse.ArgumentParser) -> str:
    """The command and what must stand behind it."""
    words = [parser.prog]
    for action in parser._actions:
        name = str(action.metavar or action.dest)
        if not action.option_strings:
            words.append(f"[{name}]" if action.nargs == "?" else name)
        elif action.required:
            words.append(f"{action.option_strings[0]} {name.upper()}")
    return " ".join(words)


def _options(parser: argparse.ArgumentParser) -> str:
    said = []
    for action in parser._actions:
        if action.dest in ("help", "json") or not (action.help or action.option_strings):
            continue
        name = code(action.option_strings[0] if action.option_strings else str(action.metavar or action.dest))
        default = f" (default: {action.default})" if action.default not in (None, False, []) else ""
        choices = f" ({', '.join(map(str, action.choices))})" if action.choices else ""
        said.append(f"{name}{choices} {action.help or ''}".strip() + default)
    return "; ".join(said)


def metrics() -> str:
    rows = [
        (code(one._name + ("_total" if one._type == "counter" else "")), one._type,
         ", ".join(map(code, one._labelnames)), one._documentation)
        for one in vars(counted).values() if isinstance(one, MetricWrapperBase)
    ]  # fmt: skip
    return page(
        "Metrics",
        "`/metrics` has them in Prometheus' text form, of all processes of a machine together. It answers this"
        " machine"
        " itself, or the bearer token of `GAPURA_METRICS_TOKEN_FILE`; anybody else gets 404. Labels are names"
        " of ours,"
        " never what somebody sent.",
        table(("name", "kind", "labels", "what it counts"), rows),
    )
