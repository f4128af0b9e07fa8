"""What a terminal asks: of a real API over HTTP, between the two sandboxes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import asking
from app.errors import AdministratorError
from app.main import create_app
from app.own_api import ApiRefused, OwnApi
from app.resources import Resources
from app.run_file import RunFile
from app.sandbox.mailchimp import enrolment
from app.sandbox.serving import serving
from app.settings import Settings
from app.store.clock import ManualClock
from app.store.session import Database
from tests.shop import CONSENT, Shop, open_shop
from tests.stories import webshop

KEY = "t2a_first_admin_key_for_tests"


@pytest.fixture
async def shop(db: Database, clock: ManualClock, redis_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(db, clock, redis_url=redis_url, var_dir=tmp_path) as opened:
        yield opened


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[OwnApi]:
    """The API over the shop, on a real port."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Resources]:
        yield shop.resources

    async with serving(create_app(opening)) as url, OwnApi(url, KEY) as one:
        yield one


async def test_check_says_one_line_per_connection(api: OwnApi, shop: Shop) -> None:
    shop.till.settings.secret = "another"
    answer = await asking.check(api, [shop.till_id, shop.list_id])
    told = [line.split(":")[0] for line in answer.lines if not line.startswith(" ")]

    assert [f"BROKEN  MplusKASSA ({shop.till_id})", f"ok      Mailchimp ({shop.list_id})"] == told
    assert not answer.well
    assert "secret" in answer.lines[0]
    assert ["credentials_refused", "ok"] == [each["check"]["code"] for each in answer.json]


async def test_check_asks_all_when_none_is_named(api: OwnApi, shop: Shop) -> None:
    answer = await asking.check(api, [])

    assert answer.well
    assert {shop.till_id, shop.list_id} == {each["connection"]["id"] for each in answer.json}


async def test_check_of_one_connection(api: OwnApi, shop: Shop) -> None:
    answer = await asking.check(api, [shop.list_id])

    assert answer.well
    assert [shop.list_id] == [each["connection"]["id"] for each in answer.json]


async def test_poll_asks_every_flow_that_runs(api: OwnApi, shop: Shop) -> None:
    flow = await shop.flow("customers", CONSENT)
    answer = await asking.poll(api, [])

    assert (f"asked   {flow} (customers, mplus→mailchimp): nothing yet",) == answer.lines
    assert answer.well


async def test_poll_without_a_flow_says_how_to_get_one(api: OwnApi) -> None:
    answer = await asking.poll(api, [])

    assert (("No flow runs. POST /api/v1/flows/{id}/start starts one.",), False) == (
        answer.lines,
        answer.well,
    )


async def test_preview_shows_each_field_and_writes_nothing(api: OwnApi, shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl", city="Utrecht")
    by_number = await asking.preview(api, "1", flow=None)
    await shop.rest()
    shop.till.relations.edit(1, name="Johan de Vries")
    by_address = await asking.preview(api, "jan@klant-voorbeeld.nl", flow=shop.flow_ids[0])

    assert ("1: delivered.", "  create customer jan@klant-voorbeeld.nl") == by_number.lines[:2]
    assert any(line.split() == ["merge_fields.FNAME", "nothing", "→", "'Jan'"] for line in by_number.lines)
    assert (
        "1: delivered.",
        "  update customer jan@klant-voorbeeld.nl",
        "      merge_fields.FNAME  'Jan' → 'Johan'",
        "  note: merge_field_left_out: ADDRESS is not complete: addr1, zip lacks",
    ) == by_address.lines
    assert ["member.put"] == shop.written()


async def test_preview_says_why_a_record_stays(api: OwnApi, shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name="Jan de Vries", email="")
    answer = await asking.preview(api, "1", flow=None)

    assert (("1: skipped. The relation has no e-mail address.",), True) == (answer.lines, answer.well)


async def test_a_full_preview_shows_the_whole_way(api: OwnApi, shop: Shop) -> None:
    rule = {"name": "Loyal", "then": [{"do": "add_tag", "tag": "Loyal"}]}
    await shop.flow("customers", CONSENT, mapping={"rules": [rule]})
    shop.till.relations.add(name="Jan de Vries", email=" Jan@klant-voorbeeld.nl", city="Utrecht")

    lines = (await asking.preview(api, "1", flow=None, full=True)).lines
    told = [" ".join(line.split()) for line in lines]

    at = [
        told.index(each)
        for each in ("at the source:", "in the middle:", "create customer jan@klant-voorbeeld.nl")
    ]
    assert sorted(at) == at
    assert "email 'Jan@klant-voorbeeld.nl'" in told[at[0] : at[1]]
    assert {"email 'jan@klant-voorbeeld.nl'", "billing.city 'Utrecht'"} <= set(told[at[1] : at[2]])
    assert "rules that fired: Loyal" in told
    assert [] == shop.written()


async def test_a_sample_shows_a_record_that_would_be_written(api: OwnApi, shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    with pytest.raises(ApiRefused, match="nothing of this kind"):
        await asking.preview(api, None, flow=None)
    shop.till.relations.add(name="Nobody", email="")
    nobody = await asking.preview(api, None, flow=None)
    shop.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")
    jan = await asking.preview(api, None, flow=None)

    assert ("1: skipped. The relation has no e-mail address.", "2: delivered.") == (
        nobody.lines[0],
        jan.lines[0],
    )


async def test_a_sample_of_every_kind(api: OwnApi, shop: Shop) -> None:
    webshop.till_with_articles(shop)
    shop.till.stock.move(1, 1001, physical=Decimal(3))
    webshop.webshop(shop).order("A-1", webshop.BUYER, [("1001", 1)])
    enrolment.add(
        shop.audience,
        {"email_address": "els@klant-voorbeeld.nl"},
        "subscribed",
        source="admin",
        skip_required=True,
    )
    kinds = {
        "products": (await shop.flow("products"), "1"),
        "stock": (await shop.flow("stock"), "1001"),
        "shop_orders": (await webshop.take_orders(shop), f"{webshop.STORE}/A-1"),
        "contacts": (await shop.flow("contacts", source=shop.list_id, target=shop.till_id), None),
    }

    for flow, ref in kinds.values():
        found = (await asking.preview(api, None, flow=flow)).json
        assert found["source"]
        assert ref in (found["ref"], None)
    assert [] == shop.written()


async def test_a_product_is_found_by_one_of_its_articles(api: OwnApi, shop: Shop) -> None:
    webshop.till_with_articles(shop)
    flow = await shop.flow("products")
    stocks = await shop.flow("stock")

    async def by_sku(flow: str, sku: str) -> str:
        return str((await api.post(f"/flows/{flow}/preview", {"sku": sku}))["ref"])

    before = await by_sku(flow, "1002"), await by_sku(stocks, "1002")
    await shop.rest()
    after = await by_sku(flow, " 1002")
    for sku in ("7777", "1002-A", "9" * 40):
        with pytest.raises(ApiRefused, match="no record with this SKU"):
            await by_sku(flow, sku)
    with pytest.raises(ApiRefused, match="give one of record, email and sku"):
        await api.post(f"/flows/{flow}/preview", {"sku": "1002", "record": "1"})
    with pytest.raises(ApiRefused, match="give one of record, email and sku"):
        await api.post(f"/flows/{flow}/records", {})

    assert (("1", "1002"), "1") == (before, after)


async def test_preview_needs_to_know_the_flow(api: OwnApi) -> None:
    with pytest.raises(AdministratorError, match="There is no flow yet"):
        await asking.preview(api, "1", flow=None)


async def test_replay_of_what_failed_brings_it_about(api: OwnApi, shop: Shop) -> None:
    flow = await shop.flow("customers", {**CONSENT, "without_consent": "skip"})
    shop.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")
    await shop.rest()
    await shop.configure(flow, settings=CONSENT)
    nothing = await asking.replay(api, [], flow=None, failed=True)
    everything = await asking.replay(api, [], flow=flow, failed=False)
    await shop.rest()

    assert ("Nothing fits, so nothing was asked for.",) == nothing.lines
    assert ("1 delivery is brought about again.",) == everything.lines
    assert ["member.put"] == shop.written()


async def test_what_the_api_refuses_is_said_as_it_says_it(api: OwnApi) -> None:
    with pytest.raises(ApiRefused) as caught:
        await asking.check(api, ["con_nowhere"])

    assert (404, "not_found", "There is no connection con_nowhere.") == (
        caught.value.http_status,
        caught.value.code,
        caught.value.detail,
    )


async def test_a_wrong_key_is_said(api: OwnApi) -> None:
    async with OwnApi(api.base_url, "t2a_wrong") as other:
        with pytest.raises(ApiRefused, match="not known here"):
            await asking.check(other, [])


async def test_who_answers_and_is_not_the_api_is_told_apart(shop: Shop) -> None:
    async with serving(shop.mailchimp) as url, OwnApi(url, KEY) as other:
        with pytest.raises(ApiRefused, match="answered 404, and not as this API answers"):
            await asking.check(other, [])


async def test_nobody_there_is_said() -> None:
    async with OwnApi("http://127.0.0.1:1", KEY) as nobody:
        with pytest.raises(AdministratorError, match=r"No API answers at http://127\.0\.0\.1:1"):
            await asking.check(nobody, [])


def test_which_api_is_meant(tmp_path: Path) -> None:
    bare = Settings(var_dir=tmp_path, host="0.0.0.0", port=8123)
    with pytest.raises(AdministratorError, match="No API key is known"):
        asking.api_of(bare, address=None, key=None)
    assert [] == list(tmp_path.iterdir())  # asking makes no keys

    given = Settings(var_dir=tmp_path, host="0.0.0.0", port=8123, admin_api_key=SecretStr("t2a_given"))
    assert "http://127.0.0.1:8123" == asking.api_of(given, address=None, key=None).base_url

    RunFile(api_url="http://127.0.0.1:9", admin_api_key="t2a_run").write(tmp_path)
    assert "http://127.0.0.1:9" == asking.api_of(bare, address=None, key=None).base_url
    assert "http://there" == asking.api_of(bare, address="http://there/", key="k").base_url


def test_a_run_file_that_is_not_ours_is_said(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"api_url": 3}')

    with pytest.raises(AdministratorError, match=r"run\.json cannot be read"):
        asking.api_of(Settings(var_dir=tmp_path), address=None, key=None)


async def test_compare_waits_names_and_heals(api: OwnApi, shop: Shop) -> None:
    shop.till.relations.add(name="Jan Bakker", email="jan@bakker.nl")
    flow = await shop.flow("customers")
    await shop.rest()
    shop.audience.member("jan@bakker.nl").merge_fields["LNAME"] = "Vervalst"

    async def worker() -> None:
        while not await shop.worker.schedule.comparer.start_due():
            await asyncio.sleep(0.05)

    working = asyncio.create_task(worker())
    named = await asking.compare(api, flow)
    await working
    working = asyncio.create_task(worker())
    healed = await asking.compare(api, flow, heal=True)
    await working
    await shop.quiet()

    assert (
        "done: 1 differ, 0 are brought about again",
        "1 are to stand there, 1 do; 0 others",
    ) == named.lines[:2]
    assert "  1 was changed at the target: merge_fields.LNAME" == named.lines[2]
    assert (False, True, "Bakker") == (named.well, healed.well, shop.content()["jan@bakker.nl"]["LNAME"])
    assert healed.lines == (await asking.compare(api, flow, show=True)).lines


async def test_undo_foresees_asks_for_a_yes_and_waits(api: OwnApi, shop: Shop) -> None:
    shop.till.relations.add(name="Jan Bakker", email="jan@bakker.nl")
    shop.till.relations.add(name="Piet Smit", email="piet@smit.nl")
    shop.life.sign_up("piet@smit.nl", merge_fields={"FNAME": "Eerst"})
    flow = await shop.flow("customers")
    await shop.rest()
    since = "1970-01-01T00:00:00+00:00"

    foreseen = await asking.undo(api, flow, since=since)
    assert (
        "2 records were written: 1 would be put away again, 0 would get their values from before back",
        "1 stay: not_kept",
        "  2 not_kept: The values from before the run were not kept.",
        'Pause the flow, then send the same with {"approve": true} when this is what you want.',
    ) == foreseen.lines
    with pytest.raises(ApiRefused, match="The flow is running"):
        await asking.undo(api, flow, since=since, yes=True)
    await shop.change_flow(flow, state="paused")

    async def worker() -> None:
        while not await shop.worker.schedule.undoer.start_due():
            await asyncio.sleep(0.05)

    working = asyncio.create_task(worker())
    done = await asking.undo(api, flow, since=since, yes=True)
    await working

    assert "done: 1 of 2 taken back, 0 to come" == done.lines[0]
    assert done.well
    assert "archived" == shop.statuses()["jan@bakker.nl"]
    assert done.lines == (await asking.undo(api, flow)).lines


async def test_sums_are_printed_as_they_come(api: OwnApi, shop: Shop) -> None:
    flow = await shop.flow("orders")
    answer = await asking.sums(api, flow, first="2026-03-01", last="2026-03-31")

    assert ["total,,,,,sent,0,0.00,0.00,0.00,0.00"] == list(answer.lines[1:])
