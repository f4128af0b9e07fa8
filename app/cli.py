"""``python -m app``: everything that can be started or asked from a terminal.

Each command opens the one room it needs; those that ask the API that runs stand in :mod:`app.questions`. What goes wrong is said in one sentence and what to do in another; the exit code
is 1 then, and 2 when the command itself was mistyped.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any

import typer

from app.environment import settings_of
from app.errors import AdministratorError, AppError
from app.log import configure_logging
from app.questions import questions
from app.settings import Settings

cli = typer.Typer(
    name="python -m app",
    help=(
        "Keeps MplusKASSA and Mailchimp in step.\n\n"
        "Start everything with `up`. In production run `migrate` once, then `serve` and one or more `work` side by side. "
        "`check`, `preview`, `replay`, `poll`, `compare`, `undo` and `apply` talk to the API that runs."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.add_typer(questions)

Handed = Annotated[int | None, typer.Option("--fd", hidden=True)]  # an open port, from the supervisor


class Server(StrEnum):
    """A sandbox server."""

    mplus = "mplus"
    mailchimp = "mailchimp"


def main() -> None:
    """Run a command; an error of ours is a sentence, not a traceback."""
    try:
        cli()
    except AppError as error:
        typer.echo(
            f"{error.detail} {error.advice}".strip()
            if isinstance(error, AdministratorError)
            else error.detail,
            err=True,
        )
        sys.exit(1)


@cli.command("up", short_help="Start everything: sandboxes, API, worker.")
def start_all() -> None:
    """Start everything on this machine and keep it alive: a Redis of its own unless REDIS_URL is set, a pretend till and a
    pretend Mailchimp unless SANDBOX=0, the API, and one worker.

    The first start makes a demo that runs. Ctrl-C stops everything within five seconds; the next start goes on where it was.
    Other ports: PORT, MPLUS_SANDBOX_PORT, MAILCHIMP_SANDBOX_PORT. Another folder: VAR_DIR.
    """
    from app.up import up

    settings = settings_of()
    configure_logging(format=settings.log_format, level=settings.log_level, role="up")
    asyncio.run(up(settings, say=typer.echo))
    gc.freeze()


@cli.command(short_help="Run the API alone.")
def serve(fd: Handed = None) -> None:
    """Run the API: webhooks in, REST under /api/v1, /healthz, /readyz, /metrics.

    Reads HOST, PORT, DATABASE_URL and REDIS_URL from the environment. Nothing moves without a worker: see `work`.
    """
    import uvicorn

    from app.http_protocol import BriskProtocol
    from app.ports import open_port

    settings = _needing_redis(settings_of())
    listener = (
        socket.socket(fileno=fd)
        if fd is not None
        else open_port(settings.host, settings.port, setting="PORT")
    )
    configure_logging(format=settings.log_format, level=settings.log_level, role="api")
    server = uvicorn.Server(
        uvicorn.Config(
            "app.main:from_environment",
            factory=True,
            http=BriskProtocol,
            log_config=None,
            access_log=False,  # paths hold webhook tokens
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


@cli.command(short_help="Run one worker.")
def work() -> None:
    """Run one worker: polls, delivers, keeps house. Run as many as you like side by side.

    It stops on SIGTERM or Ctrl-C once the batches under way have ended; a killed one loses nothing either.
    """
    from app.worker.main import run

    settings = _needing_redis(settings_of())
    configure_logging(format=settings.log_format, level=settings.log_level, role="worker")
    _loop(run(settings))


@cli.command(short_help="Run a pretend MplusKASSA or a pretend Mailchimp.")
def sandbox(
    server: Annotated[Server, typer.Argument(help="Which of the two.")],
    size: Annotated[int, typer.Option(help="Relations that a new till is filled with.", min=0)] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop.")] = 1,
    life: Annotated[
        float | None,
        typer.Option(help="Seconds between edits in it; 0 for none.", min=0, show_default="DEMO_LIFE_S"),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Start empty, and remember nothing at the end.")
    ] = False,
    fd: Handed = None,
) -> None:
    """Run a pretend MplusKASSA or a pretend Mailchimp, to try everything against.

    Each has a page at /_sandbox/ that shows what is inside, lets you act as a cashier or a subscriber, and orders faults. It
    goes on where it was at its last end; with `--forget` it starts anew.
    """
    from app.ports import open_port
    from app.sandbox.running import run

    settings = settings_of()
    port = {"mplus": settings.mplus_sandbox_port, "mailchimp": settings.mailchimp_sandbox_port}[server]
    variable = f"{server.upper()}_SANDBOX_PORT"
    listener = (
        socket.socket(fileno=fd) if fd is not None else open_port(settings.host, port, setting=variable)
    )
    configure_logging(format=settings.log_format, level=settings.log_level, role=f"sandbox-{server}")

    import structlog

    log = structlog.get_logger("sandbox")
    _loop(
        run(
            server,
            listener=listener,
            memory=None if forget else settings.data_dir / f"{server}.state",
            size=size,
            seed=seed,
            life_s=settings.demo_life_s if life is None else life,
            told=lambda what: log.info("sandbox.told", what=what),
        )
    )


@cli.command(short_help="Bring the database's schema up to date.")
def migrate() -> None:
    """Bring the database's schema up to date. Safe to repeat; run it before a new version of `serve` and `work`."""
    from app.keyring import hash_of
    from app.store.session import migrate as bring_up_to_date
    from app.store.session import shown

    settings = settings_of()
    bring_up_to_date(settings.database, keyed_hash=hash_of(settings))
    typer.echo(f"The database is up to date: {shown(settings.database)}")


def _needing_redis(settings: Settings) -> Settings:
    if settings.redis_url is None:
        raise AdministratorError(
            "No Redis is known to this process.",
            advice="Set REDIS_URL, or start everything with `python -m app up`, which brings its own.",
            code="redis_missing",
        )
    return settings


def _loop(main: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        if sys.platform == "win32":
            asyncio.run(main)
        else:
            import uvloop

            uvloop.run(main)
    gc.freeze()  # at the exit Python would search all of this for cycles, for a third of a second
