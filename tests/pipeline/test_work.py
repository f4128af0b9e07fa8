"""What is worked out for one target record before anything is sent: what is known to be so already, and what the steps are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.connectors.base import Applied, Change, Desired, Existing, Leave
from app.pipeline.work import (
    canonical,
    elements,
    facts_of,
    is_unchanged,
    prepare,
    wanted,
    without,
)
from app.records.decision import Archive, Carried, Put
from app.sealing import Sealer
from tests.machine.toys import SEALER
from tests.pipeline.wishes import Person, hashed, moving, prepared, row, wish

# --- what is so already --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "of_row", "expected"),
    [
        ({}, {}, True),
        ({"put": None}, {}, False),
        ({"makes_for": wish()}, {}, False),
        ({"moves_from": ("customer", "before")}, {}, False),
        ({"vanished": frozenset({"lines[1]"})}, {}, False),
        ({"emptied": frozenset({"phone"})}, {}, False),
        ({"carries": {("variant", "v"): Carried("variant", "V", "V")}}, {}, False),
        ({"row": None}, {}, False),
        ({}, {"state": "archived"}, False),
        ({}, {"in_doubt": True}, False),
        ({}, {"holder": "another"}, False),
        ({}, {"hashes": hashed(name="B")}, False),
        ({}, {"hashes": {}}, False),
        ({"put": Put("customer", "a@x", Person(), facts={"status": "paid"})}, {}, False),
        ({"put": Put("customer", "a@x", Person(), facts={"marker": "7"})}, {}, True),
    ],
)
def test_nothing_is_sent_where_it_is_surely_so(
    more: dict[str, Any], of_row: dict[str, Any], expected: bool
) -> None:
    there = row(**{"hashes": hashed(name="A", phone="1"), "facts": {"marker": "7"}, **of_row})
    each = wish({"name": "A"}, **{"row": there, "written": hashed(name="A"), **more})

    assert expected == is_unchanged(each, held_by_us=False)


def test_what_we_hold_ourselves_may_be_compared() -> None:
    each = wish({"name": "A"}, row=row(hashes=hashed(name="A"), holder="us"), written=hashed(name="A"))

    assert (True, True, False) == (
        is_unchanged(each, held_by_us=True),
        is_unchanged(each, held_by_us=False, believe_held=True),
        is_unchanged(each, held_by_us=False),
    )


@pytest.mark.parametrize(
    ("more", "of_row", "expected"),
    [
        ({}, {}, {"phone"}),
        ({}, {"state": "archived"}, None),
        ({}, {"in_doubt": True}, None),
        ({}, {"hashes": {}}, None),
        ({"row": None}, {}, None),
        ({"moves_from": ("customer", "before")}, {}, None),
    ],
)
def test_what_differs_is_told_where_it_is_known(
    more: dict[str, Any], of_row: dict[str, Any], expected: set[str] | None
) -> None:
    there = row(**{"hashes": hashed(name="A", phone="1"), **of_row})

    assert expected == prepared(wish({"name": "A", "phone": "2"}, **{"row": there, **more})).changed


def test_a_wish_is_done_when_all_of_its_calls_came_back() -> None:
    call = Change()
    good: dict[str, Any] = {"planned": True, "changes": (call, call), "applied": [Applied(), Applied()]}
    broken: list[dict[str, Any]] = [
        {"planned": False},
        {"error": ValueError()},
        {"left": Leave("left", "It stays.")},
        {"applied": [Applied()]},
    ]

    assert [True, False, False, False, False] == [wish(**good | each).done for each in ({}, *broken)]


# --- what the steps are told ---------------------------------------------------------------------------------------


def test_fields_go_by_their_mode_and_by_whether_the_record_is_there() -> None:
    modes: dict[str, Any] = {"made": "create", "later": "update", "gap": "if_empty"}
    desired = Desired({"made": 1, "later": 2, "gap": 3}, modes=modes)
    found = Existing("7", document={"gap": ""})

    assert [{"made", "gap"}, {"later"}, {"later"}, {"later", "gap"}] == [
        {*prepared(wish(desired=desired, **more)).document}
        for more in (
            {"row": row(state="archived")},
            {"row": row()},
            {"existing": replace(found, whole=False)},
            {"existing": found},
        )
    ]


def test_what_is_said_is_hashed_anew_when_it_changes() -> None:
    each = wish({"name": "A"})
    prepare(each, sealer=SEALER, options={})
    each.desired = Desired({"name": "B"})
    prepare(each, sealer=SEALER, options={})

    assert hashed(name="B") == each.written


@pytest.mark.parametrize(("partial", "expected"), [(False, {"lines[1]"}), (True, set[str]())])
def test_what_is_no_longer_told_of_is_vanished_unless_only_some_parts_are_told(
    partial: bool, expected: set[str]
) -> None:
    desired = Desired({"lines": [{"id": 2, "price": 1}]}, scopes={"lines": "id"})
    there = row(hashes={"lines[1].price": "h", "lines[2].price": "h"})
    put = Put("customer", "a@x", Person(), partial=partial)

    assert expected == prepared(wish(desired=desired, row=there, put=put)).vanished


def test_what_is_told_of_no_more_is_to_be_emptied_also_inside_what_may_be_emptied() -> None:
    desired = Desired({"name": "A"}, emptiable=frozenset({"address", "phone"}))
    known = row(hashes=dict.fromkeys(("address.zip", "phone", "note", "name"), "h"))
    found = [wish(desired=desired, row=known), wish(desired=desired), wish(desired=Desired({}), row=known)]
    for each in found:
        prepare(each, sealer=SEALER, options={})

    assert [{"address.zip", "phone"}, set(), set()] == [each.emptied for each in found]


def test_who_moves_is_what_the_record_under_the_old_key_was() -> None:
    old = row(id=2, key="before", remote_id="8", facts={"marker": "9", "maybe_marker": "10"})
    new = row(remote_id=None, state="new", in_doubt=True)
    intent = prepared(wish({"name": "A"}, row=new, old_row=old, moves_from=("customer", "before")))

    assert ("8", "8", {"marker": "9"}, True) == (
        intent.remote_id,
        intent.moves_from_id,
        intent.facts,
        intent.doubtful,
    )
    assert (False, "7", None) == (
        (found := prepared(wish({}, row=row()))).doubtful,
        found.remote_id,
        found.moves_from_id,
    )


@pytest.mark.parametrize(
    ("of_row", "existing", "expected"),
    [
        ({"state": "archived"}, None, {"archived_by_us": "subscribed"}),
        ({}, Existing("7", state="archived"), {"archived_by_us": "subscribed"}),
        ({}, Existing("7"), {}),
        ({"state": "archived", "facts": {"archived_by": "them"}}, None, {}),
        ({"state": "archived", "facts": {"archived_by": "us"}}, None, {"archived_by_us": "unknown"}),
        ({"state": "archived", "owner_ref": "2"}, None, {"archived_by_us": "subscribed", "archived_for_another": True}),
        (
            {"in_doubt": True, "facts": {"maybe_archived_by": "us"}},
            Existing("7", state="archived"),
            {"archived_by_us": "unknown"},
        ),
    ],
)  # fmt: skip
def test_what_we_put_away_ourselves_is_told(
    of_row: dict[str, Any], existing: Existing | None, expected: dict[str, Any]
) -> None:
    there = row(**{"facts": {"archived_by": "us", "status_before": "subscribed"}, **of_row})
    options = prepared(wish({"name": "A"}, row=there, existing=existing)).options

    assert expected == {name: value for name, value in options.items() if name.startswith("archived")}
    assert not any(name.startswith("archived") for name in prepared(wish({"name": "A"})).options)


@pytest.mark.parametrize(
    ("in_doubt", "existing", "expected"),
    [
        (True, Existing("7", state="archived"), {"archived_by": "us", "marker": "1"}),
        (False, Existing("7", state="archived"), {"marker": "1"}),
        (True, Existing("7"), {"marker": "1"}),
        (True, None, {"marker": "1"}),
    ],
)
def test_a_call_whose_answer_was_lost_was_done_where_its_outcome_stands_there(
    in_doubt: bool, existing: Existing | None, expected: dict[str, str]
) -> None:
    there = row(in_doubt=in_doubt, facts={"marker": "1", "maybe_archived_by": "us"})

    assert expected == facts_of(there, existing)


def test_what_is_put_away_is_named_by_its_sealed_key_while_that_can_be_read() -> None:
    archive = Archive("customer", "k", "left")
    sealed = row(natural_sealed=SEALER.seal("a@x"))
    another = Sealer(keys=("Wm8tqYy0V4b3k9e1r7u5i2o6p8a0s3d5f7g9h1j3k5l=",), hash_secret="another")

    def natural(sealer: Sealer, **more: Any) -> str | None:
        each = wish(**{"put": None, "natural": None, "archive": archive, "row": sealed, **more})
        return prepared(each, sealer=sealer).natural

    assert ["a@x", None, None, "b@x", None] == [
        natural(SEALER),
        natural(another),
        natural(SEALER, row=row()),
        natural(SEALER, natural="b@x"),
        natural(SEALER, archive=None),
    ]


def test_what_goes_along_is_lacking_until_it_is_there() -> None:
    parts: dict[Any, Any] = {
        ("variant", key): Carried("variant", key.upper(), key.upper()) for key in ("a", "b", "c")
    }
    rows = [row(kind="variant", key="a"), row(kind="variant", key="b", state="archived")]
    intent = prepared(wish({}, carries={**parts, ("image", "i"): None}, carried=rows))

    assert {("variant", "B"), ("variant", "C")} == intent.lacking


# --- looking -------------------------------------------------------------------------------------------------------


def test_what_is_looked_up_goes_by_the_remote_id_that_it_kept() -> None:
    linked = Put("customer", "a@x", Person(), linked="5")

    assert ["8", "7", "5", "7", None] == [
        wanted(each).remote_id
        for each in (moving(), wish(row=row()), wish(put=linked), wish(put=linked, row=row()), wish())
    ]


def test_a_whole_record_is_read_where_its_fields_count() -> None:
    filling = Desired({}, modes={"phone": "if_empty"})
    each = wish({"phone": "1"})
    prepare(each, sealer=SEALER, options={})
    weighing, keeping = wish({}), wish({})
    prepare(weighing, sealer=SEALER, options={"both_ways": True})
    prepare(keeping, sealer=SEALER, options={"keep_before_days": 7})

    left, erased = (wish(put=None, archive=Archive("customer", "k", why)) for why in ("address_left", "gone"))

    assert [False, True, True, True, True, True, False, True, False] == [
        wanted(each).whole,
        wanted(each, whole=True).whole,
        wanted(wish(desired=filling)).whole,
        wanted(wish(restore={})).whole,
        wanted(weighing).whole,
        wanted(keeping).whole,
        wanted(wish()).whole,
        wanted(left).whole,
        wanted(erased).whole,
    ]


# --- keys, leaves, spellings ---------------------------------------------------------------------------------------


def test_all_keys_of_a_wish_are_reserved_and_all_its_rows_let_go() -> None:
    each = moving(carries={("variant", "v"): None}, holds=(("relation", "r"),))
    each.carried, each.displaced, each.held = [row(id=3)], [row(id=4)], [row(id=5)]

    assert [("customer", "k"), ("customer", "before"), ("variant", "v"), ("relation", "r")] == each.keys
    assert [1, 2, 3, 4, 5] == [each.id for each in each.rows]


def test_elements_of_lists_and_what_is_left_without_them() -> None:
    paths = dict.fromkeys(("name", "lines[1].price", "lines[1].name", "lines[2].price"), "h")

    assert {"lines[1]", "lines[2]"} == elements(paths)
    assert {"name", "lines[2].price"} == without(paths, frozenset({"lines[1]"})).keys()


def test_equal_values_have_one_spelling() -> None:
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    assert ['"1.5"', '"1.5"', '"100"', '"2026-03-02"', '"2026-03-02T09:00:00+00:00"', '{"a":1,"b":"é"}'] == [
        canonical(value)
        for value in (
            Decimal("1.50"),
            Decimal("1.5"),
            Decimal("1E+2"),
            date(2026, 3, 2),
            moment,
            {"b": "é", "a": 1},
        )
    ]
