"""An application's back-channel door, as it behaves on good and on bad days."""

import queue
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Receiver:
    """Keeps what it was told, and when (monotonic seconds), and answers as it is bidden: the next of `statuses`,
    then `status`; `hangs`: never."""

    def __init__(self, status: int = 204, *, hangs: bool = False) -> None:
        self.told: queue.Queue[str] = queue.Queue()
        self.told_at: list[float] = []
        self.statuses: list[int] = []
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.told_at.append(time.monotonic())
                receiver.told.put(parse_qs(body)["logout_token"][0])
                if hangs:
                    receiver.let_go.wait(30)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.uri = f"http://127.0.0.1:{self.server.server_port}/backchannel"

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


def gone() -> str:
    """An address at which nobody is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/backchannel"
