"""The forecast of a flow's first writes: what it would create and update, by consent; whom the bill would count; which mails go out.

It pages through the source from where the flow would begin, or looks through it where nobody tells what changed, and rehearses
every page. Nothing is written, nothing is remembered. Bounded by records and by time: a shop too large to look through in one request gets the first part counted,
and is told so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from app.connectors.base import Fetched, Scans, WritesToPeople
from app.pipeline.reading import read_page, read_these
from app.pipeline.rehearsal import Act, Rehearsed, rehearse
from app.pipeline.route import Route
from app.store.targets import Key

MOST_RECORDS = 5_000
MOST_SECONDS = 25.0
PAGE = 500
SHOWN_TAGS = 5


@dataclass(slots=True)
class Forecast:
    """Counts. ``complete`` is False when the source holds more than was looked at.

    ``contacts`` are those that the target counts on its bill now, None where it counts none; ``added`` how many more there
    would be. ``confirmations`` are mails that ask people to confirm, ``welcomes`` the most there can be of welcome mails,
    ``tagged`` how many people would newly get each tag, ``loud`` those of them who get a mail if an automation starts on it:
    what is read as history starts none.
    """

    records: int = 0
    create: int = 0
    update: int = 0
    archive: int = 0
    unchanged: int = 0
    create_without_consent: int = 0
    update_without_consent: int = 0
    created_by_consent: Counter[str] = field(default_factory=Counter)
    updated_by_consent: Counter[str] = field(default_factory=Counter)
    contacts: int | None = None
    added: int = 0
    confirmations: int = 0
    welcomes: int = 0
    tagged: Counter[str] = field(default_factory=Counter)
    loud: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    complete: bool = True

    @property
    def writes(self) -> int:
        """Records that would be written at the target."""
        return self.create + self.update + self.archive

    @property
    def tag_mails(self) -> int:
        """The most mails there can be that tags start."""
        return self.loud.total()

    def asks(self, *, above: int, limit: int | None) -> list[str]:
        """Why a person must say yes before the first write; empty where nobody needs to."""
        found: list[str] = []
        if self.writes > above:
            found.append(f"It would write {self.writes} records, which is more than {above}.")
        if self.confirmations:
            found.append(f"Mailchimp would ask {self.confirmations} people by mail to confirm.")
        if self.welcomes:
            found.append(f"Up to {self.welcomes} welcome mails would go out, if such an automation is on.")
        if self.loud:
            many = f" and {len(self.loud) - SHOWN_TAGS} more" if len(self.loud) > SHOWN_TAGS else ""
            names = ", ".join(f"{name!r} ({count})" for name, count in self.loud.most_common(SHOWN_TAGS))
            found.append(
                f"Up to {self.tag_mails} mails would go out, if an automation starts on these tags: {names}{many}."
            )
        if limit is not None and self.contacts is not None and self.contacts + self.added > limit:
            found.append(
                f"There would be {self.contacts + self.added} contacts, and your plan has room for {limit}."
            )
        if not self.complete:
            found.append("The source holds more than could be looked at in one go.")
        return found


async def forecast(
    route: Route,
    *,
    since: int,
    history: bool = False,
    most_records: int = MOST_RECORDS,
    most_seconds: float = MOST_SECONDS,
    page_size: int = PAGE,
) -> Forecast:
    """Count what the flow would do with everything from position ``since`` on. Raises what either side raises.

    ``history``: it is read as such, quietly, as a poll does that begins before everything, or is more than a page behind.
    """
    told, taken, seen = Forecast(), set[Key](), set[str]()
    if isinstance(route.target, WritesToPeople):
        told.contacts = await route.target.contacts(route.record_kind)
    loop = asyncio.get_running_loop()
    ends = loop.time() + most_seconds
    scanned = isinstance(route.source, Scans) and route.record_kind in route.source.scanned
    pages = _looked_through(route, since, page_size) if scanned else _paged(route, since, page_size)
    async with aclosing(pages):
        async for fetched, more in pages:
            news = [answer for answer in fetched if answer.ref not in seen]
            news.sort(
                key=lambda answer: (len(answer.ref), answer.ref)
            )  # the lowest number keeps a shared key
            seen |= {answer.ref for answer in news}
            history = history or more
            for one in await rehearse(route, news, taken=taken, backfill=history):
                _count(told, one)
                _count_beside(told, one, route)
            if more and (told.records >= most_records or loop.time() >= ends):
                told.complete = False
                break
    return told


Pages = AsyncGenerator[tuple[Sequence[Fetched], bool], None]
"""Records, and whether there are more."""


async def _paged(route: Route, since: int, size: int) -> Pages:
    position = since
    while True:
        page = await route.source.changes(route.record_kind, since=position, limit=size)
        more = page.more and page.position >= position
        yield await read_page(route.reader(), page, whole=not route.parts), more
        if not more:
            return
        position = page.position + 1


async def _looked_through(route: Route, since: int, size: int) -> Pages:
    """What a look at everything would ask for: from the beginning all of it, else what came about since that moment."""
    assert isinstance(route.source, Scans)
    if since > await route.db.now() / 1000:
        return  # a flow that begins with this very moment has nothing behind it
    waiting: list[str] = []
    async for page in route.source.scan(route.record_kind, route.places):
        waiting += [
            each.ref for each in page if since <= 1 or (each.at is not None and each.at.timestamp() >= since)
        ]
        while len(waiting) > size:
            part, waiting = waiting[:size], waiting[size:]
            yield await read_these(route.reader(), part), True
    yield await read_these(route.reader(), waiting), False


def _count(told: Forecast, one: Rehearsed) -> None:
    told.records += 1
    if one.error is not None:
        told.failed[one.error.code] += 1
        return
    decision = one.plan.decision if one.plan is not None else None
    if decision is not None and decision.skip is not None:
        told.skipped[decision.skip.code] += 1
    if one.waits:
        told.skipped["waits"] += 1
    if one.needs_yes:
        told.skipped["needs_yes"] += 1
    for act in one.acts:
        unsure = act.consent is not None and act.consent != "yes"
        if act.action == "create":
            told.create += 1
            told.create_without_consent += unsure
            _by_consent(told.created_by_consent, act)
        elif act.action == "update":
            told.update += 1
            told.update_without_consent += unsure
            _by_consent(told.updated_by_consent, act)
        elif act.action in ("archive", "delete"):
            told.archive += 1
        elif act.action == "unchanged":
            told.unchanged += 1
        else:
            told.skipped[act.code or "left"] += 1


def _by_consent(counts: Counter[str], act: Act) -> None:
    if act.consent is not None:
        counts[act.consent] += 1


def _count_beside(told: Forecast, one: Rehearsed, route: Route) -> None:
    """Contacts and mails: what a write brings about that is no record of ours."""
    if not isinstance(route.target, WritesToPeople):
        return
    for act in one.acts:
        if told.contacts is not None and act.kind == route.record_kind:
            # An archived contact stays one of the audience's; only what is erased is none any more.
            told.added += {"create": 1, "delete": -1}.get(act.action, 0)
        for change in act.changes:
            mails = route.target.mails(change)
            told.confirmations += mails.confirmations
            told.welcomes += mails.welcomes
            told.tagged.update(mails.tags)
            told.loud.update(mails.tags if mails.tag_mails else ())
