"""Real processes of ours in a folder of their own, as a terminal or a container would start them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
BARE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}

Start = Callable[..., subprocess.Popen[str]]


@contextmanager
def processes(folder: Path) -> Iterator[Start]:
    """Gives ``start("serve", PORT="…")``; what still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            env={**BARE, "PYTHONPATH": str(ROOT), "VAR_DIR": str(folder / "var"), **env},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def said(process: subprocess.Popen[str], *, within_s: float = 60) -> tuple[int, str, str]:
    """Exit code and words of a process that ends by itself."""
    out, err = process.communicate(timeout=within_s)
    return process.returncode, out, err


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(url: str, *, within_s: float = 60) -> httpx.Response:
    """The first answer of a server that is starting."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return httpx.get(url, timeout=within_s)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
