"""Everything at once, as a newcomer starts it: from an empty folder to a whole audience, to the end, and on again."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.sandbox.mplus.relationseed import BROKEN
from tests.processes import Start, processes, said

FREE = {"PORT": "0", "MPLUS_SANDBOX_PORT": "0", "MAILCHIMP_SANDBOX_PORT": "0"}
CALM = {**FREE, "DEMO_LIFE_S": "0"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with processes(tmp_path) as starting:
        yield starting


class Running:
    """One ``up`` that runs: its words so far, its run.json, and what it started."""

    def __init__(self, process: subprocess.Popen[str], var: Path) -> None:
        self.process = process
        self.block = self._until_it_runs()
        self.file = var / "run.json"
        self.run: dict[str, Any] = json.loads(self.file.read_text())
        self.children = psutil.Process(process.pid).children(recursive=True)
        self.api = httpx.Client(
            base_url=f"{self.run['api_url']}/api/v1",
            headers={"Authorization": f"Bearer {self.run['admin_api_key']}"},
            timeout=30,
        )

    def _until_it_runs(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C stops everything"):
                return "".join(lines)
        raise AssertionError(self.process.communicate()[1])

    def state(self, which: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(
            f"{self.run[f'{which}_sandbox_url']}/_sandbox/state", timeout=30
        ).json()
        return found

    def operations(self) -> dict[str, int]:
        """What was asked of Mailchimp in this run."""
        url = f"{self.run['mailchimp_sandbox_url']}/_sandbox/requests?last=1"
        found: dict[str, int] = httpx.get(url, timeout=30).json()["operations"]
        return found

    def members(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.state("mailchimp")["accounts"][0]["audiences"][0]["members"]
        return found

    def flow(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/flows/{self.run['flow_id']}").raise_for_status().json()
        return found

    def edit(self, **fields: Any) -> None:
        url = f"{self.run['mplus_sandbox_url']}/_sandbox/actions/edit_relation"
        httpx.post(url, json=fields, timeout=30).raise_for_status()

    def end(self, how: signal.Signals) -> float:
        """Seconds until it and everything it started are gone."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        took = time.monotonic() - began
        self.api.close()
        assert [] == [child for child in self.children if child.is_running()]
        return took


def until(holds: Callable[[], bool], *, within_s: float = 120) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.2)


def reachable(till: dict[str, Any]) -> set[str]:
    """Addresses of a seeded shop that a member can be made of: of active relations, and none of those that cannot be one."""
    addresses = {
        person["email"].lower()
        for relation in till["relations"].values()
        if relation["active"]
        for person in (relation, *relation.get("contactList", []))
        if person.get("email")
    }
    return addresses - set(BROKEN)


def test_a_first_start_fills_the_audience_and_the_next_goes_on(start: Start, tmp_path: Path) -> None:
    one = Running(start("up", **CALM), tmp_path / "var")
    run = one.run
    shop = one.state("mplus")
    until(lambda: one.flow()["deliveries"] == {"settled": 200})
    first, flow, subscriptions = one.members(), one.flow(), one.state("mplus")["subscriptions"]
    [pasted] = [line for line in one.block.splitlines() if "curl" in line]
    _, _, header, url = shlex.split(pasted)
    attempts = httpx.get(url, headers=[tuple(header.split(": "))], timeout=30)  # type: ignore[list-item]
    took = one.end(signal.SIGINT)

    assert 0o600 == stat.S_IMODE(one.file.stat().st_mode)
    assert run["admin_api_key"] in one.block
    assert (200, 5) == (attempts.status_code, len(attempts.json()["items"]))
    assert all(run[f"{name}_url"] in one.block for name in ("api", "mplus_sandbox", "mailchimp_sandbox"))
    assert {"integration_id", "flow_id", "connection_ids", "sandbox_accounts"} <= run.keys()
    assert 200 == len(shop["relations"])
    assert reachable(shop) == set(first)
    assert {"subscribed", "transactional"} == {member["status"] for member in first.values()}
    assert "running" == flow["state"]
    assert 0 == flow["outcomes"].get("quarantined", 0)
    assert [f"{run['api_url']}/webhooks/mplus"] == [
        hook["endpoint_url"].rsplit("/", 1)[0] for hook in subscriptions
    ]
    assert (0, True) == (one.process.returncode, took < 5), took

    two = Running(start("up", **CALM), tmp_path / "var")
    cursor = two.flow()["cursor"]
    two.edit(relationNumber=1, name="Noor Visser")
    until(lambda: two.flow()["cursor"] != cursor and two.flow()["deliveries"] == {"settled": 200})
    changed = {
        email
        for email, member in two.members().items()
        if member["merge_fields"] != first[email]["merge_fields"]
    }
    written = sum(
        count
        for name, count in two.operations().items()
        if name.startswith("member.") and not name.endswith(".get")
    )
    integrations = two.api.get("/integrations").json()
    took = two.end(signal.SIGTERM)

    assert [shop["relations"]["1"]["email"].lower()] == sorted(changed)
    assert 1 == written
    assert ["int_demo"] == [each["id"] for each in integrations]
    assert (0, True) == (two.process.returncode, took < 5), took


def test_real_accounts_need_no_sandbox(start: Start, tmp_path: Path) -> None:
    one = Running(start("up", SANDBOX="0", **CALM), tmp_path / "var")
    missing = one.api.get("/integrations").json()
    refused = one.api.post(
        "/connections",
        json={
            "system": "mplus",
            "name": "Till",
            "settings": {"base_url": "http://127.0.0.1:1"},
            "credentials": {"ident": "x", "secret": "y"},
        },
    )
    one.end(signal.SIGTERM)

    assert {"api_url", "admin_api_key", "connection_ids"} == one.run.keys()
    assert [] == missing
    assert 422 == refused.status_code
    assert (
        "No PUBLIC_URL is set: nothing can be pushed here, and polling alone does the work (every 30 s)."
        in one.block
    )
    assert "_sandbox" not in one.block


def test_a_taken_port_stops_it_before_anything_is_started(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = said(start("up", **{**CALM, "MAILCHIMP_SANDBOX_PORT": port}))

    assert (1, "") == (code, out)
    assert err.startswith(
        f"Port {port} is taken by another program. Stop what uses it, or choose another: MAILCHIMP_SANDBOX_PORT="
    )
    assert 1 == err.count("\n")
    assert ["up.lock"] == [one.name for one in (tmp_path / "var").iterdir()]


def test_two_of_them_never_share_a_folder(start: Start, tmp_path: Path) -> None:
    one = Running(start("up", SANDBOX="0", **CALM), tmp_path / "var")
    told = said(start("up", SANDBOX="0", **CALM))
    one.end(signal.SIGTERM)

    assert (
        1,
        "",
        f"Another one of us runs with the files in {tmp_path / 'var'} already. "
        "Stop that one first, or choose another folder: VAR_DIR=…\n",
    ) == told


def test_it_can_be_stopped_while_it_starts(start: Start, tmp_path: Path) -> None:
    process = start("up", **CALM)
    until(lambda: len(psutil.Process(process.pid).children()) >= 2)
    children = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, out, _ = said(process)

    assert (0, "Stopped. The next start goes on where it was.\n") == (code, out)
    assert time.monotonic() - began < 5
    assert [] == [child for child in children if child.is_running()]


@pytest.mark.chaos
def test_whoever_is_killed_comes_back_and_the_rest_is_moved(start: Start, tmp_path: Path) -> None:
    one = Running(start("up", **CALM), tmp_path / "var")
    until(lambda: one.flow()["deliveries"] == {"settled": 200})
    supervisor = psutil.Process(one.process.pid)
    killed = {" ".join(child.cmdline()[2:5]): child for child in supervisor.children()}
    for child in killed.values():
        os.kill(child.pid, signal.SIGKILL)
    until(lambda: len([each for each in supervisor.children() if each.status() != psutil.STATUS_ZOMBIE]) >= 5)
    one.children = supervisor.children(recursive=True)
    one.edit(relationNumber=1, name="Noor Visser")
    address = one.state("mplus")["relations"]["1"]["email"].lower()
    until(lambda: one.members()[address]["merge_fields"]["LNAME"] == "Visser")
    took = one.end(signal.SIGINT)

    assert 5 == len(killed)
    assert took < 5


@pytest.mark.chaos
def test_nothing_outlives_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    one = Running(start("up", **CALM), tmp_path / "var")
    one.process.kill()
    until(lambda: not any(child.is_running() for child in one.children), within_s=15)

    again = Running(start("up", **CALM), tmp_path / "var")
    until(lambda: again.flow()["deliveries"] == {"settled": 200})
    again.end(signal.SIGTERM)
