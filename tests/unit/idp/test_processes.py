"""A child dies with its parent and sees a written-out environment."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from idp.processes import start_child, written_out

ROOT = Path(__file__).parents[3]
PARENT = """
import os, sys, time
from idp.processes import start_child
child = start_child([sys.executable, "-c", "import time; time.sleep(600)"], environment={})
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    status = Path(f"/proc/{child}/status")
    while status.exists() and "zombie" not in status.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_named_variables_are_passed_on() -> None:
    environ = {"PATH": "/bin", "SECRET": "x", "GAPURA_MODE": "demo", "PGPASSWORD": "x"}
    assert written_out(environ, "GAPURA_MODE") == {"PATH": "/bin", "GAPURA_MODE": "demo"}


def test_a_ctrl_c_in_the_terminal_does_not_reach_the_child() -> None:
    child = start_child([sys.executable, "-c", "import time; time.sleep(600)"], environment=dict(os.environ))
    assert os.getpgid(child.pid) != os.getpgid(0)
    child.send_signal(signal.SIGKILL)
    child.wait()
