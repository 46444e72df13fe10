"""The log: one event a line, JSON, values escaped and cut, through a filter that lets nothing personal or secret
out (rows 110, 111; C092; DESIGN §6.6).

The filter looks at each value whatever its key is, and withholds more than it must: what looks like a token, a
NIK, an address, a date or a telephone number never passes; ids pass as keyed hashes; an exception says its kind
and place, never its words, because those repeat input. What it cannot know by its look is a password: none is
ever given to the log. The standard library's loggers come out through the same filter, and so does a crash.
"""

import hashlib
import hmac
import json
import logging
import re
import secrets
import sys
import threading
import traceback
import unicodedata
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog

LONGEST_TEXT = 300
LONGEST_LIST = 20
DEEPEST = 4
WITHHELD = "[withheld]"
ROOT = str(Path(__file__).parents[1]) + "/"

_FORBIDDEN = re.compile(
    r"""
      (?P<id>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)
    | \?[^\s"']+                                           # what follows ? in an address
    | (?i:\b(?:bearer|basic|dpop)\s+\S+)
    | [^\s"'<>,;:]+(?:@|%40)[^\s"'<>,;]+                   # an e-mail address
    | \b(?:19|20)\d\d-\d\d-\d\d\b(?!T)                     # a day: of birth, perhaps
    | \+?\d(?:[ .()/-]{0,2}\d){8,}                         # nine digits: NIK, telephone, a machine
    | \b(?:[A-Z0-9]{4}-){2,}[A-Z0-9]{4}\b                  # a recovery code as printed
    | \b[A-Z2-7]{16,}\b | \b[0-9a-fA-F]{16,}\b             # base32, hex
    | (?=[\w~+=-]*[A-Za-z])(?=[\w~+=-]*\d)[\w~+=-]{20,}    # a long run of letters and digits
    | (?=[\w~+=-]*[a-z][A-Z])[\w~+=-]{20,}                  # or of small and capital ones, as chance mixes them
    | (?=[\w.~+/=-]*[A-Z])(?=[\w.~+/=-]*[a-z])(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}
    """,
    re.VERBOSE,
)
# A key with one of these says itself that its value is not for the log. What went wrong is under `error`, never
# `code`.
_FORBIDDEN_KEY = re.compile(
    "passw|passphrase|secret|token|code|assertion|cookie|authoriz|nonce|verifier|digest|private|credential|^state$|"
    "nik|npwp|kk_number|bpjs|e_?mail|phone|birth|address|identifier|profile|full_name|given_name|family_name",
    re.IGNORECASE,
)
_id_key = secrets.token_bytes(32)


def configure(*, id_key: bytes | None = None, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set up this process's log. `id_key`, where given, makes the hash of an id the same in every process."""
    global _id_key  # there is one log in a process
    _id_key = id_key or _id_key
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            only_what_may_leave,
            structlog.processors.TimeStamper(fmt="iso", key="at", utc=True),
            as_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [StandardLibrary()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _crashed
    threading.excepthook = lambda crash: _crashed(crash.exc_type, crash.exc_value, crash.exc_traceback)


def only_what_may_leave(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The filter, the last that touches the values of an event."""
    failure = event.pop("exc_info", None)
    passed = {_clean_text(key, 60): clean(value, key) for key, value in event.items()}
    if failure:
        error = failure if isinstance(failure, BaseException) else sys.exc_info()[1]
        passed["exception"] = describe(error) if error is not None else None
    return passed


def as_line(_logger: Any, _method: str, event: Mapping[str, Any]) -> str:
    """ASCII alone: no separator of lines, however exotic, forges a second event."""
    return json.dumps(event, ensure_ascii=True, separators=(",", ":"))


def clean(value: Any, key: str = "", depth: int = 0) -> Any:
    """What of a value may leave, in JSON's types. Used for `detail` of the audit trail too."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if _FORBIDDEN_KEY.search(key) or depth > DEEPEST:
        return WITHHELD
    if isinstance(value, Enum):
        return clean(value.value, key, depth)
    if isinstance(value, int):
        return value if abs(value) < 10**8 else WITHHELD
    if isinstance(value, Mapping):
        return {_clean_text(str(name), 60): clean(it, str(name), depth + 1) for name, it in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(inner, "", depth + 1) for inner in list(value)[:LONGEST_LIST]]
    if isinstance(value, UUID):
        return _hashed(str(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return WITHHELD
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"[{len(value)} bytes]"
    return _clean_text(str(value), LONGEST_TEXT)


def describe(error: BaseException) -> dict[str, Any]:
    """An exception by kind, place and SQLSTATE. Its text stays out: it quotes rows and values."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    described: dict[str, Any] = {
        "kind": type(error).__name__,
        "frames": [f"{frame.filename.removeprefix(ROOT)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    sqlstate = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    if sqlstate:
        described["sqlstate"] = str(sqlstate)
    if error.__cause__ is not None:
        described["cause"] = type(error.__cause__).__name__
    return described


class StandardLibrary(logging.Handler):
    """The way from `logging` into this log."""

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            event["exc_info"] = record.exc_info[1]
        structlog.get_logger().log(record.levelno, record.getMessage(), **event)


def _clean_text(text: str, longest: int) -> str:
    """Digits and signs of any script are read as ours first: a full-width NIK is a NIK."""
    plain = unicodedata.normalize("NFKC", text[: 2 * longest])
    passed = _FORBIDDEN.sub(_replacement, plain)
    if len(text) > 2 * longest:
        passed = passed[:-40]  # the cut may have left the beginning of something forbidden, too short to be seen
    return passed if len(passed) <= longest else passed[:longest] + "…"


def _replacement(found: re.Match[str]) -> str:
    return _hashed(found["id"].lower()) if found["id"] else WITHHELD


def _hashed(identifier: str) -> str:
    """An id by which an operator can follow one story, and nobody can find a citizen."""
    return "id:" + hmac.new(_id_key, identifier.encode(), hashlib.sha256).hexdigest()[:12]


def _crashed(_kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    structlog.get_logger().critical("crashed", exc_info=error)
