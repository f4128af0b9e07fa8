"""Block and allow lists over the API: people's addresses rest as hashes everywhere, and the lists work all the same."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.sealing import Sealer
from app.store.tables import flows, metadata
from tests.routers.conftest import SEAL_KEY
from tests.routers.world import FLOW, INTEGRATION, World

MAPPING = f"/flows/{FLOW}/mapping"
ONE = f"/flows/{FLOW}/lists"
JAN, BO = "jan@lijst-voorbeeld.nl", "bo@lijst-voorbeeld.nl"


async def everything(world: World) -> str:
    """All that rests in the database, as text."""
    found = [await world.api.rows(table) for table in metadata.sorted_tables]
    return json.dumps(found, default=str)


async def listed(world: World, name: str = "block", kind: str = "email") -> list[str]:
    found: list[str] = (await world.get(MAPPING))["lists"][name][kind]
    return found


async def one(world: World, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await world.post(ONE, {"list": "block", "kind": "email"} | body)
    return answer


async def test_no_address_of_a_list_rests_anywhere_and_the_list_works(world: World) -> None:
    for name in ("jan", "bo", "an"):
        world.till.relations.add(name=f"{name} Wit", email=f"{name}@lijst-voorbeeld.nl")

    saved = await world.put(MAPPING, {"lists": {"block": {"email": [f" {JAN.upper()}", BO]}}})
    shown = await world.get(MAPPING)
    again = await world.put(MAPPING, {"lists": shown["lists"]})
    await world.start()
    await world.work()

    (first, second) = saved["lists"]["block"]["email"]
    assert first.startswith("hashed:")
    assert first != second
    assert saved["lists"] == shown["lists"] == again["lists"]
    assert "lijst-voorbeeld" not in (await everything(world)).lower()
    assert {"an@lijst-voorbeeld.nl"} == {
        member.email for member in world.audience.members.values() if "lijst" in member.email
    }
    rows = (await world.get("/deliveries", outcome="filtered", limit=200))["items"]
    assert 2 == len(rows)


async def test_somebody_listed_later_is_not_touched_when_he_leaves(world: World) -> None:
    number = world.till.relations.add(name="Jan Wit", email=JAN)["relationNumber"]
    await world.put(f"/flows/{FLOW}/settings", {"on_inactive": "archive"})
    await world.start()
    await world.work()

    await one(world, value=JAN, listed=True)
    world.till.relations.edit(number, active=False)
    await world.work()

    assert "archived" != world.audience.member(JAN).status


async def test_one_is_listed_found_and_taken_off(world: World) -> None:
    versions = f"/flows/{FLOW}/changes"
    before = len((await world.get(versions))["items"])

    asked = await one(world, value=JAN)
    put = await one(world, value=JAN, listed=True)
    put_again = await one(world, value=f" {JAN.title()} ", listed=True)
    beside = await one(world, value=BO, listed=True)
    found = [(await one(world, value=value))["listed"] for value in (JAN, BO, "an@lijst-voorbeeld.nl")]
    off = await one(world, value=JAN.upper(), listed=False)
    sku = await one(world, kind="sku", value="A-1", listed=True)
    sku_off = await one(world, kind="sku", value="a-1 ", listed=False)

    assert (False, False, 0) == (asked["listed"], asked["changed"], asked["count"])
    assert (True, True, 1) == (put["listed"], put["changed"], put["count"])
    assert (True, False, 1) == (put_again["listed"], put_again["changed"], put_again["count"])
    assert (2, [True, True, False]) == (beside["count"], found)
    assert (False, True, 1) == (off["listed"], off["changed"], off["count"])
    assert (1, 0) == (sku["count"], sku_off["count"])
    assert 1 == len(await listed(world))
    assert before + 5 == len((await world.get(versions))["items"])
    assert "lijst-voorbeeld" not in await everything(world)


async def test_versions_count_addresses_and_a_restore_brings_the_list_back(world: World) -> None:
    await world.put(MAPPING, {"lists": {"block": {"email": [JAN]}}})
    full = await listed(world)
    await world.put(MAPPING, {"lists": {"block": {"email": [BO, "an@lijst-voorbeeld.nl"]}}})
    versions = (await world.get(f"/flows/{FLOW}/changes"))["items"]

    assert ['mapping.lists.block.email: "1 address" → "2 addresses (2 added, 1 removed)"'] == [
        each["sentence"] for each in versions[0]["differences"]
    ]
    await world.post(f"/flows/{FLOW}/changes/{versions[1]['number']}/restore")
    assert full == await listed(world)
    assert (await one(world, value=JAN))["listed"]


@pytest.mark.parametrize(
    ("lists", "field"),
    [
        ({"block": {"email": [JAN, "jan.lijst"]}}, "lists.block.email[1]"),
        ({"allow": {"email": ["*@lijst-voorbeeld.nl"]}}, "lists.allow.email[0]"),
        ({"allow": {"email": ["hashed:00000000:" + "0" * 32]}}, "lists.allow.email[0]"),
    ],
)
async def test_what_could_never_be_found_is_refused_by_place(world: World, lists: Any, field: str) -> None:
    answer = await world.api.http.put(f"/api/v1{MAPPING}", json={"lists": lists})

    assert (422, field) == (answer.status_code, answer.json()["field"])
    assert "lijst" not in answer.text
    assert [] == await listed(world)


async def test_a_file_holds_hashes_takes_addresses_and_refuses_another_installations(world: World) -> None:
    await world.put(MAPPING, {"lists": {"block": {"email": [JAN], "sku": ["A-1"]}}})
    (entry,) = await listed(world)
    text = (await world.api.http.get(f"/api/v1/integrations/{INTEGRATION}/export")).text
    elsewhere = Sealer(keys=(SEAL_KEY,), hash_secret="another installation").keyed_hash("lists", length=8)

    async def put_in(of: str) -> Any:
        answer = await world.api.http.post("/api/v1/imports", content=text.replace(entry, of).encode())
        return answer.json() | {"http": answer.status_code}

    assert entry in text
    assert "lijst-voorbeeld" not in text
    for same in (entry, JAN, f"' {JAN.upper()}'"):
        found = await put_in(same)
        assert [(200, "unchanged")] == [(found["http"], each["did"]) for each in found["flows"]]
    foreign = await put_in(f"hashed:{elsewhere}:{entry[-32:]}")
    assert (422, "flows.0.mapping.lists.block.email[0]", "foreign_hash") == (
        foreign["http"],
        foreign["field"],
        foreign["code"],
    )
    assert "the address itself" in foreign["advice"]


async def test_two_at_once_lose_nobody(world: World) -> None:
    people = [f"p{number}@lijst-voorbeeld.nl" for number in range(8)]

    await asyncio.gather(*(one(world, value=each, listed=True) for each in people))

    assert [True] * 8 == [(await one(world, value=each))["listed"] for each in people]
    assert 8 == len(await listed(world))


async def test_rows_that_an_older_version_kept_in_clear_still_count(world: World) -> None:
    """Until the migration has run, and wherever somebody writes the table by hand."""
    world.till.relations.add(name="Jan Wit", email=JAN)
    async with world.api.context.db.write() as db:
        await db.execute(flows.update().values(mapping={"lists": {"block": {"email": [JAN]}}}))

    found = (await one(world, value=JAN))["listed"]
    await world.start()
    await world.work()

    assert JAN not in {member.email for member in world.audience.members.values()}
    assert found
