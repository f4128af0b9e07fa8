"""Processes that are kept alive: started again after a death, with growing pauses, and all gone in a few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from app import lifeline, supervisor
from app.errors import AdministratorError
from app.supervisor import Child, Supervisor, how_it_ended, pause_after

SLEEPS = "import time; time.sleep(600)"


def python(code: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: lifeline.start([sys.executable, "-c", code], silent=True)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
async def kept(told: list[str]) -> AsyncIterator[Supervisor]:
    """A supervisor that watches; whatever it keeps is ended at the end."""
    one = Supervisor(tell=told.append)
    with one.signals():
        task = asyncio.create_task(one.watch())
        yield one
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        one._asked_to_stop()
        one._asked_to_stop()
        await one.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_pauses_grow_up_to_a_bound() -> None:
    assert [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] == [pause_after(deaths) for deaths in range(1, 9)]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "was ended by SIGKILL"),
        (-99, "was ended by signal 99"),
    ],
)
def test_an_end_in_words(code: int, words: str) -> None:
    assert words == how_it_ended(code)


async def test_who_is_killed_comes_back_and_it_is_said_once(kept: Supervisor, told: list[str]) -> None:
    child = Child("worker", python(SLEEPS))
    kept.add(child)
    first = child.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: child.alive and child.process is not first)

    assert ["worker was ended by SIGKILL; it is started again in 0.5 s."] == told
    assert 1 == child.deaths


async def test_who_dies_at_once_is_started_ever_more_seldom(
    kept: Supervisor, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    kept.add(Child("api", python("raise SystemExit(3)")))
    await until(lambda: len(told) >= 3)

    assert [
        f"api ended with exit code 3; it is started again in {pause} s." for pause in ("0.01", "0.02", "0.04")
    ] == told[:3]


async def test_who_lived_long_begins_with_a_short_pause_again(
    kept: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "WELL_S", 0.0)
    child = Child("api", python(SLEEPS), deaths=5)
    kept.add(child)
    assert child.process is not None
    child.process.kill()
    await until(lambda: child.process is None)

    assert 1 == child.deaths


async def test_a_start_that_fails_later_is_tried_again(
    kept: Supervisor, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    answers: list[Callable[[], subprocess.Popen[bytes]]] = [
        python(SLEEPS),
        _refuses,
        _refuses,
        python(SLEEPS),
    ]
    child = Child("Redis", lambda: answers.pop(0)())
    kept.add(child)
    assert child.process is not None
    child.process.kill()
    await until(lambda: not answers and child.alive)

    assert [
        "Redis was ended by SIGKILL; it is started again in 0.01 s.",
        "Redis could not be started: The folder is full; it is started again in 0.02 s.",
        "Redis could not be started: The folder is full; it is started again in 0.04 s.",
    ] == told


def _refuses() -> subprocess.Popen[bytes]:
    raise AdministratorError("The folder is full.")


async def test_a_first_start_that_fails_is_not_repeated(kept: Supervisor) -> None:
    with pytest.raises(AdministratorError, match="full"):
        kept.add(Child("Redis", _refuses))

    assert [] == kept.children


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_word_to_stop_is_heard(kept: Supervisor, number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    await asyncio.wait_for(kept.stop_asked.wait(), 5)


async def test_stages_stop_one_after_another(told: list[str], tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\nfrom pathlib import Path\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        "def end(*_):\n    time.sleep(0.2)\n    log.open('a').write(sys.argv[1] + '\\n')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nlog.open('a').write('ready\\n')\ntime.sleep(600)\n"
    )
    one = Supervisor(tell=told.append)
    for name, stage in (("sandbox", 1), ("worker", 0), ("api", 0)):
        one.add(
            Child(
                name,
                lambda name=name: lifeline.start([sys.executable, "-c", code, name], silent=True),  # type: ignore[misc]
                stage,
            )
        )
    await until(lambda: (tmp_path / "log").exists() and 3 == (tmp_path / "log").read_text().count("ready"))
    await one.stop()
    ended = (tmp_path / "log").read_text().split()[3:]

    assert {"worker", "api"} == set(ended[:2])
    assert ["sandbox"] == ended[2:]
    assert [] == told


async def test_who_does_not_listen_is_ended(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_S", (0.3, 0.3, 0.3))
    one = Supervisor(tell=told.append)
    one.add(Child("worker", lambda: _deaf()))
    await one.stop()

    assert ["worker did not stop in time and was ended."] == told
    assert [False] == [child.alive for child in one.children]


def _deaf() -> subprocess.Popen[bytes]:
    """A process that surely ignores the word by the time it is stopped."""
    reading, writing = os.pipe()
    code = f"import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.write({writing}, b'x'); time.sleep(600)"
    process = lifeline.start([sys.executable, "-c", code], pass_fds=(writing,), silent=True)
    os.read(reading, 1)
    os.close(reading)
    os.close(writing)
    return process


@pytest.mark.parametrize("linux", [True, False])
def test_a_process_ends_with_a_parent_that_is_killed(linux: bool, tmp_path: Path) -> None:
    if linux and not lifeline.LINUX:
        pytest.skip("needs Linux")
    code = (
        "import os, signal, sys\nfrom app import lifeline\n"
        f"lifeline.LINUX = {linux}\n"
        f"lifeline.start([sys.executable, '-c', {SLEEPS!r}, sys.argv[1]])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], timeout=60, check=False)

    assert [] == _waited_for(lambda: _with_argument(str(tmp_path)))


@pytest.mark.parametrize("linux", [True, False])
def test_the_shell_beside_it_tells_how_it_ended(linux: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "LINUX", linux)
    process = lifeline.start([sys.executable, "-c", "raise SystemExit(7)"])
    with process:
        assert 7 == process.wait(timeout=30)


@pytest.mark.parametrize("linux", [True, False])
def test_open_files_are_handed_on(linux: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "LINUX", linux)
    pairs = [os.pipe() for _ in range(3)]
    handed = [writing for _, writing in pairs]
    code = f"import os\nfor fd in {handed}: os.write(fd, str(fd).encode())"
    process = lifeline.start([sys.executable, "-c", code], pass_fds=handed)
    with process:
        assert 0 == process.wait(timeout=30)

    assert [str(fd).encode() for fd in handed] == [os.read(reading, 9) for reading, _ in pairs]
    for pair in pairs:
        for fd in pair:
            os.close(fd)


@pytest.mark.parametrize("linux", [True, False])
def test_what_is_stopped_is_gone(linux: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lifeline, "LINUX", linux)
    process = lifeline.start([sys.executable, "-c", SLEEPS, str(tmp_path)])
    assert [] != _with_argument(str(tmp_path))
    lifeline.stop(process, within_s=10)

    assert [] == _waited_for(lambda: _with_argument(str(tmp_path)))


def _with_argument(word: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if word in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def _waited_for(look: Callable[[], list[int]]) -> list[int]:
    """What is seen when it is empty, or after a while."""
    deadline = time.monotonic() + 10
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
