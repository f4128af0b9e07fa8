"""What the flow of the other way wrote is told from what a person did there (feature T9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from app.connectors.base import Document, Found, Gone
from app.pipeline.counterflow import Counterflow
from app.pipeline.echoes import AGAIN_MS, postpone, recognise, stands_since
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish
from app.records.decision import Archive, Put
from app.store.deliveries import Claimed
from app.store.targets import Target
from app.translation import Plan
from tests.machine.toys import SEALER
from tests.pipeline.wishes import hashed, row

WRITTEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Person(BaseModel):
    changed_at: datetime | None = None


def item(
    *, position: int | None = None, changed_at: datetime | None = None, document: Document | None = None
) -> Item:
    """A record that was read; one wish about it."""
    claimed = Claimed(1, "7", 1, 0, 0, "poll", None, 0, False, None)
    wish = Wish("customer", "k", "a@x", put=Put("customer", "a@x", Person()))
    return Item(
        claimed,
        fetched=Found("7", document or {}, position=position),
        plan=Plan(record=Person(changed_at=changed_at)),
        wishes=[wish],
    )


@pytest.mark.parametrize(
    ("marker", "read", "expected"),
    [
        ("12", {"position": 11}, -1),
        ("12", {"position": 12}, 0),
        ("12", {"position": 13}, 1),
        ("12", {"changed_at": WRITTEN}, None),
        (WRITTEN.isoformat(), {"changed_at": WRITTEN - timedelta(seconds=1)}, -1),
        (WRITTEN.isoformat(), {"changed_at": WRITTEN}, 0),
        (WRITTEN.isoformat(), {"changed_at": WRITTEN + timedelta(seconds=1)}, 1),
        (WRITTEN.isoformat(), {"position": 12}, None),
        ("long ago", {"changed_at": WRITTEN}, None),
        ("²", {"position": 2}, None),
    ],
)
def test_how_what_was_read_compares_with_the_write(
    marker: str, read: dict[str, Any], expected: int | None
) -> None:
    read_as = item(**read)
    assert read_as.plan is not None

    assert expected == stands_since(marker, read_as, read_as.plan)


def test_what_is_gone_cannot_be_compared() -> None:
    gone = replace(item(position=12), fetched=Gone("7"))

    assert None is stands_since("12", gone, Plan())


@dataclass
class Till:
    """A source that is a target as well."""

    recognises: bool = True

    def target(self, kind: str) -> Any:
        return self if self.recognises else object()

    def shown(self, document: Document) -> Document:
        return document


def route(**source: bool) -> Route:
    back = Counterflow("back", links={"PHONE": frozenset({"phone"})})
    return Route(
        db=None, sealer=SEALER, flow_id="f", record_kind="customer", source_connection_id="till",  # type: ignore[arg-type]
        target_connection_id="list", source_account="till", target_account="list", source=Till(**source),  # type: ignore[arg-type]
        target=None, translation=None, direction="till→list", against=(back,),  # type: ignore[arg-type]
    )  # fmt: skip


def beside(**more: Any) -> Target:
    return row(**{"hashes": hashed(phone="06"), "facts": {"marker": "12"}, **more})


@pytest.mark.parametrize(
    ("position", "known", "expected"),
    [
        (12, {}, {"PHONE"}),
        (13, {}, set()),
        (11, {}, set()),
        (12, {"facts": {}}, set()),
        (12, {"state": "archived"}, set()),
        (12, {"in_doubt": True}, set()),
        (12, {"hashes": hashed(phone="07")}, set()),
        (12, {"key": "another"}, set()),
        (12, {"kind": "other"}, set()),
    ],
)
def test_a_field_that_still_shows_the_other_flows_last_write_echoes(
    position: int, known: dict[str, Any], expected: set[str]
) -> None:
    read = item(position=position, document={"phone": "06"})
    recognise(route(), read, [beside(**known)])

    assert expected == read.wishes[0].echoed
    assert 1 == len(read.beside)


def test_only_what_is_to_be_written_and_only_of_a_source_that_tells() -> None:
    read, quiet = item(position=12, document={"phone": "06"}), item(position=12, document={"phone": "06"})
    read.wishes[0].put, read.wishes[0].archive = None, Archive("customer", "k", "left")
    recognise(route(), read, [beside()])
    recognise(route(recognises=False), quiet, [beside()])

    assert [frozenset(), frozenset()] == [read.wishes[0].echoed, quiet.wishes[0].echoed]


@pytest.mark.parametrize("position", [11, 12])
async def test_what_was_read_before_the_other_flow_wrote_is_read_again(position: int) -> None:
    read = item(position=position)
    read.beside = (beside(),)
    await postpone(route(), [read])

    early = position == 11
    assert (AGAIN_MS if early else 0, not early) == (read.again_ms, bool(read.wishes))


async def test_but_not_where_nothing_is_to_be_written() -> None:
    nothing, away = item(position=11), item(position=11)
    nothing.wishes = []
    away.wishes[0].put, away.wishes[0].archive = None, Archive("customer", "k", "left")
    for each in (nothing, away):
        each.beside = (beside(),)
    await postpone(route(), [nothing, away])

    assert [0, 0] == [nothing.again_ms, away.again_ms]
