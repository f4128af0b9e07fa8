"""A flow's mapping over the API: each leg alone, restored to the byte, checked when saved."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.store.tables import flows
from tests.routers.world import FLOW, World

URL = f"/flows/{FLOW}/mapping"
LEG2 = [
    {"target": "email_address", "expression": "email"},
    {"target": "merge_fields.FNAME", "expression": "upper(first_name)"},
]
RULE = {
    "name": "Belgians are tagged",
    "when": {"field": "billing.country", "is": "equals", "value": "BE"},
    "then": [{"do": "add_tag", "tag": "Belgium"}],
}


async def patch(world: World, body: Any, **query: Any) -> Any:
    return await world.api.http.patch(f"/api/v1{URL}", json=body, params=query)


async def test_a_new_flow_has_the_shipped_rows_with_nothing_to_say(world: World) -> None:
    found = await world.get(URL)

    assert (1, True, True) == (found["version"], found["leg1"]["shipped"], found["leg2"]["shipped"])
    assert ([], {}, [], []) == (found["findings"], found["tables"], found["rules"], found["filters"])
    assert "email" in [row["target"] for row in found["leg1"]["rows"]]
    assert "merge_fields.FNAME" in [row["target"] for row in found["leg2"]["rows"]]


async def test_one_leg_is_edited_and_the_other_stays_shipped(world: World) -> None:
    shipped = await world.get(URL)

    edited = (await patch(world, {"leg2": LEG2})).json()
    more = (await patch(world, {"rules": [RULE]})).json()
    (row,) = await world.api.rows(flows)
    back = (await patch(world, {"leg2": None})).json()
    restored = (await world.api.http.delete(f"/api/v1{URL}")).json()

    assert (2, True, False) == (edited["version"], edited["leg1"]["shipped"], edited["leg2"]["shipped"])
    assert shipped["leg1"] == edited["leg1"]
    assert [each["expression"] for each in LEG2] == [each["expression"] for each in edited["leg2"]["rows"]]
    assert edited["leg2"] == more["leg2"]
    assert {"leg2": LEG2, "rules": [RULE]} == row["mapping"]
    assert shipped["leg2"] == back["leg2"]
    assert [RULE["name"]] == [rule["name"] for rule in back["rules"]]
    # The audience was asked meanwhile: the shipped row for companies has no place there until somebody makes it.
    assert ["merge_fields.COMPANY"] == [each["sentence"].split("'")[1] for each in restored.pop("findings")]
    assert {name: value for name, value in shipped.items() if name != "findings"} | {"version": 5} == restored


async def test_two_edits_at_once_lose_nothing(world: World) -> None:
    blocked = {"lists": {"block": {"sku": ["A-1"]}}}
    table = {"tables": {"groups": {"entries": {"1": "retail"}}}}

    answers = await asyncio.gather(
        *(patch(world, body) for body in ({"leg2": LEG2}, {"rules": [RULE]}, blocked, table))
    )
    found = await world.get(URL)

    assert [200] * 4 == [answer.status_code for answer in answers]
    assert (5, LEG2[1]["expression"]) == (found["version"], found["leg2"]["rows"][1]["expression"])
    assert ["Belgians are tagged"] == [rule["name"] for rule in found["rules"]]
    assert (["A-1"], ["groups"]) == (found["lists"]["block"]["sku"], list(found["tables"]))


async def test_what_was_edited_is_what_is_written(world: World) -> None:
    world.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")
    await patch(world, {"leg2": LEG2})
    await world.start()
    await world.work()

    fields = world.audience.member("jan@klant-voorbeeld.nl").merge_fields

    assert ("JAN", "") == (fields["FNAME"], fields.get("LNAME", ""))


async def test_an_unknown_path_is_a_warning(world: World) -> None:
    leg1 = [
        {"target": "email", "expression": "emial"},
        {"target": "id", "expression": "as_text(relationNumber)"},
    ]
    leg2 = [*LEG2, {"target": "phone_number", "expression": "phone"}]

    answer = await patch(world, {"leg1": leg1, "leg2": leg2})

    assert 200 == answer.status_code
    assert [
        ("warning", "leg1.rows[0].expression", "unknown_path", "Did you mean email?"),
        ("warning", "leg2.rows[2].target", "unknown_path", ""),
    ] == [
        (each["severity"], each["place"], each["code"], each["advice"]) for each in answer.json()["findings"]
    ]


async def test_custom_fields_are_known_whatever_their_name(world: World) -> None:
    leg2 = [*LEG2, {"target": "merge_fields.SHOESIZE", "expression": "custom.schoenmaat"}]
    leg1 = [
        {"target": "id", "expression": "as_text(relationNumber)"},
        {"target": "email", "expression": "email(email)"},
        {"target": "custom.schoenmaat", "expression": "customFields.Schoenmaat"},
        {"target": "city", "expression": "city"},
    ]

    refused = await patch(world, {"leg1": leg1, "leg2": leg2})
    taken = await patch(world, {"leg1": leg1[:3], "leg2": leg2})

    assert (422, "leg1.rows[3].target") == (refused.status_code, refused.json()["field"])
    # The till has that field; the audience has none of that tag yet.
    assert (200, [("warning", "leg2.rows[2].target", "unknown_path")]) == (
        taken.status_code,
        [(each["severity"], each["place"], each["code"]) for each in taken.json()["findings"]],
    )


async def test_every_row_that_cannot_run_is_named(world: World) -> None:
    leg2 = [
        LEG2[0],
        {"target": "merge_fields.FNAME", "expression": "uper(first_name)"},
        {"target": "merge_fields.LNAME", "expression": "last_name ||"},
    ]

    answer = await patch(world, {"leg2": leg2})

    problem = answer.json()
    assert (422, "invalid_input") == (answer.status_code, problem["code"])
    assert ["leg2.rows[1].expression", "leg2.rows[2].expression"] == [
        each["field"] for each in problem["errors"]
    ]
    assert "upper" in problem["errors"][0]["message"]
    assert 1 == (await world.get(URL))["version"]


async def test_a_check_saves_nothing(world: World) -> None:
    answer = await patch(world, {"leg2": LEG2}, check_only=True)

    assert (200, False, 1) == (answer.status_code, answer.json()["leg2"]["shipped"], answer.json()["version"])
    assert (await world.get(URL))["leg2"]["shipped"]


async def test_whoever_comes_second_is_told(world: World) -> None:
    await patch(world, {"leg2": LEG2}, version=1)

    answer = await patch(world, {"leg2": None}, version=1)

    assert (409, "version_moved") == (answer.status_code, answer.json()["code"])


async def test_a_put_replaces_everything(world: World) -> None:
    await patch(world, {"leg2": LEG2, "rules": [RULE]})

    found = await world.put(URL, {"tables": {"t": {"entries": {"a": "b"}}}})

    assert (True, [], ["t"]) == (found["leg2"]["shipped"], found["rules"], list(found["tables"]))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"leg3": []}, "leg3"),
        ({"leg2": [{"target": "x"}]}, "leg2.0.expression"),
        ({"leg2": "all of them"}, "leg2"),
        ({"leg2": [{"target": "merge_fields.FNAME", "expression": "first_name\0"}]}, None),
        ({"leg1": [{"target": "email", "expression": "email"}] * 1001}, "leg1"),
        ({"tables": {"t": {"entries": 5}}}, "tables.t.entries"),
        ([], None),
    ],
)
async def test_bad_bodies_are_refused_by_field(world: World, body: Any, field: str | None) -> None:
    answer = await patch(world, body)

    assert (422, field) == (answer.status_code, answer.json().get("field"))
