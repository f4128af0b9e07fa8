"""The commands that ask the API which runs: each is one question, its answer lines for people or JSON for scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from app import asking
from app.asking import Answer
from app.environment import settings_of
from app.own_api import OwnApi

questions = typer.Typer()

Address = Annotated[
    str | None, typer.Option("--api", help="Where the API is.", show_default="as run.json says")
]
Key = Annotated[str | None, typer.Option("--key", help="An API key.", show_default="the first admin key")]
Json = Annotated[bool, typer.Option("--json", help="The API's own answer, for scripts.")]


@questions.command(short_help="Make an integration what a file says.")
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


@questions.command(short_help="Check connections: is each account well, and if not, why?")
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


@questions.command(short_help="Ask the source for changes now, instead of at the next interval.")
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


@questions.command(short_help="Show what would become of one record, without writing.")
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


@questions.command(short_help="Bring records about once more: some, all that failed, or all of a flow.")
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
    not written again. After mending what stood in the way, `replay --failed` clears the list. Nobody gets a mail for
    an old sale: it goes without its status, unless it came within the last seven days, while its flow was on, and failed.
    """
    if not (delivery or flow or failed):
        raise typer.BadParameter("say which: numbers of deliveries, --failed, or --flow")
    _ask(
        lambda to: asking.replay(to, delivery or [], flow=flow, failed=failed),
        api=api,
        key=key,
        as_json=as_json,
    )


@questions.command(short_help="Bring a flow's history: begin, watch, stop, go on.")
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


@questions.command(short_help="Compare both sides of a flow: what differs, and heal it.")
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


@questions.command(short_help="Sums of sales per day, branch, VAT code and account, at both sides.")
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


@questions.command(short_help="Take back what a flow did in a time.")
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
