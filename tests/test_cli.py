"""The commands as a terminal sees them: real processes, their words and their exit codes."""

from __future__ import annotations

import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.cli import main
from tests.processes import Start, answers, free_port, processes, said

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with processes(tmp_path) as starting:
        yield starting


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a short command in this process: its exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **env: str) -> tuple[int, str, str]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"VAR_DIR": str(tmp_path / "var"), **env}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["python -m app", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_without_a_command_it_lists_them(command: Command) -> None:
    code, out, err = command()

    assert 2 == code
    assert "" == out
    for name in ["up", "serve", "work", "sandbox", "migrate", "check", "preview", "replay", "poll"]:
        assert f"\n  {name} " in err


def test_a_mistyped_command_is_told_apart_from_a_failure(start: Start) -> None:
    code, _, err = said(start("migrat"))

    assert 2 == code
    assert "No such command 'migrat'" in err


def test_migrate_makes_the_database_and_can_be_repeated(command: Command, tmp_path: Path) -> None:
    first, again = command("migrate", SANDBOX="0"), command("migrate", SANDBOX="0")
    file = tmp_path / "var" / "data.sqlite3"

    assert (0, f"The database is up to date: sqlite+aiosqlite:///{file}\n", "") == first == again
    with sqlite3.connect(file) as db:
        assert (1,) == db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'deliveries'").fetchone()


def test_what_is_tried_out_stays_apart(command: Command, tmp_path: Path) -> None:
    command("migrate")

    assert ["data.sqlite3"] == [one.name for one in (tmp_path / "var" / "demo").iterdir()]


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"PORT": "80000"}, "PORT cannot be used: input should be less than or equal to 65535."),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL cannot be used: must begin with postgresql:// or sqlite:///."),
        (
            {"DATABASE_URL": "postgres://shop:hunter2@127.0.0.1:1/shop"},
            "The database postgresql+asyncpg://shop:***@127.0.0.1:1/shop cannot be reached:",
        ),
        ({"VAR_DIR": "/proc/nowhere"}, "The folder /proc/nowhere/demo cannot be made: No such file or directory."),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(command: Command, env: dict[str, str], sentence: str) -> None:
    code, out, err = command("migrate", **env)

    assert (1, "") == (code, out)
    assert err.startswith(sentence)
    assert 1 == err.count("\n")
    assert "hunter2" not in err


def test_serve_without_redis_says_where_to_get_one(command: Command) -> None:
    assert (
        1,
        "",
        "No Redis is known to this process. Set REDIS_URL, or start everything with `python -m app up`, which brings its own.\n",
    ) == command("serve")


def test_a_taken_port_is_one_sentence(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = command("serve", PORT=str(port), REDIS_URL="redis://127.0.0.1:1")
        also = command("sandbox", "mailchimp", MAILCHIMP_SANDBOX_PORT=str(port))

    assert (1, "") == told[:2] == also[:2]
    assert told[2].startswith(
        f"Port {port} is taken by another program. Stop what uses it, or choose another: PORT="
    )
    assert f"another: MAILCHIMP_SANDBOX_PORT={port + 1000 if port < 64000 else 9000}.\n" in also[2]


def test_serve_answers_and_stops(start: Start) -> None:
    port = free_port()
    said(start("migrate"))
    process = start("serve", PORT=str(port), REDIS_URL="redis://127.0.0.1:1")
    answer = answers(f"http://127.0.0.1:{port}/openapi.json")
    process.send_signal(signal.SIGTERM)
    code, out, err = said(process)

    assert (200, "Till to audience") == (answer.status_code, answer.json()["info"]["title"])
    assert (-signal.SIGTERM, "") == (code, out)
    assert "Traceback" not in err


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_sandbox_goes_on_where_it_was(start: Start, tmp_path: Path, how: signal.Signals) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}/_sandbox"

    def once(*arguments: str) -> int:
        process = start("sandbox", "mplus", "--life", "0", *arguments, MPLUS_SANDBOX_PORT=str(port))
        answers(url + "/state")
        httpx.post(
            url + "/actions/edit_relation", json={"relationNumber": 1, "name": "Noor Visser"}
        ).raise_for_status()
        marker = int(httpx.get(url + "/state").json()["markers"]["relationSyncMarker"])
        process.send_signal(how)
        assert (0, "") == said(process)[:2]
        return marker

    assert [21, 22, 31] == [once("--size", "20"), once(), once("--forget", "--size", "30")]
    assert ["mplus.state"] == [one.name for one in (tmp_path / "var" / "demo").iterdir()]


def test_a_sandbox_that_cannot_remember_says_so_and_keeps_the_file(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "demo"
    folder.mkdir(parents=True)
    (folder / "mplus.state").write_bytes(b"of another world")
    process = start(
        "sandbox", "mplus", "--size", "3", "--life", "0", MPLUS_SANDBOX_PORT=str(port := free_port())
    )
    relations = answers(f"http://127.0.0.1:{port}/_sandbox/state").json()["relations"]
    process.send_signal(signal.SIGTERM)
    code, _, err = said(process)

    assert (0, 3) == (code, len(relations))
    assert "starts anew, because" in err
    assert b"of another world" == (folder / "mplus.state.old").read_bytes()
