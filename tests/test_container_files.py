"""The container files say what the code can do: commands that exist, settings that are known, nobody who is root.

There is no engine here; what they would start is started outside, with the same environment, on a real PostgreSQL.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from sqlalchemy.engine import make_url

from app.cli import cli
from app.settings import Settings
from app.store import workers
from app.store.session import Database
from tests.conftest import POSTGRES, _postgres_do
from tests.processes import ROOT, answers, free_port, processes, said

OURS = ("migrate", "api", "worker")
GIVEN = re.compile(r"\$\{(\w+):-([^}]*)\}")
DEMANDED = re.compile(r"\$\{(\w+):\?([^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions by stage, continued lines joined."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M))
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def image_environment(stages: list[list[tuple[str, str]]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for word, rest in stages[-1] if word == "ENV" for pair in rest.split())


def test_the_services_are_what_is_promised(compose: dict[str, Any]) -> None:
    assert {"postgres", "redis", *OURS} == set(compose["services"])
    assert 2 == compose["services"]["worker"]["deploy"]["replicas"]
    assert "--appendonly yes" in " ".join(compose["services"]["redis"]["command"])


def test_every_command_exists(compose: dict[str, Any], stages: list[list[tuple[str, str]]]) -> None:
    commands = typer.main.get_command(cli).commands  # type: ignore[attr-defined]

    assert [["migrate"], ["serve"], ["work"]] == [compose["services"][name]["command"] for name in OURS]
    assert {"migrate", "serve", "work"} <= set(commands)
    assert ("ENTRYPOINT", '["python", "-m", "app"]') in stages[-1]
    assert ("CMD", '["serve"]') == stages[-1][-1]


def test_every_setting_is_known(compose: dict[str, Any], stages: list[list[tuple[str, str]]]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    of_python = {name for name in image_environment(stages) if name == "PATH" or name.startswith("PYTHON")}

    assert set() == image_environment(stages).keys() - known - of_python
    for name in OURS:
        assert set() == compose["services"][name]["environment"].keys() - known


def test_migrate_comes_first(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert {"postgres": {"condition": "service_healthy"}} == services["migrate"]["depends_on"]
    for name in ("api", "worker"):
        assert {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        } == services[name]["depends_on"]


def test_it_is_reached_from_this_machine_alone(compose: dict[str, Any]) -> None:
    published = {name: one.get("ports", []) for name, one in compose["services"].items()}

    assert ["127.0.0.1:${PORT:-8000}:8000"] == published.pop("api")
    assert [[]] * 4 == list(published.values())


def test_whatever_is_mounted_is_declared(compose: dict[str, Any]) -> None:
    mounted = {one.split(":")[0] for each in compose["services"].values() for one in each.get("volumes", [])}

    assert set(compose["volumes"]) == mounted


def test_no_secret_stands_in_a_file_and_no_image_floats(
    compose: dict[str, Any], stages: list[list[tuple[str, str]]]
) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|SECRET", name):
                assert DEMANDED.fullmatch(value) or GIVEN.fullmatch(value), name
    images = [one["image"] for one in compose["services"].values() if "build" not in one]
    images += [rest.split()[0] for stage in stages for word, rest in stage if word == "FROM"]
    assert [] == [image for image in images if not re.search(r":\d", image)]


def test_the_image_is_built_in_two_stages_and_runs_as_nobody(stages: list[list[tuple[str, str]]]) -> None:
    words = [[word for word, _ in stage] for stage in stages]
    copied = [rest.split() for word, rest in stages[-1] if word == "COPY"]

    assert 2 == len(stages)
    assert "--require-hashes" in dict(stages[0])["RUN"]
    assert ("USER", "10001") in stages[-1]
    assert words[-1].index("USER") > max(at for at, word in enumerate(words[-1]) if word in ("COPY", "RUN"))
    assert [
        ["--from=build", "/opt/venv", "/opt/venv"],
        ["migrations/", "migrations/"],
        ["app/", "app/"],
    ] == copied


def test_only_what_the_image_needs_goes_to_the_builder(stages: list[list[tuple[str, str]]]) -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    wanted = {f"!{line[1:]}" for line in ignored if line.startswith("!")}
    needed = {
        f"!{rest.split()[0].rstrip('/')}"
        for stage in stages
        for word, rest in stage
        if word == "COPY" and not rest.startswith("--from")
    }

    assert "*" == ignored[0]
    assert needed == wanted
    assert all((ROOT / name[1:]).exists() for name in wanted)


@pytest.mark.skipif(POSTGRES is None, reason="needs PostgreSQL")
async def test_what_it_starts_runs_outside(
    compose: dict[str, Any], stages: list[list[tuple[str, str]]], tmp_path: Path, redis_url: str
) -> None:
    assert POSTGRES is not None
    name, port = f"t2a_compose_{secrets.token_hex(4)}", free_port()
    url = make_url(POSTGRES).set(database=name)
    await _postgres_do(f'CREATE DATABASE "{name}"')
    given = {
        variable: GIVEN.sub(r"\2", value)
        for variable, value in compose["services"]["api"]["environment"].items()
    }
    env = image_environment(stages) | given
    env |= {
        "DATABASE_URL": url.set(drivername="postgresql").render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "VAR_DIR": str(tmp_path / "keys"),
        "PORT": str(port),
        "KEY_PREFIX": name,
    }
    for variable in ("PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
        env.pop(variable)
    try:
        with processes(tmp_path) as start:
            migrated = await asyncio.to_thread(said, start("migrate", **env))
            running = [start("serve", **env), start("work", **env), start("work", **env)]
            answer = await asyncio.to_thread(answers, f"http://127.0.0.1:{port}/openapi.json")
            alive = await _workers(url.render_as_string(hide_password=False), 2)
            began = time.monotonic()
            for process in running:
                process.send_signal(signal.SIGTERM)
            codes = [(await asyncio.to_thread(said, process))[0] for process in running]
            took = time.monotonic() - began
    finally:
        await _postgres_do(f'DROP DATABASE "{name}" WITH (FORCE)')

    assert (0, "") == (migrated[0], migrated[2])
    assert (200, 2) == (answer.status_code, alive)
    assert [-signal.SIGTERM, 0, 0] == codes
    assert took < 10  # the grace that compose gives


async def _workers(url: str, wanted: int) -> int:
    """How many workers report, once there are as many as wanted."""
    db = Database(url)
    try:
        async with asyncio.timeout(60):
            while True:
                async with db.read() as conn:
                    found = len(await workers.listed(conn, clock=db.clock))
                if found >= wanted:
                    return found
                await asyncio.sleep(0.1)
    finally:
        await db.close()
