"""The forecast of a first start equals what then happens, person by person."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.forecast import Forecast, forecast
from app.sandbox.mailchimp import enrolment
from tests.routers.world import FLOW, INTEGRATION, SIZE, World

CONSENT = {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}


def there_already(world: World, email: str, status: str) -> None:
    """A contact that the merchant had before us."""
    enrolment.add(world.audience, {"email_address": email}, status, source="admin", skip_required=True)


async def asked(world: World) -> dict[str, Any]:
    await world.put(f"/integrations/{INTEGRATION}/settings", {"ask_above": 0})
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


NEWSLETTER = {"fieldName": "Nieuwsbrief", "dataType": "DATA-TYPE-BOOL", "boolValue": True}


@pytest.mark.parametrize(("double_optin", "welcome"), [(True, True), (False, True), (False, False)])
async def test_mails_contacts_and_consent_equal_what_then_happens(
    world: World, double_optin: bool, welcome: bool
) -> None:
    """Everybody there can be: new with a yes, a no and nothing said; there already as receipts-only, subscribed,
    unsubscribed and archived; and one address in two relations."""
    world.audience.double_optin, world.audience.welcome = double_optin, welcome
    await world.put(f"/flows/{FLOW}/settings", CONSENT)
    no = NEWSLETTER | {"boolValue": False}
    people = {
        "yes": [NEWSLETTER], "yes2": [NEWSLETTER], "no": [no], "silent": [],
        "transactional": [NEWSLETTER], "subscribed": [NEWSLETTER], "unsubscribed": [NEWSLETTER], "archived": [NEWSLETTER],
    }  # fmt: skip
    for name, fields in people.items():
        world.till.relations.add(name=f"{name} Bos", email=f"{name}@bos-voorbeeld.nl", customFieldList=fields)
        if name in ("transactional", "subscribed", "unsubscribed", "archived"):
            there_already(world, f"{name}@bos-voorbeeld.nl", name)
    world.till.relations.add(name="Also Bos", email="YES@bos-voorbeeld.nl", customFieldList=[NEWSLETTER])
    world.mailchimp.world.mails.clear()
    before = {member.email.lower(): member.status for member in world.audience.members.values()}

    told = await asked(world)
    assert ([], []) == (world.written(), world.mailchimp.world.mails.sent)
    await world.start()
    await world.work()

    members = {member.email.lower(): member.status for member in world.audience.members.values()}
    made = {email: status for email, status in members.items() if email not in before}
    mails = world.mailchimp.world.mails
    new = "pending" if double_optin else "subscribed"
    asked_for = Counter(made.values())[new]
    assert asked_for > 2
    assert (new, "unsubscribed", "archived") == (
        members["transactional@bos-voorbeeld.nl"],
        members["unsubscribed@bos-voorbeeld.nl"],
        members["archived@bos-voorbeeld.nl"],
    )
    assert {"transactional", new} == set(made.values())
    assert (len(made), asked_for) == (told["create"], told["created_by_consent"]["yes"])
    assert len(made) == sum(told["created_by_consent"].values())
    assert told["updated_by_consent"]["yes"] >= 1
    assert (len(before), len(members)) == (told["contacts"], told["contacts_after"])
    assert len(members) == world.audience.total_contacts
    assert len(mails.find(kind="opt_in_confirmation")) == told["confirmations"]
    written_to = asked_for + 1  # and who was there for receipts only, and has now consented
    assert ((written_to, 0) if double_optin else (0, written_to)) == (
        told["confirmations"],
        told["welcomes_up_to"],
    )
    assert len(mails.find(kind="welcome")) == (told["welcomes_up_to"] if welcome else 0)
    assert len(mails.sent) <= told["confirmations"] + told["welcomes_up_to"]


@pytest.mark.parametrize("automations", [{"Belgium", "Company"}, {"Belgium"}, set()])
async def test_mails_that_tags_start_equal_what_then_happens(world: World, automations: set[str]) -> None:
    """New, there already without the tag, there with it, and a tag that is taken away; every tag counts by itself."""
    world.audience.tag_automations = set(automations)
    for name, country, company in (
        ("an", "België", "An BV"),
        ("ben", "België", ""),
        ("cor", "België", ""),
        ("dee", "Nederland", "Dee BV"),
    ):
        world.till.relations.add(
            name=f"{name} Bos", companyName=company, country=country, email=f"{name}@bos-voorbeeld.nl"
        )
    for name, tags in (("ben", ("Old",)), ("cor", ("Belgium", "Old"))):
        there_already(world, f"{name}@bos-voorbeeld.nl", "transactional")
        for tag in tags:
            enrolment.add_tag(
                world.audience, world.audience.member(f"{name}@bos-voorbeeld.nl"), tag, quiet=True
            )
    rules = [
        {
            "name": "Belgians",
            "when": {"field": "billing.country", "is": "equals", "value": "BE"},
            "then": [{"do": "add_tag", "tag": "Belgium"}],
        },
        {
            "name": "Companies",
            "when": {"field": "company", "is": "not_empty"},
            "then": [{"do": "add_tag", "tag": "Company"}],
        },
    ]
    rows = (await world.get(f"/flows/{FLOW}/mapping"))["leg2"]["rows"]
    await world.api.http.patch(f"/api/v1/flows/{FLOW}/mapping", json={"rules": rules, "leg2": rows})
    world.mailchimp.world.mails.clear()

    told = await asked(world)
    asks = (await world.post(f"/flows/{FLOW}/start"))["asks"]
    assert [] == world.mailchimp.world.mails.sent
    await world.start()
    await world.work()

    # A first run is history: the tags are set, and their automations held back.
    assert {"Belgium": tagged(world, "Belgium") - 1, "Company": tagged(world, "Company")} == told["tagged"]
    assert told["tagged"]["Belgium"] >= 2
    assert (0, [], []) == (
        told["tag_mails_up_to"],
        world.mailchimp.world.mails.find(kind="tag_automation"),
        [each for each in asks if "tag" in each],
    )

    for name in ("eva", "fay", "gil"):
        world.till.relations.add(
            name=f"{name} Bos",
            companyName="" if name == "gil" else "BV",
            country="België",
            email=f"{name}@bos-voorbeeld.nl",
        )
    news = await world.get(f"/flows/{FLOW}/forecast")
    await world.work()

    assert ({"Belgium": 3, "Company": 2}, 5) == (news["tagged"], news["tag_mails_up_to"])
    mails = Counter(mail.about for mail in world.mailchimp.world.mails.find(kind="tag_automation"))
    assert {name: news["tagged"][name] for name in automations} == mails


def tagged(world: World, tag: str) -> int:
    """How many contacts have it."""
    number = world.audience.tag_ids.get(tag)
    return sum(number in member.tags for member in world.audience.members.values())


def test_tags_that_start_mails_are_named_and_ask_for_a_yes() -> None:
    told = Forecast(tagged=Counter(old=9), loud=Counter({"a": 3, "b": 2, "c": 1, "d": 1, "e": 1, "f": 1}))

    assert [
        "Up to 9 mails would go out, if an automation starts on these tags: 'a' (3), 'b' (2), 'c' (1), 'd' (1), 'e' (1) and 1 more."
    ] == told.asks(above=100, limit=None)


async def test_it_waits_for_a_yes_with_any_mail_or_past_the_plan(world: World) -> None:
    url = f"/integrations/{INTEGRATION}/settings"

    async def asks(**settings: Any) -> list[str]:
        await world.put(url, settings)
        answer = await world.post(f"/flows/{FLOW}/start")
        assert not answer["started"]
        assert "paused" == answer["flow"]["state"]
        return list(answer["asks"])

    would = (await asked(world))["create"]
    past = await asks(contact_limit=would - 1)
    many = await asks(ask_above=would - 1)
    await world.put(f"/flows/{FLOW}/settings", CONSENT)
    world.till.relations.add(name="Anna Bos", email="anna@bos-voorbeeld.nl", customFieldList=[NEWSLETTER])
    consented = (await asked(world))["created_by_consent"]["yes"]
    greeted = await asks()
    world.audience.double_optin = True
    confirmed = await asks()

    assert [f"There would be {would} contacts, and your plan has room for {would - 1}."] == past
    assert [f"It would write {would} records, which is more than {would - 1}."] == many
    assert [f"Up to {consented} welcome mails would go out, if such an automation is on."] == greeted
    assert [f"Mailchimp would ask {consented} people by mail to confirm."] == confirmed
    assert [] == world.written()


async def test_below_the_threshold_and_without_mails_it_starts(world: World) -> None:
    would = (await asked(world))["create"]
    await world.put(f"/integrations/{INTEGRATION}/settings", {"ask_above": would, "contact_limit": would})

    answer = await world.post(f"/flows/{FLOW}/start")

    assert (True, "running", []) == (answer["started"], answer["flow"]["state"], answer["asks"])
    assert (would, 0) == (answer["forecast"]["contacts_after"], answer["forecast"]["confirmations"])


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
