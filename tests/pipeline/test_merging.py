"""Two sides of one record: which fields the flow leaves as the target has them, and what it remembers of them (features T9, T10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.connectors.base import Mode
from app.pipeline.merging import Merged, Sides, findings, merge, rule_of, strongest, without, without_findings
from app.pipeline.work import canonical

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOON = NOON + timedelta(seconds=1)
COMMON = {"PHONE": "1"}
HERS, HIS = {"PHONE": "2"}, {"PHONE": "3"}


def digest(path: str, value: Any) -> str:
    return f"{path}={canonical(value)}"


def hashes(values: Mapping[str, Any]) -> dict[str, str]:
    return {path: digest(path, value) for path, value in values.items()}


def merged(
    source: Mapping[str, Any],
    target: Mapping[str, Any],
    *,
    said: Mapping[str, Any] = COMMON,
    stood: Mapping[str, Any] | None = None,
    rule: str = "source_wins",
    theirs: str | None = "source_wins",
    both_ways: bool = True,
    **more: Any,
) -> Merged:
    """``said`` and ``stood`` as values. A field named ``CONSENT`` knows no conflict, and letters mean the same in either case."""
    sides = Sides(
        wanted=source, held=target, said=hashes(said), stood=hashes({**said, **(stood or {})}), **more
    )

    def alike(path: str, wanted: Any, held: Any) -> bool | None:
        return None if path == "CONSENT" else str(wanted).lower() == str(held).lower()

    return merge(
        sides, rule=lambda _: rule, theirs=lambda _: theirs, digest=digest, alike=alike, both_ways=both_ways
    )


def outcome(found: Merged) -> str:
    """Who wins, and how that came about."""
    if not found.left:
        assert not found.yielded
        return "source wins" if found.conflicts else "written"
    if not found.conflicts:
        return "the target's news" if found.news else "left"
    return "target wins" if found.yielded else "both stay"


# --- what was edited where -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["source_wins", "target_wins", "newest", "if_empty"])
def test_what_one_side_alone_edited_goes_across_whatever_the_rule(rule: str) -> None:
    late: dict[str, Any] = {"source_at": NOON, "target_at": SOON}

    assert "written" == outcome(merged(HERS, COMMON, rule=rule, theirs=rule, **late))
    assert "the target's news" == outcome(merged(COMMON, HIS, rule=rule, theirs=rule))


@pytest.mark.parametrize(("rule", "expected"), [("source_wins", "written"), ("newest", "the target's news")])
def test_a_flow_that_goes_one_way_leaves_an_edit_at_the_target_by_its_rule(rule: str, expected: str) -> None:
    assert expected == outcome(merged(COMMON, HIS, rule=rule, theirs=None, both_ways=False))


def test_what_the_target_keeps_in_a_spelling_of_its_own_is_nobodys_edit() -> None:
    written, kept = {"NOTE": "a long sentence"}, {"NOTE": "a long"}

    assert "written" == outcome(merged({"NOTE": "another one"}, kept, said=written, stood=kept))
    found = merged(written, kept, said=written, stood=kept)
    assert ("left", hashes(kept)) == (outcome(found), found.spelled)
    assert {"NAME": digest("NAME", "ANNA")} == merged({"NAME": "Anna"}, {"NAME": "ANNA"}).spelled
    assert Merged() == merged(COMMON, COMMON) == merged({"PHONE": None}, {}, said={"PHONE": None})


def test_what_was_met_on_another_occasion_is_weighed_when_the_source_edits_it() -> None:
    """It stood there already when the flow looked last, so by the hashes nobody edited it since."""
    found = merged(HERS, HIS, stood=HIS, rule="target_wins", news=frozenset({"PHONE"}))

    assert ("target wins", frozenset()) == (outcome(found), found.news)
    assert "written" == outcome(merged(HERS, HIS, stood=HIS, rule="target_wins"))


def test_fields_are_weighed_one_by_one_and_an_address_as_a_whole() -> None:
    source = {"ADDRESS.street": "Dam", "ADDRESS.zip": "1", "ADDRESS.lines.1": "x", "NAME": "Anna"}
    target = source | {"ADDRESS.zip": "2"}
    found = merged(source | {"NAME": "Anne"}, target, said=source, rule="target_wins")

    assert (frozenset({"ADDRESS.zip"}), ()) == (found.left, found.conflicts)
    parts = {"street": "Dam", "zip": "1", "city": "Ede"}
    address = {f"merge_fields.ADDRESS.{name}": value for name, value in parts.items()}
    moved = address | {"merge_fields.ADDRESS.street": "Plein"}
    resorted = address | {"merge_fields.ADDRESS.zip": "2"}
    found = merged(moved, resorted, said=address, rule="target_wins")

    assert ("target wins", frozenset({"merge_fields.ADDRESS"})) == (outcome(found), found.left)
    assert hashes(resorted)["merge_fields.ADDRESS.zip"] == found.spelled["merge_fields.ADDRESS.zip"]


def test_a_field_without_conflicts_is_written() -> None:
    found = merged({"CONSENT": "no"}, {"CONSENT": "yes"}, said={"CONSENT": "maybe"}, rule="target_wins")

    assert Merged() == found


@pytest.mark.parametrize(
    ("held", "expected"), [("2", "left"), ("", "written"), (None, "written"), ([], "written")]
)
def test_at_the_first_look_what_stands_there_counts_as_edited_and_nothing_is_told(
    held: Any, expected: str
) -> None:
    found = merged(COMMON, {"PHONE": held}, said={}, rule="target_wins")

    assert (expected, False) == (outcome(found), found.yielded)


# --- a yes or a no -------------------------------------------------------------------------------------------------


def test_nothing_is_a_no_where_a_yes_or_a_no_is_wanted() -> None:
    assert "written" == outcome(merged({"VIP": True}, {}, said={"VIP": False}, rule="target_wins"))
    assert "the target's news" == outcome(merged({"VIP": True}, {}, said={"VIP": True}))


@pytest.mark.parametrize(
    ("wanted", "said", "doubted", "expected"),
    [
        (False, {"OTHER": 1}, False, "the target's news"),  # it was never a yes here: nobody took it away
        (False, {"OTHER": 1}, True, "source wins"),
        (False, {"VIP": True}, False, "written"),
        ("no", {"OTHER": 1}, False, "source wins"),
    ],
)
def test_a_no_that_was_never_a_yes_is_nobodys_edit(
    wanted: Any, said: Mapping[str, Any], doubted: bool, expected: str
) -> None:
    assert expected == outcome(
        merged({"VIP": wanted}, {"VIP": True}, said=said, theirs=None, doubted=doubted)
    )


# --- both edited ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "theirs", "target_newer", "source_newer"),
    [
        ("source_wins", None, "source wins", "source wins"),
        ("target_wins", None, "target wins", "target wins"),
        ("newest", None, "target wins", "source wins"),
        ("if_empty", None, "target wins", "target wins"),
        ("source_wins", "source_wins", "target wins", "source wins"),
        ("source_wins", "target_wins", "source wins", "source wins"),
        ("source_wins", "newest", "target wins", "source wins"),
        ("source_wins", "if_empty", "source wins", "source wins"),
        ("target_wins", "source_wins", "target wins", "target wins"),
        ("target_wins", "target_wins", "both stay", "both stay"),
        ("target_wins", "newest", "target wins", "both stay"),
        ("target_wins", "if_empty", "both stay", "both stay"),
        ("newest", "source_wins", "target wins", "source wins"),
        ("newest", "target_wins", "both stay", "source wins"),
        ("newest", "newest", "target wins", "source wins"),
        ("newest", "if_empty", "both stay", "source wins"),
        ("if_empty", "source_wins", "target wins", "target wins"),
        ("if_empty", "target_wins", "both stay", "both stay"),
        ("if_empty", "newest", "target wins", "both stay"),
        ("if_empty", "if_empty", "both stay", "both stay"),
    ],
)
def test_the_rules_of_both_flows_decide(
    rule: str, theirs: str | None, target_newer: str, source_newer: str
) -> None:
    both: dict[str, Any] = {"rule": rule, "theirs": theirs}

    assert target_newer == outcome(merged(HERS, HIS, source_at=NOON, target_at=SOON, **both))
    assert source_newer == outcome(merged(HERS, HIS, source_at=SOON, target_at=NOON, **both))


@pytest.mark.parametrize("tie", [True, False])
def test_within_one_second_the_till_wins_and_nothing_told_is_long_ago(tie: bool) -> None:
    within = NOON + timedelta(milliseconds=400)
    expected = "source wins" if tie else "target wins"

    assert expected == outcome(merged(HERS, HIS, source_at=NOON, target_at=within, tie=tie))
    assert expected == outcome(merged(HERS, HIS, source_at=within, target_at=NOON, tie=tie))
    assert expected == outcome(merged(HERS, HIS, tie=tie))
    assert "source wins" == outcome(merged(HERS, HIS, source_at=NOON, tie=tie))
    assert "target wins" == outcome(merged(HERS, HIS, target_at=NOON, tie=tie))


def test_only_what_is_empty_is_filled() -> None:
    """The other flow is told of what was not empty, whatever comes after it."""
    source, target = {"NAME": "Anna", "PHONE": "2"}, {"NAME": "Anne", "PHONE": ""}
    found = merged(source, target, said={"NAME": "A", "PHONE": "1"}, rule="if_empty", source_at=NOON)

    assert ("target wins", frozenset({"NAME"}), 2) == (outcome(found), found.left, len(found.conflicts))
    half = {"merge_fields.ADDRESS.street": "", "merge_fields.ADDRESS.zip": "2"}
    source = dict.fromkeys(half, "9")
    found = merged(source, half, said=dict.fromkeys(half, "1"), rule="if_empty", theirs="target_wins")

    assert "both stay" == outcome(found)


def test_a_conflict_is_told_without_what_anybody_typed() -> None:
    noon = NOON.astimezone(timezone(timedelta(hours=1)))
    [told] = merged(HERS, HIS, theirs="target_wins", source_at=noon).conflicts
    [equal] = merged(HERS, HIS, source_at=NOON, target_at=SOON).conflicts

    assert (
        "conflict: PHONE was edited on both sides, and by source_wins against target_wins the source wins "
        '(source PHONE="2 of 2026-03-02T12:00:00+00:00, target PHONE="3 of an unknown time)'
    ) == told
    [neither] = merged(HERS, HIS, rule="target_wins", theirs="target_wins").conflicts
    assert "by source_wins, the newer edit first, the target wins" in equal
    assert "by target_wins both stay" in neither


# --- echoes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "tie", "expected"),
    [(HIS, True, "left"), (HIS, False, "left"), (COMMON, False, "left"), (COMMON, True, "written")],
)
def test_what_came_back_is_no_news(target: Mapping[str, Any], tie: bool, expected: str) -> None:
    """Where nobody edited the target either, both flows wrote at one moment: only the one out of the till goes on."""
    assert expected == outcome(merged(HERS, target, echoed=frozenset({"PHONE"}), tie=tie))


# --- rules, and what is remembered ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ({}, "newest"),
        ({"merge_fields.ADDRESS": "target_wins"}, "target_wins"),
        ({"merge_fields": "if_empty"}, "if_empty"),
        ({"merge_fields": "if_empty", "merge_fields.ADDRESS": "source_wins"}, "source_wins"),
        ({"merge_fields.ADDRESS.zip": "target_wins"}, "target_wins"),
        (
            {"merge_fields.ADDRESS.zip": "if_empty", "merge_fields.ADDRESS.street": "source_wins"},
            "source_wins",
        ),
        ({"merge_fields.ADDRESS": "create"}, "newest"),
        ({"merge_fields.ADDRESS.zip": "always", "merge_fields.ADDRESSES": "target_wins"}, "newest"),
    ],
)
def test_the_rule_of_a_field_is_its_rows(modes: Mapping[str, Mode], expected: str) -> None:
    assert expected == rule_of("merge_fields.ADDRESS", modes, "newest")


def test_of_several_rules_the_one_that_overwrites_most_readily_counts() -> None:
    assert [None, "target_wins", "if_empty", "newest", "source_wins"] == [
        strongest(rules)
        for rules in (
            [None],
            ["target_wins", None],
            ["target_wins", "if_empty"],
            ["if_empty", "newest"],
            ["newest", "source_wins"],
        )
    ]


def test_what_was_found_is_remembered_and_an_earlier_look_forgotten() -> None:
    found = Merged(frozenset({"b", "a"}), frozenset({"a"}), {"a": "h"})
    facts = {"spelled": '{"a": "h"}', "left": '["a", "b"]', "news": '["a"]'}

    assert facts == findings(found)
    assert {} == findings(Merged())
    assert {"marker": "7"} == without_findings(facts | {"marker": "7"})


def test_what_stays_is_taken_out() -> None:
    document = {
        "email": "a@voorbeeld.nl",
        "merge_fields": {"FNAME": "Noor", "ADDRESS": {"addr1": "Dorpsstraat 1", "city": "Utrecht"}},
        "tags": {"Actie 2.0": True, "VIP": True},
        "interests": {"bread": False},
        "empty": {},
    }
    left = frozenset({"merge_fields.ADDRESS", "tags.Actie 2", "interests.bread"})

    assert {
        "email": "a@voorbeeld.nl",
        "merge_fields": {"FNAME": "Noor"},
        "tags": {"VIP": True},
        "empty": {},
    } == without(document, left)
