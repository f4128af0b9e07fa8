"""``python -m app``: everything that can be started or asked from a terminal.

Each command opens the one room it needs. What goes wrong is said in one sentence and what to do in another; the exit code
is 1 then, and 2 when the command itself was mistyped.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app import asking
from app.asking import Answer
from app.errors import AdministratorError, AppError
from app.log import configure_logging
from app.own_api import OwnApi
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

Handed = Annotated[int | None, typer.Option("--fd", hidden=True)]  # an open port, from the supervisor


Address = Annotated[
    str | None, typer.Option("--api", help="Where the API is.", show_default="as run.json says")
]
Key = Annotated[str | None, typer.Option("--key", help="An API key.", show_default="the first admin key")]
Json = Annotated[bool, typer.Option("--json", help="The API's own answer, for scripts.")]


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


def settings_of(**given: Any) -> Settings:
    """The settings of the environment. Raises AdministratorError naming the variable that cannot be used."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        name = str(first["loc"][0]).upper() if first["loc"] else "The environment"
        raise AdministratorError(
            f"{name} cannot be used: {said[0].lower()}{said[1:]}.",
            advice="Change it in the environment or in .env.",
            code="setting_unusable",
        ) from None


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


@cli.command(short_help="Make an integration what a file says.")
def apply(
    file: Annotated[Path | None, typer.Argument(help="A YAML file, as the API exports it.")] = None,
    template: Annotated[
        str | None, typer.Option(help="A shipped one instead: newsletter, receipts-only, shop.")
    ] = None,
    left: Annotated[
        str | None, typer.Option(help="The connection to take for the file's left one, by id.")
    ] = None,
    right: Annotated[
        str | None, typer.Option(help="The connection to take for the file's right one, by id.")
    ] = None,
    check_only: Annotated[bool, typer.Option("--check", help="Only tell what it would change.")] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Create what is missing and change what differs, so that the integration of that name is what the file says, and tell
    each thing that was done. The second time it changes nothing. New flows are paused; nothing is removed.

    Connections must be there already, since a file holds no credentials; they are found by system and name.
    """
    if (file is None) == (template is None):
        raise typer.BadParameter("name a file, or --template")
    _ask(
        lambda to: asking.apply(to, file, template=template, left=left, right=right, check_only=check_only),
        api=api,
        key=key,
        as_json=as_json,
    )


@cli.command(short_help="Check connections: is each account well, and if not, why?")
def check(
    connection: Annotated[
        list[str] | None, typer.Argument(help="Ids of connections; all when none is given.")
    ] = None,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Ask the other systems now: does the address lead there, is the key right, may it do what it must?

    Each connection gets one sentence, and what to do where something is wrong. A passing check lets go on what waited. The
    exit code is 1 when any is broken, so that a script can watch it.
    """
    _ask(lambda to: asking.check(to, connection or []), api=api, key=key, as_json=as_json)


@cli.command(short_help="Ask the source for changes now, instead of at the next interval.")
def poll(
    flow: Annotated[
        list[str] | None, typer.Argument(help="Ids of flows; all that run when none is given.")
    ] = None,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Let running flows ask their source for changes at once, and deliver what is due."""
    _ask(lambda to: asking.poll(to, flow or []), api=api, key=key, as_json=as_json)


@cli.command(short_help="Show what would become of one record, without writing.")
def preview(
    record: Annotated[
        str | None,
        typer.Argument(help="Its number at the source, or an e-mail address; without one a sample."),
    ] = None,
    flow: Annotated[str | None, typer.Option(help="The flow, where there are several.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The source's fields and the record in the middle as well.")
    ] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show what would become of one record, and why: what it would make or change at the target, field by field, which rules
    fire, or the reason why it stays here. Nothing is written anywhere. It shows a person's data, so it needs an admin key.
    """
    _ask(lambda to: asking.preview(to, record, flow=flow, full=full), api=api, key=key, as_json=as_json)


@cli.command(short_help="Bring records about once more: some, all that failed, or all of a flow.")
def replay(
    delivery: Annotated[list[int] | None, typer.Argument(help="Numbers of deliveries.")] = None,
    flow: Annotated[str | None, typer.Option(help="Only of this flow; alone: everything of it.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed and waits for somebody.")
    ] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Read records at the source again and bring them about, whatever became of them before. What is equal at the target is
    not written again. After mending what stood in the way, `replay --failed` clears the list.
    """
    if not (delivery or flow or failed):
        raise typer.BadParameter("say which: numbers of deliveries, --failed, or --flow")
    _ask(
        lambda to: asking.replay(to, delivery or [], flow=flow, failed=failed),
        api=api,
        key=key,
        as_json=as_json,
    )


@cli.command(short_help="Bring a flow's history: begin, watch, stop, go on.")
def backfill(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    since: Annotated[
        str | None, typer.Option(help="Sales from that moment on: 2025-01-01T00:00:00+01:00.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Or so many of the newest.")] = None,
    mails: Annotated[
        str | None, typer.Option(help="quiet or without_status: how it causes no mails. Needed to begin.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop; what was brought stays.")] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on where it was stopped.")] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Bring what was there before an orders flow began, behind what happens in the shop meanwhile. Without an option it says
    how far it is. With `--mails quiet` the whole store holds its notices back until it is done.
    """
    if (since is not None or count is not None) and mails is None:
        raise typer.BadParameter("say how it causes no mails: --mails quiet, or --mails without_status")
    _ask(
        lambda to: asking.backfill(to, flow, since=since, count=count, mails=mails, stop=stop, go_on=go_on),
        api=api,
        key=key,
        as_json=as_json,
    )


@cli.command(short_help="Compare both sides of a flow: what differs, and heal it.")
def compare(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    heal: Annotated[bool, typer.Option("--heal", help="Bring about again what differs.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Only show the newest comparison, that of the night for instance.")
    ] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Compare both sides of a flow now, and name every record that was missed, or that somebody changed or deleted at the
    target. Nothing is written, unless with `--heal`. The exit code is 1 when something differs and is not healed.
    """
    _ask(lambda to: asking.compare(to, flow, heal=heal, show=show), api=api, key=key, as_json=as_json)


@cli.command(short_help="Sums of sales per day, branch, VAT code and account, at both sides.")
def sums(
    flow: Annotated[str, typer.Argument(help="A flow of the till's sales.")],
    first: Annotated[
        str | None, typer.Option(help="The first financial day: 2026-03-01.", show_default="of last month")
    ] = None,
    last: Annotated[str | None, typer.Option(help="The last one.", show_default="of the month")] = None,
    api: Address = None,
    key: Key = None,
) -> None:
    """Print, as CSV for the accountant, what the till's books say and what stands in the store, and why they differ."""
    _ask(lambda to: asking.sums(to, flow, first=first, last=last), api=api, key=key, as_json=False)


@cli.command(short_help="Take back what a flow did in a time.")
def undo(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    since: Annotated[
        str | None, typer.Option(help="All that it did from then on: 2026-03-02T09:00:00+01:00.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Up to then; until now where it is not said.")] = None,
    trigger: Annotated[
        list[str] | None,
        typer.Option(help="Only what this asked for: backfill, poll, webhook, ... May be said twice."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes to what it says. The flow must be paused.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop; what was taken back stays so.")] = False,
    api: Address = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say what would be taken back, and with `--yes` do so: what the flow made is archived, hidden, set inactive or cancelled;
    values that it wrote over come back where it keeps them (`keep_before_days`). What cannot be taken back, an invoice for
    instance, is named. Without `--since` it says how far the newest undo is.
    """
    if (yes or until or trigger) and since is None:
        raise typer.BadParameter("say from when on: --since 2026-03-02T09:00:00+01:00")
    _ask(
        lambda to: asking.undo(
            to, flow, since=since, until=until, triggers=trigger or (), yes=yes, stop=stop
        ),
        api=api,
        key=key,
        as_json=as_json,
    )


def _ask(
    question: Callable[[OwnApi], Awaitable[Answer]], *, api: str | None, key: str | None, as_json: bool
) -> None:
    async def ask() -> Answer:
        async with asking.api_of(settings_of(), address=api, key=key) as to:
            return await question(to)

    answer = asyncio.run(ask())
    typer.echo(json.dumps(answer.json, indent=2, ensure_ascii=False) if as_json else "\n".join(answer.lines))
    if not answer.well:
        raise typer.Exit(1)


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
