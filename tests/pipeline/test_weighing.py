"""What somebody edited at the target, and whether a delivery writes over it (features T9, T10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.connectors.base import Desired, Existing, Intent
from app.pipeline.counterflow import Counterflow
from app.pipeline.work import weighs
from app.records.decision import Put
from app.sealing import target_key
from tests.machine.toys import SEALER
from tests.pipeline.wishes import Person, hashed, prepared, row, wish

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)


def weighed(
    document: Mapping[str, Any],
    held: Mapping[str, Any],
    *,
    said: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
    there: Mapping[str, Any] | None = None,
    **more: Any,
) -> Intent:
    """By default the flow says that the target's edits stay."""
    each = wish(
        document,
        row=row(hashes=hashed(**said), **(known or {})),
        existing=Existing("7", document=dict(held), **(there or {})),
        **more,
    )
    return prepared(each, **({"on_conflict": "target_wins"} if options is None else options))


def test_what_was_edited_at_the_target_stays() -> None:
    found = weighed(
        {"phone": "2", "name": "A"}, {"phone": "3", "name": "B"}, said={"phone": "1", "name": "B"}
    )

    assert ({"name": "A"}, frozenset({"phone"})) == (found.document, found.left)


@pytest.mark.parametrize(
    "more",
    [
        {"there": {"whole": False}},
        {"compares": None},
        {"options": {}},
        {"options": {"on_conflict": "source_wins"}},
        {"options": {"both_ways": True}},
        {"known": {"in_doubt": True}, "options": {"on_conflict": "source_wins", "both_ways": True}},
        {"known": {"facts": {"spelled": '{"phone": "%s"}' % hashed(phone="3")["phone"]}}},  # noqa: UP031
        {"formerly": ("3",)},
        {"there": {"changed_at": NOON}, "put": Put("customer", "a@x", Person(changed_at=SOON)), "options": {"on_conflict": "newest"}},
        {"options": {"on_conflict": "newest", "tie": True}},
        {"against": (Counterflow("back", otherwise="target_wins", links={"phone": frozenset({"p"})}),), "options": {"both_ways": True}},
        {"desired": Desired({"phone": "2"}, modes={"phone": "source_wins"})},
    ],
)  # fmt: skip
def test_and_is_written_over(more: dict[str, Any]) -> None:
    found = weighed({"phone": "2"}, {"phone": "3"}, said={"phone": "1"}, **more)

    assert ({"phone": "2"}, frozenset()) == (found.document, found.left)


@pytest.mark.parametrize(
    "more",
    [
        {"there": {"changed_at": SOON}, "put": Put("customer", "a@x", Person(changed_at=NOON)), "options": {"on_conflict": "newest"}},
        {"against": (Counterflow("back", links={"phone": frozenset({"p"})}),), "options": {"both_ways": True}},
        {"echoed": frozenset({"phone"}), "options": {"both_ways": True}},
        {"desired": Desired({"phone": "2"}, modes={"phone": "target_wins"}), "options": {}},
        {"said": {"phone": "3"}, "known": {"facts": {"news": '["phone"]'}}},
        {"said": {"phone": "2"}, "options": {"both_ways": True}},
    ],
)  # fmt: skip
def test_or_stays(more: dict[str, Any]) -> None:
    found = weighed({"phone": "2"}, {"phone": "3"}, **{"said": {"phone": "1"}, **more})

    assert ({}, frozenset({"phone"})) == (found.document, found.left)


def test_a_no_is_said_where_nobody_knows_what_was_said_before() -> None:
    both = {"options": {"both_ways": True}}
    sure = weighed({"vip": False}, {"vip": True}, said={"name": "A"}, **both)
    doubted = weighed({"vip": False}, {"vip": True}, said={"name": "A"}, known={"in_doubt": True}, **both)

    assert ({}, {"vip": False}) == (sure.document, doubted.document)


def test_an_address_is_the_same_in_any_spelling_and_nothing_else_is() -> None:
    found = weighed({"email": "A@X ", "name": "a"}, {"email": "a@x", "name": "A"}, said={"email": "b@x"})

    assert {"name"} == found.left


@pytest.mark.parametrize(("held", "left"), [(" A@X ", False), ("b@x", True), (7, True)])
def test_after_a_lost_answer_an_address_that_stands_as_the_key_says_is_nobodys_edit(
    held: Any, left: bool
) -> None:
    known = {"in_doubt": True, "key": target_key(SEALER, "customer", "a@x")}
    found = weighed({"email": "new@x"}, {"email": held}, said={"email": "a@x"}, known=known)

    assert left == ("email" in found.left)


def test_an_address_that_the_person_had_before_is_nobodys_edit() -> None:
    found = weighed(
        {"email": "new@x"}, {"email": " Old@X ", "age": 4}, said={"email": "other@x"}, formerly=("old@x",)
    )

    assert {"email": "new@x"} == found.document


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"phone"}),
        ({"held": {"phone": "3"}}, set()),
        ({"held": {}}, set()),
        ({"known": {"facts": {"news": '["phone"]'}}}, set()),
        ({"echoed": frozenset({"phone"})}, set()),
        ({"echoed": frozenset({"phone"}), "options": {"both_ways": True, "tie": True}}, {"phone"}),
        ({"held": {"phone": "3"}, "options": {}}, {"phone"}),
        ({"there": {"whole": False}}, set()),
    ],
)
def test_what_became_empty_is_emptied_where_nobody_edited_it(
    more: dict[str, Any], expected: set[str]
) -> None:
    desired = Desired({"name": "A"}, emptiable=frozenset({"phone"}))
    given = {"held": {"phone": "1"}, "options": {"both_ways": True}, **more}
    found = weighed({}, said={"phone": "1", "name": "A"}, desired=desired, **given)

    assert expected == found.emptied


@pytest.mark.parametrize(
    ("options", "modes", "expected"),
    [
        ({}, {}, False),
        ({"on_conflict": "source_wins"}, {"phone": "create"}, False),
        ({"on_conflict": "newest"}, {}, True),
        ({}, {"phone": "if_empty"}, True),
        ({"both_ways": True}, {}, True),
    ],
)
def test_edits_of_the_target_count_by_rule_or_where_flows_go_both_ways(
    options: dict[str, Any], modes: dict[str, Any], expected: bool
) -> None:
    assert expected == weighs(Desired({}, modes=modes), options)
