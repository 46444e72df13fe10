"""Starting children that cannot outlive us and cannot see what is not theirs.

Every child (postgres, worker, web workers, demo agencies) dies with its parent, whatever killed it, and gets a
written-out environment: a secret in ours never reaches it. Knows nothing of what the children do.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: the child may only call, not load


def die_with_parent(signal_number: int, parent: int) -> None:
    """Called by a child: the kernel sends it `signal_number` when the *thread* that made it ends.

    So children are started from a thread that lasts. A change of account clears it, so it comes after that.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be watched
        os._exit(1)


def written_out(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """The environment of a child: the few names any program needs, and those named here."""
    wanted = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", *names)
    return {name: environ[name] for name in wanted if name in environ}


def start_child(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    at_parents_death: int = signal.SIGTERM,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
    account: tuple[int, int] | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program as a child that dies with us. `account` is (uid, gid) to run as; only root may give another.

    It stands in a process group of its own: a Ctrl-C in the terminal reaches the parent alone, which ends its
    children in the right order.
    """
    uid, gid = account or (None, None)
    parent = os.getpid()
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        user=uid,
        group=gid,
        extra_groups=None if gid is None else [],
        pass_fds=tuple(keep_open),
        process_group=0,
        preexec_fn=lambda: die_with_parent(at_parents_death, parent),
    )
