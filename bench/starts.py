"""Seconds until a demo serves: in a new instance folder, and again in the same one. It takes a port of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT = "8190"
AGAIN = 3


def start(folder: Path) -> float:
    """Seconds until it serves; then it is stopped, and has ended."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(folder / "instance"), "PORT": PORT}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "wsgi.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Gapura serves"):
            break
    else:
        raise SystemExit("it did not start")
    took = time.monotonic() - began
    process.send_signal(signal.SIGINT)
    process.wait(30)
    return took


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gapura-starts-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # an embedded PostgreSQL of another account must come through
        first = start(folder)
        again = ", ".join(f"{start(folder):.1f}" for _ in range(AGAIN))
    print(f"a first start: {first:.1f} s; the ones after: {again} s")


if __name__ == "__main__":
    main()
