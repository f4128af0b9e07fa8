"""Relations over the wire: polling, finding, writing (mplus.md §3.1, §4.6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from app.sandbox.mplus.cards import RELATION_FIELDS, custom_field, value_of
from app.sandbox.mplus.schema import ZONE
from app.sandbox.mplus.till import Till, create_till
from tests.sandbox.mplus.talk import Talk, listed


async def poll(talk: Talk, **request: Any) -> list[tuple[int, int]]:
    """(marker, number) in the order of the answer."""
    told = await talk("getRelations", request=request)
    rows = listed(told["relationList"] and told["relationList"]["relation"])
    return [(int(row["syncMarker"]), int(row["relationNumber"])) for row in rows]


async def test_the_marker_is_inclusive_and_a_change_moves_the_relation_to_the_newest(
    till: Till, talk: Talk
) -> None:
    till.relations.edit(4, name="Vier")
    till.relations.edit(2, name="Twee")
    till.relations.edit(4, name="Vier weer")

    assert [(22, 2), (23, 4)] == sorted(await poll(talk, syncMarker=21))
    assert [(23, 4)] == await poll(talk, syncMarker=23)
    assert [] == await poll(talk, syncMarker=24)
    assert 20 == len(await poll(talk, syncMarker=0))
    assert 20 == len(await poll(talk))


async def test_a_limited_answer_holds_the_lowest_markers_but_not_in_their_order() -> None:
    till = create_till(size=300, seed=1)
    first = till.relations.cards.page(since=1, limit=100)
    again = till.relations.cards.page(since=1, limit=100)
    marks = [row["syncMarker"] for row in first]

    assert list(range(1, 101)) == sorted(marks) != marks
    assert first == again


@pytest.mark.parametrize(("limit", "count"), [(5, 5), (1_000, 20), (5_000, 20), (0, 20)])
async def test_limits(talk: Talk, limit: int, count: int) -> None:
    assert count == len(await poll(talk, syncMarker=1, syncMarkerLimit=limit))


async def test_no_answer_holds_more_than_a_thousand(talk: Talk, till: Till) -> None:
    till.seed(size=1_100, seed=1)

    assert [1_000, 100, 1_000] == [
        len(await poll(talk, syncMarker=1, syncMarkerLimit=9_999)),
        len(await poll(talk, syncMarker=1_001)),
        len(await poll(talk)),
    ]


@pytest.mark.parametrize(
    ("request_", "numbers"),
    [
        ({"relationNumbers": [3, 1, 99]}, [1, 3]),
        ({"relationNumbers": [3, 1], "syncMarker": 2}, [3]),
        ({"categoryId": 2}, [4, 8, 14]),
        ({"relationNumbers": [4, 5], "categoryId": 2}, [4]),
    ],
)
async def test_filters(talk: Talk, request_: dict[str, Any], numbers: list[int]) -> None:
    assert numbers == sorted(number for _, number in await poll(talk, **request_))


async def test_getrelation_says_not_found_without_a_relation(talk: Talk) -> None:
    assert {"result": "GET-RELATION-RESULT-NOT-FOUND"} == await talk("getRelation", relationNumber=99)


@pytest.mark.parametrize(
    ("wanted", "fuzzy", "exact"),
    [
        ({"email": "ANN@KLANT-VOORBEELD.NL"}, "101", "102"),
        ({"name": "joann"}, "101", None),
        ({"name": "Ann", "city": "gent"}, "102", "102"),
        ({"city": "Utrecht", "email": "ann@klant-voorbeeld.nl"}, "101", None),
        ({"birthDate": date(1980, 2, 29)}, "102", "102"),
        ({"categoryId": 4}, "102", "102"),
        ({"email": ""}, None, None),
        ({"telephone": "0000"}, None, None),
        ({"customFieldList": {"customField": {"fieldName": "Aanhef", "dataType": "DATA-TYPE-STRING", "strValue": "mx."}}}, "101", "101"),
    ],
)  # fmt: skip
async def test_finding_is_fuzzy_unless_told_otherwise(
    talk: Talk, till: Till, wanted: dict[str, Any], fuzzy: str | None, exact: str | None
) -> None:
    till.reset()
    field = custom_field(RELATION_FIELDS, "Aanhef", "mx.")
    till.relations.add(relationNumber=102, name="Ann", email="ann@klant-voorbeeld.nl", city="Gent", birthDate=date(1980, 2, 29), categoryIds=[4])  # fmt: skip
    till.relations.add(relationNumber=101, name="Joann Visser", email="joann@klant-voorbeeld.nl", city="Utrecht", customFieldList=[field])  # fmt: skip
    found = [
        await talk("findRelation", relation=wanted),
        await talk("findRelationV2", request={"relation": wanted}),
        await talk("findRelationV2", request={"relation": wanted, "exactMatch": True}),
    ]

    assert [fuzzy, fuzzy, exact] == [one.get("relation", {}).get("relationNumber") for one in found]
    assert [f"FIND-RELATION-RESULT-{'OK' if n else 'NOT-FOUND'}" for n in (fuzzy, fuzzy, exact)] == [
        one["result"] for one in found
    ]


async def test_creating_numbers_itself_or_takes_a_free_number(till: Till, talk: Talk) -> None:
    first = await talk(
        "createRelation", relation={"name": "Noor", "email": till.relations.cards.rows[1]["email"]}
    )
    second = await talk(
        "createRelation", relation={"relationNumber": 500, "extRelationId": "a-1", "name": "Tess"}
    )
    taken = await talk("createRelation", relation={"relationNumber": 500, "name": "Bram"})

    assert ("21", "21", "CREATE-RELATION-RESULT-OK", "") == (
        first["relationNumber"],
        first["syncMarker"],
        first["result"],
        first["errorMessage"],
    )
    assert ("500", "22") == (second["relationNumber"], second["syncMarker"])
    assert "CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN" == taken["result"]
    created = till.relations.cards.rows[500]
    assert {
        "relationNumber": 500,
        "createTimestamp": datetime(2025, 3, 5, 12, 30, tzinfo=ZONE),
        "active": True,
        "name": "Tess",
        "points": 0,
        "extRelationId": "a-1",
        "changeTimestamp": datetime(2025, 3, 5, 12, 30, tzinfo=ZONE),
        "syncMarker": 22,
    } == created


async def test_a_partial_update_leaves_the_rest_alone(till: Till, talk: Talk) -> None:
    before = till.relations.cards.rows[1]
    told = await talk(
        "updateRelation",
        relation={
            "relationNumber": 1,
            "email": "nieuw@klant-voorbeeld.nl",
            "birthDate": {"day": 0, "mon": 0, "year": 0},
            "categoryIds": {"category": [1, 4]},
            "customFieldList": {"customField": [{"fieldName": "Nieuwsbrief", "boolValue": True}]},
        },
    )
    after = till.relations.cards.rows[1]

    assert ("UPDATE-RELATION-RESULT-OK", "21", "5") == (
        told["result"],
        told["syncMarker"],
        told["changeTimestamp"]["day"],
    )
    assert ("nieuw@klant-voorbeeld.nl", None, [1, 4], True) == (
        after["email"],
        after["birthDate"],
        after["categoryIds"],
        value_of(after, "Nieuwsbrief"),
    )
    changed = ("email", "birthDate", "categoryIds", "customFieldList", "changeTimestamp", "syncMarker")
    assert {k: v for k, v in before.items() if k not in changed} == {
        k: v for k, v in after.items() if k not in changed
    }
    assert value_of(before, "Aanhef") == value_of(after, "Aanhef")


@pytest.mark.parametrize(
    ("relation", "result", "message"),
    [
        ({"relationNumber": 99, "name": "x"}, "NOT-FOUND", "Relation not found"),
        ({"name": "x"}, "NOT-FOUND", "Relation not found"),
        ({"relationNumber": 1, "relationCode": "a" * 129}, "FAILED", "relationCode may hold at most 128 letters and digits"),
        ({"relationNumber": 1, "categoryIds": {"category": [77]}}, "FAILED", "Category 77 does not exist"),
        ({"relationNumber": 1, "customFieldList": {"customField": {"fieldName": "X"}}}, "FAILED", "Custom field X does not exist"),
        ({"relationNumber": 1, "customFieldList": {"customField": {"fieldName": "Aanhef", "dataType": "DATA-TYPE-INT"}}}, "FAILED", "Custom field Aanhef is a DATA-TYPE-STRING"),
    ],
)  # fmt: skip
async def test_refusals_are_answers_and_change_nothing(
    till: Till, talk: Talk, relation: dict[str, Any], result: str, message: str
) -> None:
    told = await talk("updateRelation", relation=relation)

    assert {"result": f"UPDATE-RELATION-RESULT-{result}", "errorMessage": message} == told
    assert 20 == till.relations.cards.visible


@pytest.mark.parametrize(("always", "marker"), [(True, "21"), (False, "1")])
async def test_an_update_that_changes_nothing_moves_the_marker_unless_switched(
    till: Till, talk: Talk, always: bool, marker: str
) -> None:
    till.settings.updates_always_move_the_marker = always
    name = till.relations.cards.rows[1]["name"]

    assert (
        marker == (await talk("updateRelation", relation={"relationNumber": 1, "name": name}))["syncMarker"]
    )


async def test_missing_rights_look_like_nothing_being_there(till: Till, talk: Talk) -> None:
    till.settings.missing_rights = {"relations"}

    assert [] == await poll(talk, syncMarker=1)
    assert "GET-RELATION-RESULT-NOT-FOUND" == (await talk("getRelation", relationNumber=1))["result"]
    assert "FIND-RELATION-RESULT-NOT-FOUND" == (await talk("findRelation", relation={"name": "a"}))["result"]
    assert (
        "UPDATE-RELATION-RESULT-NOT-FOUND"
        == (await talk("updateRelation", relation={"relationNumber": 1}))["result"]
    )
    assert "CREATE-RELATION-RESULT-FAILED" == (await talk("createRelation", relation={"name": "a"}))["result"]


async def test_a_change_that_commits_late_appears_below_what_was_seen(till: Till, talk: Talk) -> None:
    assert till.hold_commits("relations", 1)
    till.relations.edit(1, name="Laat")
    till.relations.edit(2, name="Op tijd")
    before = await poll(talk, syncMarker=21)
    mark = (await talk("getCurrentSyncMarkers"))["relationSyncMarker"]
    till.release_commits()

    assert [(22, 2)] == before
    assert "22" == mark
    assert [(21, 1), (22, 2)] == sorted(await poll(talk, syncMarker=21))


def test_an_older_commit_does_not_undo_a_newer_one(till: Till) -> None:
    till.hold_commits("relations", 1)
    till.relations.edit(1, name="Eerst", city="Zwolle")
    till.relations.edit(1, name="Daarna")
    till.release_commits()

    assert ("Daarna", "Zwolle", 22) == tuple(
        till.relations.cards.rows[1][k] for k in ("name", "city", "syncMarker")
    )
    assert not till.hold_commits("weather", 1)


async def test_a_restored_till_has_lower_markers(till: Till, talk: Talk) -> None:
    till.take_backup()
    before = till.relations.cards.rows[1]["name"]
    till.relations.edit(1, name="Weg")
    high = (await talk("getCurrentSyncMarkers"))["relationSyncMarker"]
    till.restore_backup()

    assert ("21", "20") == (high, (await talk("getCurrentSyncMarkers"))["relationSyncMarker"])
    assert before == (await talk("getRelation", relationNumber=1))["relation"]["name"]


async def test_points_have_a_marker_of_their_own(till: Till, talk: Talk) -> None:
    before = await talk("getCurrentSyncMarkers")
    since = int(before["relationPointsSyncMarker"]) + 1
    had = till.relations.cards.rows[1]["points"]
    adjusted = await talk("adjustPoints", request={"relationNumber": 1, "pointsAdjustment": 5})
    absolute = await talk(
        "adjustPoints",
        request={"relationNumber": 1, "pointsAdjustment": 70, "mode": "ADJUST-POINTS-MODE-ABSOLUTE"},
    )
    same = await talk(
        "adjustPoints",
        request={"relationNumber": 1, "pointsAdjustment": 70, "mode": "ADJUST-POINTS-MODE-ABSOLUTE"},
    )
    told = await talk("getRelationPoints", request={"syncMarker": since})

    assert (str(had + 5), "70") == (adjusted["relation"]["points"], absolute["relation"]["points"])
    assert {"result": "ADJUST-POINTS-FAILED-NO-DIFFERENCE"} == same
    assert {
        "relationPointsLst": {"relationNumber": "1", "points": "70", "syncMarker": str(since + 1)}
    } == told
    after = await talk("getCurrentSyncMarkers")
    assert (before["relationSyncMarker"], str(since + 1)) == (
        after["relationSyncMarker"],
        after["relationPointsSyncMarker"],
    )


async def test_text_survives_the_wire(till: Till, talk: Talk) -> None:
    name = "Ümit <b>& Zn.</b> ☕ 'quoted' \"twice\"\nnext line عربي"
    await talk("updateRelation", relation={"relationNumber": 1, "name": name})
    kept = till.relations.cards.rows[1]["name"]
    read = await talk("getRelation", relationNumber=1)
    till.relations.edit(1, name="bad\x0b\x00chars")

    assert name == kept == read["relation"]["name"]
    assert "badchars" == (await talk("getRelation", relationNumber=1))["relation"]["name"]


@pytest.mark.parametrize(
    ("zeros", "birth_date"), [(False, None), (True, {"day": "0", "mon": "0", "year": "0"})]
)
async def test_dates_that_are_not_set(
    till: Till, talk: Talk, zeros: bool, birth_date: dict[str, str] | None
) -> None:
    till.schema.empty_dates_as_zero = zeros
    till.relations.edit(1, birthDate=None)

    assert birth_date == (await talk("getRelation", relationNumber=1))["relation"].get("birthDate")


async def test_times_are_the_wall_clock_of_amsterdam_with_its_offset(till: Till, talk: Talk) -> None:
    till.relations.cards.amend(1, changeTimestamp=datetime(2025, 7, 1, 23, 5, 6, tzinfo=ZONE))
    told = (await talk("getRelation", relationNumber=1))["relation"]["changeTimestamp"]

    assert {
        "sec": "6", "min": "5", "hour": "23", "day": "1", "mon": "7", "year": "2025", "isdst": "false", "timezone": "120",
    } == told  # fmt: skip
