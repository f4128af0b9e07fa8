"""The forecast of a first start equals what then happens, person by person."""

from __future__ import annotations

from typing import Any

from app.forecast import forecast
from app.sandbox.mailchimp import enrolment
from tests.routers.world import FLOW, SIZE, World

CONSENT = {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}


def there_already(world: World, email: str, status: str) -> None:
    """A contact that the merchant had before us."""
    enrolment.add(world.audience, {"email_address": email}, status, source="admin", skip_required=True)


async def asked(world: World) -> dict[str, Any]:
    answer = await world.post(f"/flows/{FLOW}/start")
    assert not answer["started"]
    return dict(answer["forecast"])


async def test_it_equals_what_then_happens(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", CONSENT)
    yes = world.till.relations.add(
        name="Anna Bos", email="anna@bos-voorbeeld.nl",
        customFieldList=[{"fieldName": "Nieuwsbrief", "dataType": "DATA-TYPE-BOOL", "boolValue": True}],
    )  # fmt: skip
    world.till.relations.add(name="Ben Bos", email="ben@bos-voorbeeld.nl")
    world.till.relations.add(name="Gone Bos", email="gone@bos-voorbeeld.nl")
    there_already(world, "ben@bos-voorbeeld.nl", "subscribed")
    there_already(world, "gone@bos-voorbeeld.nl", "archived")
    before = {member.email: member.status for member in world.audience.members.values()}

    told = await asked(world)
    assert [] == world.written()
    await world.start()
    await world.work()

    after = {member.email: member.status for member in world.audience.members.values()}
    made = {email: status for email, status in after.items() if email not in before}
    assert yes["customFieldList"]
    assert SIZE + 3 == told["records"]
    assert len(made) == told["create"]
    assert sum(status == "transactional" for status in made.values()) == told["create_without_consent"]
    assert "subscribed" == made["anna@bos-voorbeeld.nl"]
    assert (1, 1) == (told["update"], told["update_without_consent"])
    rows = (await world.get("/deliveries", outcome="skipped", limit=200))["items"]
    codes: dict[str, int] = {}
    for row in rows:
        codes[row["code"]] = codes.get(row["code"], 0) + 1
    assert codes == told["skipped"]
    assert ({}, 0, True) == (told["failed"], told["archive"], told["complete"])


async def test_without_consent_nobody_is_made_when_the_setting_says_so(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})

    told = await asked(world)

    assert (0, 0) == (told["create"], told["create_without_consent"])
    assert sum(told["skipped"].values()) >= SIZE


async def test_what_runs_already_has_nothing_left_to_do(world: World) -> None:
    await world.start()
    await world.work()
    await world.put(f"/flows/{FLOW}/cursor", {"at": "beginning"})

    told = await world.get(f"/flows/{FLOW}/forecast")

    assert (SIZE, 0, 0) == (told["records"], told["create"], told["update"])
    assert told["unchanged"] > 10


async def test_a_source_too_large_for_one_look_is_said_so(world: World) -> None:
    route = await world.api.context.routes.route(FLOW)

    part = await forecast(route, since=1, most_records=8, page_size=4)
    whole = await forecast(route, since=1, page_size=4)
    hasty = await forecast(route, since=1, most_seconds=0, page_size=4)

    assert (8, False) == (part.records, part.complete)
    assert (4, False) == (hasty.records, hasty.complete)
    assert (SIZE, True) == (whole.records, whole.complete)
    assert whole.create == (await asked(world))["create"]


async def test_what_a_rule_holds_back_is_counted_as_failed(world: World) -> None:
    rule = {"name": "Nobody yet", "then": [{"do": "stop", "message": "Ask the owner first"}]}
    await world.api.http.patch(f"/api/v1/flows/{FLOW}/mapping", json={"rules": [rule]})

    told = await asked(world)

    assert (0, SIZE) == (told["create"], sum(told["failed"].values()))


async def test_an_audience_that_is_away_is_said(world: World) -> None:
    world.mailchimp.faults.fail_next(50, status=503)

    answer = await world.api.http.post(f"/api/v1/flows/{FLOW}/start")

    assert (503, "time") == (answer.status_code, answer.json()["who"])
    assert "paused" == (await world.get(f"/flows/{FLOW}"))["state"]
