"""The processes of an installation, started as people start them, so that they can be killed, stalled and started anew."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app.embedded_redis import server_binary

ROOT = Path(__file__).resolve().parents[2]
WORK = (sys.executable, "-m", "app", "work")
SERVE = (sys.executable, "-m", "app", "serve")
COMPLAINTS = ("Traceback", "never awaited", "never retrieved", "internal_error", "Task was destroyed")
"""Words that may stand in no log, whatever is done to a process: a fault outside is no fault of ours."""


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass(slots=True)
class Child:
    """One process, with everything it ever said in one file."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it anew."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """A signal, as if from the operating system."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9: it gets no chance to put anything away."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    async def stop(self, *, within_s: float = 10.0) -> float:
        """Ask it to stop; the seconds that took. Fails when it does not leave by itself, or leaves with an error."""
        assert self.process is not None
        started = time.monotonic()
        self.process.terminate()
        while self.alive:
            if time.monotonic() - started > within_s:
                self.process.send_signal(signal.SIGUSR1)
                await asyncio.sleep(1)
                print("\n".join(line for line in self.said.splitlines() if line.startswith("STANDS")))
                self.process.kill()
                raise AssertionError(f"{self.name} did not stop within {within_s} s")
            await asyncio.sleep(0.01)
        assert self.process.returncode in (0, -signal.SIGTERM), (
            f"{self.name} left with {self.process.returncode}"
        )
        return time.monotonic() - started

    @property
    def said(self) -> str:
        """Its whole log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of one event."""
        found = []
        for line in self.said.splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == event:
                    found.append(entry)
        return found

    def complaints(self) -> list[str]:
        """Lines that may never be there."""
        return [line for line in self.said.splitlines() if any(word in line for word in COMPLAINTS)]


def free_port() -> int:
    """A port nobody listens at now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass(slots=True)
class OwnRedis:
    """A Redis that nobody else uses: over TCP, append-only, on a port that stays the same."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is found."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it on what its folder holds, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "logfile": str(self.folder / "redis.log"),
        }
        command = [
            server_binary(),
            *(part for key, value in settings.items() for part in (f"--{key}", value)),
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent
        )
        with self.talk() as client:
            deadline = time.monotonic() + 10
            while True:
                with contextlib.suppress(RedisError, OSError):
                    client.ping()
                    return
                assert time.monotonic() < deadline, "the chaos Redis does not start"
                time.sleep(0.01)

    def kill(self, *, forgetting: bool = False) -> None:
        """kill -9. ``forgetting``: what it wrote to disk is gone as well."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if forgetting:
            shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def freeze(self) -> None:
        """It neither answers nor refuses."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """FLUSHALL."""
        with self.talk() as client:
            client.flushall()

    @contextlib.contextmanager
    def talk(self) -> Iterator[Redis]:
        """A client of the test's own."""
        client = Redis.from_url(self.url, socket_timeout=2.0)
        try:
            yield client
        finally:
            client.close()


@asynccontextmanager
async def own_redis(folder: Path) -> AsyncIterator[OwnRedis]:
    """A running one, for as long as the block lasts."""
    redis = OwnRedis(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
