"""A process whose life is tied to ours: it is told to stop when we end, even when we are killed.

On Linux the kernel tells it. Elsewhere nobody tells a child that its parent was killed; the end of a pipe does, which
a shell beside it waits for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_WATCHED = """
exec {hold}<&0
"$@" </dev/null {hold}<&- & child=$!
{{ read -r _ <&{hold}; kill "$child"; }} 2>/dev/null & watch=$!
exec {hold}<&-
wait "$child"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
"""


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    silent: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a process. Call it from the main thread: the other's life hangs on the thread that starts it.

    Ctrl-C does not reach it: stopping is ours. ``silent``: what it prints goes nowhere.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)  # it was killed before we could ask to be told

    hold = next(number for number in range(3, 10) if number not in pass_fds)
    return subprocess.Popen(  # noqa: S603 - our own binary and arguments
        command if LINUX else ["/bin/sh", "-c", _WATCHED.format(hold=hold), "sh", *command],
        stdin=subprocess.DEVNULL if LINUX else subprocess.PIPE,
        stdout=subprocess.DEVNULL if silent else None,
        stderr=subprocess.DEVNULL if silent else None,
        env=env,
        pass_fds=pass_fds,
        preexec_fn=die_with_parent if LINUX else None,
        start_new_session=True,
    )


def ask_to_stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; it ends when it has put its things away."""
    if process.stdin is not None:
        process.stdin.close()
    elif process.poll() is None:
        process.terminate()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it now, and whatever it has started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def stop(process: subprocess.Popen[bytes], *, within_s: float) -> None:
    """Ask it to stop, and end it when it does not."""
    ask_to_stop(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=within_s)
    kill(process)
