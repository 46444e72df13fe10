"""Nothing personal or secret leaves through the log, whatever its key; one event is one line."""

import io
import json
import logging
import random
import secrets
import string
import warnings
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
import structlog

from idp import log

KEYS = ["event", "reason", "client", "error", "nik", "email", "anything", "a\nb"]


@pytest.fixture
def lines(log_put_back: None) -> io.StringIO:
    """Where the log goes during a test."""
    stream = io.StringIO()
    log.configure(stream=stream)
    return stream


def _secrets() -> list[str]:
    chance = random.Random(7)
    nik = "".join(chance.choices(string.digits, k=16))
    return [
        nik,
        " ".join(nik[place : place + 4] for place in range(0, 16, 4)),
        ".".join((nik[:6], nik[6:12], nik[12:])),
        nik.translate({ord(digit): ord(digit) + 0xFEE0 for digit in string.digits}),  # full-width
        "+62 812-3456-7890",
        "081234567890",
        "(0812) 3456 7890",
        "siti.rahma@warga.example",
        "siti%40warga.example",
        "siti＠warga.example",
        secrets.token_urlsafe(32),
        secrets.token_hex(16),
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "K7QF-9ZPA-3MTX",
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer abc",
        "1990-01-31",
        "203.0.113.255",
        str(uuid4()),
    ]


SECRETS = _secrets()


# By number: processes that share the tests out must have one name for each, and some are new each time.
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
@pytest.mark.parametrize("key", KEYS)
def test_what_may_not_leave_does_not_leave_under_any_key(lines: io.StringIO, secret: str, key: str) -> None:
    """(row 111)"""
    shapes: list[Any] = [secret, f"before {secret} after", {"inner": secret}, [secret], {secret: 1}, f"({secret})"]
    for shape in shapes:
        if key == "event":
            structlog.get_logger().info(f"said {secret}")
        else:
            structlog.get_logger().info("said", **{key: shape})
    written = lines.getvalue()
    decoded = " ".join(json.loads(line).__repr__() for line in written.splitlines())
    assert secret not in decoded
    assert secret not in written


@pytest.mark.parametrize("round_no", range(50))
def test_random_handles_and_sealed_strings_never_pass(round_no: int) -> None:
    handle = secrets.token_urlsafe(random.Random(round_no).randint(24, 200))
    passed = log.clean(f"code {handle} was refused")
    assert not any(handle[place : place + 12] in passed for place in range(len(handle) - 12))


def test_a_number_is_withheld_too() -> None:
    assert log.clean(3171234567890001) == log.WITHHELD
    assert log.clean(1024) == 1024


def test_a_secret_at_the_edge_of_what_is_cut_does_not_pass() -> None:
    for before in range(560, 640):
        passed = log.clean("x " * (before // 2) + "3171234567890001" + " y" * 100)
        assert "3171" not in passed


def test_a_forged_line_stays_inside_its_value(lines: io.StringIO) -> None:
    """(row 110, C092)"""
    forged = 'a\nlevel=info msg="login ok"\r\u2028\u0085{"event":"login"}'
    structlog.get_logger().info("refused", name=forged)
    assert len(lines.getvalue().splitlines()) == 1
    assert json.loads(lines.getvalue())["event"] == "refused"


def test_a_long_value_is_cut(lines: io.StringIO) -> None:
    structlog.get_logger().info("refused", name="word " * 10_000)
    assert len(lines.getvalue()) < 500


def test_an_exception_tells_kind_and_place_but_not_its_words(lines: io.StringIO) -> None:
    try:
        raise KeyError("hunter2")
    except KeyError:
        structlog.get_logger().exception("failed")
    event = json.loads(lines.getvalue())
    assert event["exception"]["kind"] == "KeyError"
    assert "test_log.py" in event["exception"]["frames"][0]
    assert "hunter2" not in lines.getvalue()


def test_the_standard_library_comes_out_through_the_same_filter(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("cannot reach %s", "siti@warga.example")
    warnings.warn("old way for siti@warga.example", stacklevel=1)
    assert "warga" not in lines.getvalue()
    assert json.loads(lines.getvalue().splitlines()[0])["logger"] == "some.library"


def test_an_id_passes_as_the_same_keyed_hash_wherever_it_stands(lines: io.StringIO) -> None:
    citizen_id = uuid4()
    assert log.clean(citizen_id) == log.clean(str(citizen_id)) == log.clean(str(citizen_id).upper())
    assert log.clean(citizen_id) != log.clean(uuid4())


def test_times_pass_and_days_do_not() -> None:
    moment = datetime(2026, 11, 25, 3, 55, 38, 386123, tzinfo=UTC)
    assert log.clean(moment) == moment.isoformat()
    assert log.clean(moment.isoformat()) == moment.isoformat()
    assert log.clean(date(1990, 1, 31)) == log.WITHHELD


def test_words_of_ours_pass_unchanged() -> None:
    for ours in ("token.code_replayed", "urn:gapura:acr:substantial", "GPR-7K2M-QX4D", "/consents", "0.1.0"):
        assert log.clean(ours) == ours
