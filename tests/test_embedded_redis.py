"""The Redis of our own: private, lasting, and gone when we are."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from redis import Redis

from app.embedded_redis import embedded_redis


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


def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom app.embedded_redis import embedded_redis\n"
        "with embedded_redis(Path(sys.argv[1])) as url:\n    print(url, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30
    )
    url = parent.stdout.strip()

    with embedded_redis(tmp_path) as again, Redis.from_url(again) as client:
        alone = client.client_list()

    assert url.startswith("unix://")
    assert 1 == len(alone)
