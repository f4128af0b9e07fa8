"""Export and import over the API: the same behaviour in another installation, no secrets, and nothing the second time."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import asking
from app.flows.mapping import FlowMapping
from app.integration_file import read, written
from app.own_api import ApiRefused, OwnApi
from app.sandbox.serving import serving
from app.store.tables import config_changes, flows, integrations
from tests.routers.conftest import ADMIN_KEY
from tests.routers.world import API_KEY, AUDIENCE, FLOW, INTEGRATION, TILL, World

RICH: dict[str, Any] = {
    "leg2": [
        {"target": "email_address", "expression": "email"},
        {"target": "merge_fields.FNAME", "expression": "upper(first_name)", "mode": "create"},
    ],
    "tables": {"country": {"entries": {"NO": "0123", "BE": "no"}, "missing": "default", "default": "~"}},
    "rules": [
        {
            "name": "Tagged; \"quoted\", 'emoji' 🎉",
            "when": {"field": "email", "is": "not_empty"},
            "then": [{"do": "add_tag", "tag": "yes"}],
        }
    ],
    "lists": {"block": {"email": ["test@winkel.nl"]}},
}


async def export(world: World) -> str:
    answer = await world.api.http.get(f"/api/v1/integrations/{INTEGRATION}/export")
    assert (200, "application/yaml") == (answer.status_code, answer.headers["content-type"]), answer.text
    return answer.text


async def put_in(world: World, text: str | dict[str, Any], **query: str) -> Any:
    raw = text if isinstance(text, str) else written(text)
    answer = await world.api.http.post("/api/v1/imports", content=raw.encode(), params=query)
    return answer.json() | {"http": answer.status_code}


async def configured(world: World) -> list[tuple[Any, ...]]:
    """What counts of every flow and integration, without ids and times."""
    names = {row["id"]: row["name"] for row in await world.api.rows(integrations)}
    found = [(row["name"], row["settings"]) for row in await world.api.rows(integrations)]
    return sorted(found, key=repr) + sorted(
        (
            (
                names[row["integration_id"]],
                row["kind"],
                row["source_connection_id"],
                row["settings"],
                row["mapping"],
                row["schedule"],
                row["window_ms"],
                row["deadline_ms"],
            )
            for row in await world.api.rows(flows)
        ),
        key=repr,
    )


async def make_rich(world: World) -> None:
    await world.put(
        f"/flows/{FLOW}/settings", {"without_consent": "skip", "consent_yes": ["yes", "NO", "012"]}
    )
    await world.put(f"/flows/{FLOW}/mapping", RICH)
    await world.put(f"/flows/{FLOW}/hours", {"hours": ["22:00-06:00"], "days": ["mon"]})
    await world.put(f"/integrations/{INTEGRATION}/settings", {"country": "NO", "poll_interval_s": 17.5})
    await world.post(f"/integrations/{INTEGRATION}/flows", {"id": "flow_products", "kind": "products"})


async def test_export_and_import_is_identity(world: World) -> None:
    await make_rich(world)
    text, before = await export(world), await configured(world)
    assert 204 == (await world.api.http.delete(f"/api/v1/integrations/{INTEGRATION}")).status_code

    found = await put_in(world, text)

    assert 200 == found["http"], found
    assert ["created", "created", "created"] == [found["did"], *(each["did"] for each in found["flows"])]
    assert before == await configured(world)
    exported = (await world.api.http.get(f"/api/v1/integrations/{found['integration_id']}/export")).text
    assert text == exported
    assert {"paused"} == {row["state"] for row in await world.api.rows(flows)}


async def test_the_second_time_changes_nothing(world: World) -> None:
    await make_rich(world)
    text = await export(world)
    rows = await world.api.rows(flows), await world.api.rows(config_changes)

    found = await put_in(world, text)

    assert ["unchanged"] * 3 == [found["did"], *(each["did"] for each in found["flows"])]
    assert rows == (await world.api.rows(flows), await world.api.rows(config_changes))


async def test_what_differs_is_changed_and_said(world: World) -> None:
    file = read((await export(world)).encode())
    file["settings"] = {"country": "BE"}
    file["flows"][0]["settings"] = {"without_consent": "skip"}
    file["flows"].append({"kind": "products"})
    file["left"]["settings"]["base_url"] = "http://elsewhere"
    looked = await put_in(world, file, check_only="true")
    before = await configured(world)
    found = await put_in(world, file)
    products = found["flows"][1]["flow_id"]

    assert [
        "note: the connection Till is left as it is; the file has another base_url",
        f"changed: integration Shop ({INTEGRATION})",
        '  settings.country: added "BE"',
        f"changed: flow customers ({FLOW})",
        '  settings.without_consent: added "skip"',
        f"created: flow products ({products}), paused",
    ] == found["said"]
    assert looked["said"][:5] == found["said"][:5]
    assert ("Shop", {}) == before[0]
    newest = (await world.get(f"/flows/{FLOW}/changes"))["items"][0]
    assert ("imported", "first admin key") == (newest["how"], newest["key_name"])

    del file["flows"][1]
    assert (
        f"left: flow products ({products}), of which the file does not speak"
        in (await put_in(world, file))["said"]
    )


async def test_no_secret_is_in_the_file(world: World) -> None:
    text = await export(world)

    assert [] == [secret for secret in (world.till.settings.secret, API_KEY) if secret in text]
    assert "Till" in text


async def test_a_file_makes_another_installation_behave_the_same(world: World) -> None:
    """Other connections are chosen, and what goes out by the copy is what went out by the first."""
    await world.put(f"/flows/{FLOW}/mapping", RICH)
    text = await export(world)
    first = await world.get(f"/flows/{FLOW}/forecast")
    await world.api.http.delete(f"/api/v1/integrations/{INTEGRATION}")
    for name in (TILL, AUDIENCE):
        await world.api.http.patch(f"/api/v1/connections/{name}", json={"name": f"B {name}"})
    refused = await put_in(world, text)
    found = await put_in(world, text, left=TILL, right=AUDIENCE)
    copy = await world.get(f"/flows/{found['flows'][0]['flow_id']}/forecast")

    assert (409, "connection_missing", "left.name") == (refused["http"], refused["code"], refused["field"])
    assert "POST /api/v1/connections" in refused["advice"]
    assert "ident, secret" in refused["advice"]
    assert first == copy


@pytest.mark.parametrize("name", ["newsletter", "receipts-only", "shop"])
async def test_every_template_can_be_applied_twice(world: World, name: str) -> None:
    listed = await world.get("/templates")
    text = (await world.api.http.get(f"/api/v1/templates/{name}")).text
    first, again = await put_in(world, text), await put_in(world, text)

    assert name in [each["name"] for each in listed]
    assert (200, "created") == (first["http"], first["did"]), first
    assert "unchanged" == again["did"]
    assert {"unchanged"} == {each["did"] for each in again["flows"]}


BASE = {"format": 1, "name": "X", "left": {"system": "mplus"}, "right": {"system": "mailchimp"}}


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"format": 2}, 422, "format"),
        ({"colour": 1}, 422, "colour"),
        ({"left": {"system": "mplus", "secret": "x"}}, 422, "left.secret"),
        ({"left": {"system": "shopware"}}, 422, "left.system"),
        ({"right": {"system": "mplus"}}, 422, "right.name"),
        ({"settings": {"country": "Holland"}}, 422, "settings.country"),
        ({"settings": {"secret": "x"}}, 422, "settings.secret"),
        ({"flows": [{"kind": "birthdays"}]}, 422, "flows.0.kind"),
        ({"flows": [{"kind": "customers", "source": "right"}]}, 422, "flows.0.source"),
        ({"flows": [{"kind": "customers", "settings": {"consent": 1}}]}, 422, "flows.0.settings.consent"),
        (
            {"flows": [{"kind": "products"}, {"kind": "customers", "mapping": {"rool": []}}]},
            422,
            "flows.1.mapping.rool",
        ),
        (
            {"flows": [{"kind": "customers", "mapping": {"leg2": [{"target": "x", "expression": "nope("}]}}]},
            422,
            "flows.0.mapping.leg2.rows[0].expression",
        ),
        ({"flows": [{"kind": "customers", "hours": {"hours": "26:00-27:00"}}]}, 422, "flows.0.hours.hours"),
        ({"flows": [{"kind": "customers", "window_s": -1}]}, 422, "flows.0.window_s"),
        ({"flows": [{"kind": "customers"}, {"kind": "customers"}]}, 422, "flows.1"),
        ({"name": "half \ud800"}, 422, None),
    ],
)
async def test_what_cannot_be_used_is_named_with_its_path_and_nothing_is_made(
    world: World, more: dict[str, Any], status: int, field: str | None
) -> None:
    before = await configured(world)
    raw = yaml.safe_dump(BASE | more, sort_keys=False)
    found = await put_in(world, raw)

    assert (status, field) == (found["http"], found.get("field")), found
    assert before == await configured(world)


async def test_a_name_taken_between_other_connections_is_told(world: World) -> None:
    await world.post("/connections", world.till_body() | {"id": "con_second", "name": "Second"})
    unclear = await put_in(world, BASE | {"name": "Shop"})
    taken = await put_in(world, BASE | {"name": "Shop"}, left="con_second")

    assert (409, "connection_unclear", 409, "name_taken") == (
        unclear["http"],
        unclear["code"],
        taken["http"],
        taken["code"],
    )


async def test_apply_in_a_terminal_says_what_it_did(world: World, tmp_path: Any) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(await export(world))

    async def http_only(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http", "the application is open already"
        await world.api.app(scope, receive, send)

    async with serving(http_only) as url, OwnApi(url, ADMIN_KEY) as api:
        same = await asking.apply(api, file)
        made = await asking.apply(api, None, template="newsletter")
        looked = await asking.apply(api, None, template="shop", check_only=True)
        file.write_text("format: 9")
        with pytest.raises(ApiRefused, match="format"):
            await asking.apply(api, file)

    assert (
        f"unchanged: integration Shop ({INTEGRATION})",
        f"unchanged: flow customers ({FLOW})",
    ) == same.lines
    assert ["created: integration Newsletter", "created: flow customers"] == [
        line.split(" (")[0] for line in made.lines
    ]
    assert "Nothing was changed; this is what would be:" == looked.lines[0]
    assert {"Shop", "Newsletter"} == {row["name"] for row in await world.api.rows(integrations)}


CONDITIONS = st.sampled_from(["email", "billing.country", "custom.x"]).flatmap(
    lambda field: st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).map(
        lambda value: {"field": field, "is": "equals", "value": value}
    )
)
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=10)
MAPPINGS = st.fixed_dictionaries(
    {},
    optional={
        "rules": st.lists(
            st.builds(
                lambda name, when, tag: {"name": name, "when": when, "then": [{"do": "add_tag", "tag": tag}]},
                NAMES,
                CONDITIONS,
                NAMES,
            ),
            max_size=3,
        ),
        "filters": st.lists(
            st.builds(lambda name, when: {"name": name, "when": when, "stage": "after"}, NAMES, CONDITIONS),
            max_size=2,
        ),
        "tables": st.dictionaries(
            st.sampled_from(["a", "b"]),
            st.builds(lambda entries: {"entries": entries}, st.dictionaries(NAMES, NAMES, max_size=3)),
            max_size=2,
        ),
    },
)


@given(MAPPINGS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mapping_comes_back_from_a_file_as_it_was(mapping: dict[str, Any]) -> None:
    kept = FlowMapping.model_validate(mapping).model_dump(mode="json", exclude_unset=True)
    back = read(written({"mapping": kept}).encode())["mapping"]

    assert kept == back
    assert FlowMapping.model_validate(kept) == FlowMapping.model_validate(back)
