"""Keeps processes alive: starts them, starts again what dies, and stops all of them within a few seconds.

A supervisor lives in the main thread's loop, because the lives of its processes hang on that thread (``lifeline.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app import lifeline
from app.errors import AppError

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WELL_S = 30.0
"""Who lived this long was well: its next death counts as the first."""
STOP_S = (3.3, 0.6, 0.4)
"""How long each stage may take to stop, first to last; together less than five seconds."""
LOOK_S = 0.02

Tell = Callable[[str], None]


def pause_after(deaths: int) -> float:
    """Seconds before the next start, after so many deaths in a row."""
    return float(min(FIRST_PAUSE_S * 2 ** (deaths - 1), LONGEST_PAUSE_S))


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


@dataclass(slots=True, eq=False)
class Child:
    """One process that is kept alive. Those of a lower ``stage`` stop first: what others need stops last."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stage: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    due_at: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Several processes as one. ``stop_asked`` is set by Ctrl-C, SIGTERM or SIGHUP; a second Ctrl-C ends everything at once."""

    def __init__(self, *, tell: Tell) -> None:
        self.children: list[Child] = []
        self.stop_asked = asyncio.Event()
        self._hurry = asyncio.Event()
        self._wake = asyncio.Event()
        self._tell = tell

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Listen to signals while the block lasts."""
        loop = asyncio.get_running_loop()
        asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in asked:
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGCHLD, self._wake.set)
        try:
            yield
        finally:
            for number in (*asked, signal.SIGCHLD):
                loop.remove_signal_handler(number)

    def _asked_to_stop(self) -> None:
        if self.stop_asked.is_set():
            self._hurry.set()
        self.stop_asked.set()

    def add(self, child: Child) -> None:
        """Start it, and keep it alive from now on. Raises what its start raises: a first start is not repeated."""
        if child.process is None:
            child.process = child.start()
        child.started_at = time.monotonic()
        self.children.append(child)

    async def watch(self) -> None:
        """Start again whatever dies, until cancelled."""
        while True:
            self._wake.clear()
            for child in self.children:
                self._look_after(child, now=time.monotonic())
            due = min((child.due_at for child in self.children if child.process is None), default=None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wake.wait(), None if due is None else max(0.0, due - time.monotonic())
                )

    def _look_after(self, child: Child, *, now: float) -> None:
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            lifeline.kill(child.process)  # what it had started goes with it
            child.process = None
            self._died(child, how_it_ended(code), now=now)
        if child.due_at > now:
            return
        child.started_at = now
        try:
            child.process = child.start()
        except (AppError, OSError) as error:
            self._died(child, f"could not be started: {error}", now=now)

    def _died(self, child: Child, how: str, *, now: float) -> None:
        child.deaths = 1 if now - child.started_at >= WELL_S else child.deaths + 1
        pause = pause_after(child.deaths)
        child.due_at = now + pause
        self._tell(f"{child.name} {how.rstrip('.')}; it is started again in {pause:g} s.")

    async def stop(self) -> None:
        """Ask all to stop, those that are needed by others last, and end who does not in time."""
        staged = sorted(self.children, key=lambda child: child.stage)
        for stage, group in groupby(staged, key=lambda child: child.stage):
            await self._stop(list(group), within_s=STOP_S[stage])

    async def _stop(self, children: Sequence[Child], *, within_s: float) -> None:
        processes = {child.name: child.process for child in children if child.process is not None}
        for process in processes.values():
            lifeline.ask_to_stop(process)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and not self._hurry.is_set():
            if all(process.poll() is not None for process in processes.values()):
                break
            await asyncio.sleep(LOOK_S)
        for name, process in processes.items():
            if process.poll() is None:
                self._tell(f"{name} did not stop in time and was ended.")
            lifeline.kill(process)
