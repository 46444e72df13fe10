"""The gateway takes a message or the job comes again; what it says of a failure names nobody."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import UUID

import pytest

from idp.signals.gateway import Gateway, NotSent
from idp.signals.messages import Channel, Message

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MESSAGE = Message(UUID(int=7), "+628120000001", Channel.SMS, "", "204581 kode masuk Gapura.")


class Taking(HTTPServer):
    """Keeps what came, answers as told."""

    answer = 202

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: list[tuple[dict[str, str], dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/messages"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Taking)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), json.loads(body)))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def taking() -> Iterator[Taking]:
    server = Taking()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_takes_a_message_with_its_id_and_our_token(taking: Taking, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("rahasia\n")
    Gateway(taking.url, token)(MESSAGE, NOW)
    ((headers, body),) = taking.came
    assert body == {"to": "+628120000001", "channel": "sms", "subject": "", "text": "204581 kode masuk Gapura."}
    assert headers["Authorization"] == "Bearer rahasia"
    assert headers["Idempotency-Key"] == UUID(int=7).hex


@pytest.mark.parametrize("answer", [302, 400, 503])
def test_whatever_is_no_yes_is_tried_again_and_names_nobody(taking: Taking, answer: int) -> None:
    taking.answer = answer
    with pytest.raises(NotSent) as failure:
        Gateway(taking.url, None)(MESSAGE, NOW)
    assert str(failure.value) == f"the message gateway answered {answer}"


def test_a_gateway_that_is_away_is_said_in_one_sentence() -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        Gateway("http://127.0.0.1:1/messages", None)(MESSAGE, NOW)


def test_without_a_gateway_the_sentence_names_the_setting() -> None:
    with pytest.raises(NotSent, match="GAPURA_MESSAGES_URL"):
        Gateway(None, None)(MESSAGE, NOW)
