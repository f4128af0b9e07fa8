"""The catalogue of fields over real HTTP: both systems are asked, what they told is kept, and a new field is there (R5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.flows.registry import KINDS
from tests.routers.world import AUDIENCE, FLOW, INTEGRATION, World

FIELDS = f"/flows/{FLOW}/fields"


def paths(side: Any, origin: str | None = None) -> set[str]:
    """The paths of a side, or of those fields that somebody made."""
    return {each["path"] for each in side["fields"] if origin in (None, each["origin"])}


def one(side: Any, path: str) -> dict[str, Any]:
    """The field with this path."""
    (found,) = [each for each in side["fields"] if each["path"] == path]
    return dict(found)


@pytest.fixture
async def clicks(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at the panels of both sandboxes, where fields are made as merchants make them."""
    async with httpx.AsyncClient(headers={"X-Sandbox-Panel": "1"}) as http:
        yield http


async def test_both_systems_tell_their_fields(world: World) -> None:
    world.audience.open_category("Nieuwsbrief", "Wekelijks")
    found = await world.get(FIELDS)

    assert {"customFields.Nieuwsbrief", 'customFields."Nieuwsbrief sinds"'} <= paths(found["source"])
    assert "contactList[].customFields.Schoenmaat" in paths(found["source"], "custom_field")
    assert ("number", "A custom field of this till: number.") == (
        one(found["source"], "customFields.Schoenmaat")["type"],
        one(found["source"], "customFields.Schoenmaat")["description"],
    )
    assert {"merge_fields.FNAME", "merge_fields.ADDRESS.city"} <= paths(found["target"], "merge_field")
    (group,) = [each for each in found["target"]["fields"] if each["origin"] == "group"]
    assert ("Nieuwsbrief: Wekelijks", "yes/no") == (group["label"], group["type"])
    assert one(found["target"], "email_address")["required"]
    assert {"email", "contacts[].email", "custom.*"} <= {each["path"] for each in found["record"]}
    assert "settings.language" in {each["path"] for each in found["settings"]}
    assert [None, None] == [found[side]["problem"] for side in ("source", "target")]
    assert all(found[side]["age_s"] < 60 for side in ("source", "target"))


async def test_a_name_with_a_dot_is_read_as_it_is_listed(world: World, clicks: httpx.AsyncClient) -> None:
    await clicks.post(f"{world.till_url}/_sandbox/actions/define_field", json={"name": "Tel. privé"})

    (listed,) = [
        each
        for each in (await world.get(FIELDS))["source"]["fields"]
        if each["label"] == "Tel. privé" and "[" not in each["path"]
    ]
    row = {"target": "custom.private", "expression": listed["path"]}
    saved = await world.put(
        f"/flows/{FLOW}/mapping", {"leg1": [{"target": "email", "expression": "email"}, row]}
    )
    field = {"fieldName": "Tel. privé", "dataType": "DATA-TYPE-STRING", "strValue": "030 1"}
    number = world.till.relations.add(name="Jan", email="jan@klant-voorbeeld.nl", customFieldList=[field])
    shown = await world.post(f"/flows/{FLOW}/preview", {"record": str(number["relationNumber"])})

    assert 'customFields."Tel. privé"' == listed["path"]
    assert [] == [each for each in saved["findings"] if each["place"].startswith("leg1")]
    assert "030 1" == shown["record"]["custom"]["private"]


async def test_every_field_says_what_it_is(world: World) -> None:
    found = await world.get(FIELDS)

    listed = [*found["source"]["fields"], *found["target"]["fields"], *found["record"], *found["settings"]]
    assert [] == [each for each in listed if not each["label"] or each["label"] == "*" or not each["type"]]
    assert {"standard", "custom_field", "merge_field", "tag", "record", "setting"} <= {
        each["origin"] for each in listed
    }


async def test_a_new_field_is_offered_and_checked_without_a_restart(
    world: World, clicks: httpx.AsyncClient
) -> None:
    row = {"target": "custom.beans", "expression": "customFields.Koffiekeur"}
    into = {"target": "merge_fields.COFFEE", "expression": "custom.beans"}
    edited = {"leg1": [{"target": "email", "expression": "email"}, row], "leg2": [{"target": "email_address", "expression": "email"}, into]}  # fmt: skip
    mapping = f"/flows/{FLOW}/mapping"

    before = await world.get(FIELDS)
    told = (await world.put(mapping, edited))["findings"]
    made = await clicks.post(
        f"{world.till_url}/_sandbox/actions/define_field", json={"name": "Koffiekeur", "type": "STRING"}
    )
    field = {"tag": "COFFEE", "name": "Coffee", "type": "text"}
    made_too = await clicks.post(
        f"{world.mailchimp_url}/3.0/lists/{world.audience.id}/merge-fields", json=field, auth=("any", world.audience.account.key)
    )  # fmt: skip
    within_the_minute = await world.get(FIELDS)
    after = await world.get(FIELDS, refresh=True)
    silent = (await world.put(mapping, edited))["findings"]

    assert (200, 200) == (made.status_code, made_too.status_code), made_too.text
    assert ["customFields.Koffiekeur", "merge_fields.COFFEE"] == [
        sentence.split("'")[1] for sentence in (each["sentence"] for each in told)
    ]
    assert {"warning"} == {each["severity"] for each in told}
    assert (paths(before["source"]), paths(before["target"])) == (
        paths(within_the_minute["source"]),
        paths(within_the_minute["target"]),
    )
    assert {"customFields.Koffiekeur", "contactList[].customFields.Koffiekeur"} == paths(
        after["source"]
    ) - paths(before["source"])
    assert {"merge_fields.COFFEE"} == paths(after["target"]) - paths(before["target"])
    assert [] == silent


@pytest.mark.parametrize(
    ("row", "leg", "advice"),
    [
        ({"target": "custom.x", "expression": "customFields.Niewsbrief"}, "leg1", "customFields.Nieuwsbrief?"),
        ({"target": "custom.x", "expression": 'customFields."Nieuwsbrief sints"'}, "leg1", 'customFields."Nieuwsbrief sinds"?'),
        ({"target": "merge_fields.FNMAE", "expression": "first_name"}, "leg2", "merge_fields.FNAME?"),
        ({"target": "interests.abc", "expression": "active"}, "leg2", ""),
    ],
)  # fmt: skip
async def test_a_name_that_no_field_has_is_a_warning_with_the_nearest(
    world: World, row: dict[str, str], leg: str, advice: str
) -> None:
    first = {"leg1": ("email", "email"), "leg2": ("email_address", "email")}[leg]
    rows = [{"target": first[0], "expression": first[1]}, row]

    findings = (await world.put(f"/flows/{FLOW}/mapping", {leg: rows}))["findings"]
    (told,) = [each for each in findings if each["place"].startswith(leg)]

    assert ("warning", "unknown_path") == (told["severity"], told["code"])
    assert told["place"].startswith(f"{leg}.rows[1].")
    assert advice in told["advice"]


@pytest.mark.parametrize(
    ("leg2", "field", "sentence"),
    [
        (
            [("email_address", "email"), ("merge_fields.BIRTHDAY", "active")],
            "leg2.rows[1].target",
            "holds a date, and the row gives yes or no",
        ),
        ([("merge_fields.FNAME", "first_name")], "leg2.rows", "No row writes 'email_address'"),
    ],
)
async def test_what_the_audience_cannot_take_is_refused_with_the_row(
    world: World, leg2: list[tuple[str, str]], field: str, sentence: str
) -> None:
    rows = [{"target": target, "expression": expression} for target, expression in leg2]

    answer = await world.api.http.put(f"/api/v1/flows/{FLOW}/mapping", json={"leg2": rows})

    (error,) = answer.json()["errors"]
    assert (422, field) == (answer.status_code, error["field"])
    assert sentence in error["message"]


async def test_while_both_are_away_their_last_fields_are_listed_with_their_age(world: World) -> None:
    before = await world.get(FIELDS)
    world.till.faults.fail_next(100, status=503)
    world.mailchimp.faults.fail_next(100, status=503)

    away = await world.get(FIELDS, refresh=True)
    saved = await world.put(
        f"/flows/{FLOW}/mapping", {"leg2": [{"target": "email_address", "expression": "email"}]}
    )
    for sandbox in (world.till, world.mailchimp):
        sandbox.faults.waiting.clear()
    back = await world.get(FIELDS, refresh=True)

    for side in ("source", "target"):
        assert paths(before[side]) == paths(away[side])
        assert before[side]["read_at"] == away[side]["read_at"] < back[side]["read_at"]
        assert ("remote_unavailable", None) == (away[side]["problem"]["code"], back[side]["problem"])
        assert away[side]["problem"]["sentence"]
    # What was told in the last minute is believed: nobody is made to wait for a save.
    assert "fields_not_told" not in {each["code"] for each in saved["findings"]}


async def test_a_mapping_is_saved_while_a_system_is_away_that_never_told(world: World) -> None:
    world.till.faults.fail_next(100, status=503)

    saved = await world.put(
        f"/flows/{FLOW}/mapping", {"leg1": [{"target": "email", "expression": "customFields.x"}]}
    )
    away = await world.get(FIELDS)

    (told,) = [each for each in saved["findings"] if each["place"].startswith("leg1")]
    assert ("warning", "leg1", "fields_not_told") == (told["severity"], told["place"], told["code"])
    assert (None, None, True) == (
        away["source"]["read_at"], away["source"]["age_s"], "customFields.*" in paths(away["source"])
    )  # fmt: skip


async def test_each_kind_of_flow_has_its_catalogue(world: World) -> None:
    for kind in KINDS:
        if kind != "customers":
            settings: dict[str, Any] = {"stores": [{"id": "shop"}]} if kind.startswith("shop_") else {}
            settings |= {"vat_codes": {"force": "2"}} if kind == "shop_products" else {}
            made = {"id": f"flow_{kind}", "kind": kind, "settings": settings}
            await world.post(f"/integrations/{INTEGRATION}/flows", made)
    listed = {kind: FLOW if kind == "customers" else f"flow_{kind}" for kind in KINDS}

    found = {kind: await world.get(f"/flows/{id}/fields") for kind, id in listed.items()}

    expected = {
        "customers": ("customFields.Nieuwsbrief", "merge_fields.FNAME"),
        "contacts": ("merge_fields.ADDRESS.city", "customFields.Nieuwsbrief sinds"),
        "products": ("articleList[].customFields.Materiaal", "variants[].price"),
        "shop_products": ("variants[].visibility", "articleList[].vatCode"),
        "stock": ("branches[].amountFree", "inventory_quantity"),
        "orders": ('relation.customFields."Nieuwsbrief sinds"', "lines[].quantity"),
        "shop_orders": ("lines[].product_id", "lineList[].articleNumber"),
    }
    assert expected.keys() == KINDS.keys()
    for kind, (source, target) in expected.items():
        assert source in paths(found[kind]["source"]), kind
        assert target in paths(found[kind]["target"]), kind
        assert [None, None] == [found[kind][side]["problem"] for side in ("source", "target")]


async def test_another_audience_has_other_fields(world: World) -> None:
    await world.get(FIELDS)

    changed = await world.api.http.patch(
        f"/api/v1/connections/{AUDIENCE}",
        json={"settings": world.audience_body()["settings"] | {"list_id": "0000000000"}},
    )
    found = await world.get(FIELDS)

    assert 200 == changed.status_code
    assert ("audience_not_found", None) == (
        found["target"]["problem"]["code"],
        found["target"]["read_at"],
    )
    assert "merge_fields.*" in paths(found["target"])


async def test_functions_and_comparisons_stand_beside_it(world: World) -> None:
    functions = await world.get("/functions")
    comparisons = await world.get("/comparisons")

    (upper,) = [each for each in functions if each["name"] == "upper"]
    assert {"call": "upper('anna')"}.keys() <= upper["examples"][0].keys()
    assert all(each["summary"] and each["group"] and each["examples"] for each in functions)
    assert {"equals", "empty", "contains", "in"} <= {each["name"] for each in comparisons}
