"""Everything at once, on one machine: Redis, the sandboxes, the API and a worker, kept alive until somebody says stop.

What can be wrong is found before anything is started: settings, a second one of us, ports, the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
from redis.asyncio import Redis

from app import demo, lifeline
from app.connectors.limits import nobody_holds_yet
from app.embedded_redis import start_redis
from app.errors import AdministratorError
from app.keyring import hash_of, keyring
from app.own_api import OwnApi
from app.ports import base_url, open_port
from app.run_file import AudienceAccount, RunFile, SandboxAccounts, TillAccount
from app.settings import Settings
from app.store.session import migrate
from app.supervisor import Child, Supervisor
from app.welcome import welcome

log = structlog.get_logger("up")

READY_S = 60.0
SERVERS, SANDBOXES, REDIS = 0, 1, 2
"""Stages of stopping: the worker and the API need the others until they have ended."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The ports, opened before anything starts. They stay open while a process is started again: callers wait."""

    api: socket.socket
    mplus: socket.socket | None
    mailchimp: socket.socket | None

    def close(self) -> None:
        """Close what we hold of them."""
        for one in (self.api, self.mplus, self.mailchimp):
            if one is not None:
                one.close()


async def up(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. ``say`` prints. Raises AppError when it cannot start."""
    supervisor = Supervisor(tell=log.warning)
    with supervisor.signals(), _alone(settings.var_dir), contextlib.closing(_opened(settings)) as doors:
        async with _stopped_at_the_end(supervisor):
            starting = asyncio.create_task(_start(supervisor, settings, doors, say))
            watching = asyncio.create_task(supervisor.watch())
            stopping = asyncio.create_task(supervisor.stop_asked.wait())
            try:
                await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                await stopping
            finally:
                for task in (starting, watching, stopping):
                    task.cancel()
                await asyncio.gather(starting, watching, stopping, return_exceptions=True)
    say("Stopped. The next start goes on where it was.")


@contextlib.asynccontextmanager
async def _stopped_at_the_end(supervisor: Supervisor) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await supervisor.stop()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two of us would write the same files. The lock goes with our process, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise AdministratorError(
            f"The folder {folder} cannot be used: {error.strerror}.",
            advice="Choose another one: VAR_DIR=…",
            code="folder_unusable",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AdministratorError(
            f"Another one of us runs with the files in {folder} already.",
            advice="Stop that one first, or choose another folder: VAR_DIR=…",
            code="already_running",
        ) from None
    try:
        yield
    finally:
        os.close(lock)


def _opened(settings: Settings) -> Doors:
    """All ports, or the first one that cannot be had."""
    opened: list[socket.socket] = []
    wanted = [("PORT", settings.port)]
    if settings.sandbox:
        wanted += [
            ("MPLUS_SANDBOX_PORT", settings.mplus_sandbox_port),
            ("MAILCHIMP_SANDBOX_PORT", settings.mailchimp_sandbox_port),
        ]
    try:
        for name, port in wanted:
            opened.append(open_port(settings.host, port, setting=name))
    except AdministratorError:
        for one in opened:
            one.close()
        raise
    return Doors(opened[0], *(opened[1:] if settings.sandbox else (None, None)))


async def _start(
    supervisor: Supervisor, settings: Settings, doors: Doors, say: Callable[[str], None]
) -> None:
    """Start everything, wait until it answers, make the demo, and tell."""
    key = keyring(settings).admin_api_key
    settings.data_dir.mkdir(exist_ok=True, mode=0o700)
    redis_url = settings.redis_url or await _own_redis(supervisor, settings)
    await asyncio.to_thread(migrate, settings.database, keyed_hash=hash_of(settings))
    run = RunFile(api_url=base_url(doors.api), admin_api_key=key)
    env = _environment(settings, redis_url=redis_url, api_url=run.api_url)
    if doors.mplus is not None and doors.mailchimp is not None:
        run.mplus_sandbox_url, run.mailchimp_sandbox_url = base_url(doors.mplus), base_url(doors.mailchimp)
        run.sandbox_accounts = _accounts(run.mplus_sandbox_url, run.mailchimp_sandbox_url)
        _add(supervisor, "till sandbox", ["sandbox", "mplus"], env, door=doors.mplus, stage=SANDBOXES)
        _add(
            supervisor,
            "Mailchimp sandbox",
            ["sandbox", "mailchimp"],
            env,
            door=doors.mailchimp,
            stage=SANDBOXES,
        )
    _add(supervisor, "API", ["serve"], env, door=doors.api)
    _add(supervisor, "worker", ["work"], env)
    run.write(settings.var_dir)  # also when what follows fails: scripts can look at it
    await _answering(run)
    if run.sandbox_accounts is not None:
        async with OwnApi(run.api_url, key) as api:
            found = await demo.ensure(api, run.sandbox_accounts, public_url=env["PUBLIC_URL"].rstrip("/"))
        if found is not None:
            run.integration_id, run.flow_id = found.integration_id, found.flow_id
            run.connection_ids = found.connection_ids
    path = run.write(settings.var_dir)
    say(welcome(run, settings, path=path))


async def _own_redis(supervisor: Supervisor, settings: Settings) -> str:
    folder = settings.data_dir / "redis"
    first = start_redis(folder)

    def again() -> subprocess.Popen[bytes]:
        return start_redis(folder).process

    supervisor.add(Child("Redis", again, stage=REDIS, process=first.process))
    if first.fresh:
        async with Redis.from_url(first.url) as redis:
            await nobody_holds_yet(redis, prefix=settings.key_prefix)
    return first.url


def _add(
    supervisor: Supervisor,
    name: str,
    arguments: list[str],
    env: Mapping[str, str],
    *,
    door: socket.socket | None = None,
    stage: int = SERVERS,
) -> None:
    handed = () if door is None else (door.fileno(),)
    command = [sys.executable, "-m", "app", *arguments, *(["--fd", str(handed[0])] if handed else [])]
    supervisor.add(Child(name, lambda: lifeline.start(command, env=env, pass_fds=handed), stage=stage))


def _environment(settings: Settings, *, redis_url: str, api_url: str) -> dict[str, str]:
    """What the processes get beside our own environment: what was found here, and never a secret of ours."""
    env = {
        **os.environ,
        "VAR_DIR": str(settings.var_dir.resolve()),
        "SANDBOX": "1" if settings.sandbox else "0",
        "REDIS_URL": redis_url,
    }
    if settings.sandbox and settings.public_url is None:
        env["PUBLIC_URL"] = api_url  # the sandboxes are on this machine, and reach it
    if settings.public_url is not None:
        env["PUBLIC_URL"] = str(settings.public_url)
    return env


def _accounts(mplus_url: str, mailchimp_url: str) -> SandboxAccounts:
    """What the sandboxes are opened with; they are the same in every installation, and open nothing else."""
    return SandboxAccounts(
        mplus=TillAccount(base_url=mplus_url, ident="sandbox", secret="sandbox-secret"),  # noqa: S106
        mailchimp=AudienceAccount(
            base_url=f"{mailchimp_url}/3.0",
            api_key="0123456789abcdef0123456789abcdef-us6",
            list_id="a1b2c3d4e5",
        ),
    )


async def _answering(run: RunFile) -> None:
    """Wait until all servers answer. Their ports are open already, so a request waits with them."""
    paths = {
        "API": f"{run.api_url}/healthz",
        "till sandbox": f"{run.mplus_sandbox_url}/_sandbox/faults",
        "Mailchimp sandbox": f"{run.mailchimp_sandbox_url}/_sandbox/faults",
    }
    if run.sandbox_accounts is None:
        paths = {"API": paths["API"]}
    await asyncio.gather(*(_answers(name, url) for name, url in paths.items()))


async def _answers(name: str, url: str) -> None:
    deadline = asyncio.get_running_loop().time() + READY_S
    async with httpx.AsyncClient(timeout=READY_S, trust_env=False) as http:
        while True:
            try:
                await http.get(url)
                return
            except httpx.HTTPError:
                if asyncio.get_running_loop().time() > deadline:
                    raise AdministratorError(
                        f"The {name} did not answer within {READY_S:g} seconds.",
                        advice="The lines above say what it was busy with.",
                        code="not_started",
                    ) from None
            await asyncio.sleep(0.2)
