"""What a comparison names of the source's side, and where it stops: at a pause, at an account that rests, behind live work."""

from __future__ import annotations

import httpx
import pytest

from app.comparison import source
from app.connectors.mailchimp.customers import IN_ROWS
from app.flows.mapping import legs_of
from app.store import accounts, comparisons, requests
from app.store.requests import BACKFILL
from app.store.tables import deliveries
from tests.shop import Shop


def people(shop: Shop, count: int) -> list[str]:
    """So many relations: their addresses."""
    emails = [f"klant{n}@voorbeeld.nl" for n in range(1, count + 1)]
    for email in emails:
        shop.till.relations.add(name="Piet Jansen", email=email, mobile="+31612345678")
    return emails


@pytest.mark.parametrize("policy", ["archive", "leave"])
async def test_what_the_source_does_not_show_any_more_is_named_where_something_follows(
    shop: Shop, policy: str
) -> None:
    people(shop, 2)
    shop.till.take_backup()
    shop.till.relations.add(name="Noor Visser", email="noor@voorbeeld.nl")
    flow = await shop.flow("customers", {"on_gone": policy})
    await shop.rest()
    shop.till.restore_backup()
    shop.clock.advance(100)

    told = await shop.compare(flow, heal=True)
    named = await shop.differences(flow)
    await shop.quiet()
    async with shop.db.write() as conn:  # one of three is much, so a person says yes
        await requests.say_yes(conn, clock=shop.clock, flow_id=flow)
    await shop.quiet()

    away = ["noor@voorbeeld.nl"] if policy == "archive" else []
    assert ({"gone_at_source": ["3"]} if away else {}, len(away)) == (named, told.healing)
    assert away == [email for email, status in shop.statuses().items() if status == "archived"]


async def test_a_pause_is_heard_between_two_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PAGE", 2)
    people(shop, 6)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.clock.advance(100)
    shop.till.log.clear()

    async def pause(_: httpx.Response) -> None:
        await shop.change_flow(flow, state="paused")

    shop.resources.http.of("mplus").event_hooks = {"response": [pause]}
    told = await shop.compare(flow)

    assert ("running", ["getRelations"]) == (told.state, shop.asked())
    shop.resources.http.of("mplus").event_hooks = {"response": []}
    await shop.change_flow(flow, state="running")
    await shop.worker.schedule.comparer.start_due()
    await shop.worker.schedule.comparer.idle()
    async with shop.db.read() as conn:
        assert "done" == (await comparisons.find(conn, flow)).state  # it began anew


async def test_what_was_missed_is_found_to_the_last_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PAGE", 2)
    people(shop, 5)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.till.relations.add(name="Noor Visser", email="noor@voorbeeld.nl")  # and no poll ever sees her
    shop.clock.advance(100)
    await shop.compare(flow)

    assert {"not_sent": ["6"]} == await shop.differences(flow)


async def test_it_waits_for_an_account_that_rests(shop: Shop) -> None:
    people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    account = (await shop.worker.routes.route(flow)).target_account
    async with shop.db.write() as conn:
        await accounts.back_off(conn, account, reason="Too many", clock=shop.clock, retry_after_s=60)
    calls = len(shop.mailchimp.log.find())

    assert "asked" == (await shop.compare(flow)).state
    assert calls == len(shop.mailchimp.log.find())


async def test_what_is_healed_goes_behind_what_happens_in_the_shop(shop: Shop) -> None:
    people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.till.relations.edit(1, name="Iemand Anders")  # and no poll ever sees it
    shop.clock.advance(100)

    assert 1 == (await shop.compare(flow, heal=True)).healing
    assert [("1", BACKFILL)] == [
        (row["source_ref"], row["priority"])
        for row in await shop.rows(deliveries)
        if row["state"] == "pending"
    ]


async def test_a_field_that_the_flow_writes_no_more_is_the_targets_own(shop: Shop) -> None:
    emails = people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    rows = [
        row.model_dump(mode="json", exclude_defaults=True)
        for row in legs_of({}, out_rows=(), in_rows=IN_ROWS).leg2
    ]
    await shop.configure(
        flow, mapping={"leg2": [row for row in rows if row["target"] != "merge_fields.PHONE"]}
    )
    shop.audience.member(emails[0]).merge_fields["PHONE"] = "+31687654321"
    shop.clock.advance(100)

    told = await shop.compare(flow)
    assert ("done", 0, {}) == (told.state, told.differ, await shop.differences(flow))
