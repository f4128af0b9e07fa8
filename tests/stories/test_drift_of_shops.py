"""Drift in the till: what somebody changed or deleted of other shops' products and orders is named exactly, and healed as far as the
flow may write it."""

from __future__ import annotations

from typing import Any

import pytest

from app.comparison import report
from app.sandbox.mailchimp.shopping import Shopping
from app.store import comparisons
from app.store.tables import targets
from tests.shop import Shop
from tests.stories.assortment import (
    RANGE,
    articles,
    offer,
    open_store,
    picture,
    take_products,
    variant,
    written,
)
from tests.stories.test_shop_order_articles import CREATE
from tests.stories.webshop import (
    ADDRESS,
    BUYER,
    STORE,
    booked,
    invoiced,
    look,
    take_orders,
    till_with_articles,
    webshop,
)

DAY = 86_400 + 1_000


async def named(shop: Shop, flow: str) -> dict[str, tuple[str, list[str], str | None]]:
    """What the newest comparison names: by reference what differs, in which fields, and why it stays."""
    async with shop.db.read() as conn:
        found = await comparisons.named(conn, flow, limit=1000)
    return {each.ref: (each.what, each.fields, each.stays) for each in found}


# --- products -----------------------------------------------------------------------------------------------------------


async def assortment(shop: Shop, count: int, settings: dict[str, Any] | None = None) -> str:
    """So many products of two articles each in the till, from a shop."""
    store = open_store(shop)
    for n in range(1, count + 1):
        first, second = str(10_000 + 2 * n), str(10_001 + 2 * n)
        offer(
            store,
            f"trui-{n}",
            variant(first, "Trui / M"),
            variant(second, "Trui / L"),
            description=f"Nr. {n}",
        )
    flow = await take_products(shop, settings)
    await look(shop)
    assert 2 * count == len(articles(shop))
    shop.clock.advance(1_000)
    return flow


def article(shop: Shop, number: int) -> dict[str, Any]:
    """An article of the till, to be changed behind everybody's back."""
    found = shop.till.catalogue.article(number)
    assert found is not None
    return found


def product(shop: Shop, number: int) -> dict[str, Any]:
    """The product of that article."""
    return shop.till.catalogue.products.rows[shop.till.catalogue.product_of[number]]


async def test_seven_of_many_products_are_named_and_healed(shop: Shop) -> None:
    flow = await assortment(shop, 60, {"update_existing": True})
    before, calls = articles(shop), len(written(shop))
    article(shop, 10_002)["priceIncl"] = 1
    article(shop, 10_005)["description"] = "Vervalst"
    article(shop, 10_021)["size"] = ""
    article(shop, 10_007)["barcode"] = ""  # the shop never said one
    product(shop, 10_008)["extraText"] = ""
    article(shop, 10_010)["brandName"] = "Van de winkelier"  # nor this
    shop.till.catalogue.lose_article(10_013)
    for number in (10_118, 10_119, 10_120, 10_121):
        shop.till.catalogue.lose_article(number)
    asked = len(shop.till.log.find())

    told = await shop.compare(flow)

    expected = {
        "webshop/trui-1": ("changed_there", ["articleList[10002].priceIncl"], None),
        "webshop/trui-2": ("changed_there", ["articleList[10005].description"], None),
        "webshop/trui-4": ("changed_there", ["extraText"], None),
        "webshop/trui-6": ("changed_there", ["articleList[10013]"], None),
        "webshop/trui-10": ("changed_there", ["articleList[10021].size"], None),
        "webshop/trui-59": ("missing_there", [], None),
        "webshop/trui-60": ("missing_there", [], None),
    }
    assert expected == await named(shop, flow)
    assert ("done", 7, 0, {}) == (told.state, told.differ, told.healing, told.counts["left"])
    assert (60, 58) == (told.counts["source"]["records"], told.counts["target"]["records"])
    assert told.counts["source"]["hash"] != told.counts["target"]["hash"]
    assert calls == len(written(shop))
    assert 12 > len(shop.till.log.find()) - asked

    healing = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (7, 7) == (healing.differ, healing.healing)
    now = articles(shop)
    assert {**before, 10_010: {**before[10_010], "brandName": "Van de winkelier"}} == now
    again = await shop.compare(flow)
    assert (0, {}, 60) == (again.differ, await named(shop, flow), again.counts["target"]["records"])
    assert again.counts["source"]["hash"] == again.counts["target"]["hash"]


async def test_what_a_create_only_flow_may_not_change_is_told_and_left(shop: Shop) -> None:
    """The till is the merchant's: his prices stay, and nobody is woken for them. What he lost is made again."""
    flow = await assortment(shop, 5)
    shop.till.catalogue.edit_article(10_002, priceIncl=1)
    shop.till.catalogue.edit_article(10_004, active=False)
    shop.till.catalogue.edit_product(product(shop, 10_006)["productNumber"], extraText="Van de winkelier")
    shop.till.catalogue.lose_article(10_008)
    shop.till.catalogue.lose_article(10_010)
    shop.till.catalogue.lose_article(10_011)
    before = articles(shop)

    told = await shop.compare(flow, heal=True)
    found = await named(shop, flow)
    await shop.quiet()

    assert {
        "webshop/trui-1": ("changed_there", ["articleList[10002].priceIncl"], "update_off"),
        "webshop/trui-3": ("changed_there", ["extraText"], "update_off"),
        "webshop/trui-4": ("changed_there", ["articleList[10008]"], None),
        "webshop/trui-5": ("missing_there", [], None),
    } == found
    assert (2, 2, {"update_off": 2}) == (told.differ, told.healing, told.counts["left"])
    now = articles(shop)
    assert before == {number: now[number] for number in before}
    assert [10_008, 10_010, 10_011] == sorted(now.keys() - before.keys())
    assert ["updateProduct", "createProduct"] == written(shop)[-2:]
    again = await shop.compare(flow)
    assert (0, []) == (again.differ, await shop.alerts())


async def test_many_that_stay_are_counted_and_hide_none_that_is_to_be_looked_at(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_STAYING", 1)
    flow = await assortment(shop, 3)
    shop.till.catalogue.edit_article(10_002, priceIncl=1)
    shop.till.catalogue.edit_article(10_004, priceIncl=1)
    shop.till.catalogue.lose_article(10_006)

    told = await shop.compare(flow)

    assert (1, {"update_off": 2}) == (told.differ, told.counts["left"])
    assert {"webshop/trui-3": ("changed_there", ["articleList[10006]"], None)} == await named(shop, flow)


async def test_what_was_made_again_is_missed_again_and_the_merchants_own_stays_all_the_while(
    shop: Shop,
) -> None:
    """With nothing known any more of what its articles hold, it is still known that they were made."""
    store = open_store(shop)
    offer(store, "trui", variant("1001"), variant("1002"), image_url=picture(shop))
    flow = await take_products(shop)
    await look(shop)
    shop.clock.advance(1_000)
    shop.till.images.link("PRODUCT", 1_001, [])
    shop.till.catalogue.edit_article(1_001, priceIncl=1)
    assert (0, 0) == ((told := await shop.compare(flow, heal=True)).differ, told.healing)
    assert {"webshop/trui": ("changed_there", ["articleList[1001].priceIncl"], "update_off")} == await named(
        shop, flow
    )
    for number in (1_002, 1_001):
        shop.till.catalogue.lose_article(number)
        await shop.compare(flow, heal=True)
        assert {"webshop/trui": ("changed_there", [f"articleList[{number}]"], None)} == {
            ref: (what, fields[-1:], stays)
            for ref, (what, fields, stays) in (await named(shop, flow)).items()
        }
        await shop.quiet()
        assert [1_001, 1_002] == sorted(articles(shop))


async def test_pictures_and_groups_that_somebody_took_away_are_no_drift(shop: Shop) -> None:
    group = shop.till.groups.add("Truien")
    store = open_store(shop)
    offer(store, "trui", variant("1001"), image_url=picture(shop), type="Truien")
    groups = {"article_groups": {"entries": {"Truien": str(group)}, "missing": "blank"}}
    flow = await take_products(shop, groups | {"update_existing": True})
    await look(shop)
    shop.clock.advance(1_000)
    shop.till.images.link("PRODUCT", 1_001, [])
    product(shop, 1_001)["groupNumbers"] = []

    told = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (0, {}) == (told.differ, await named(shop, flow))
    assert [] == product(shop, 1_001)["groupNumbers"]


async def test_a_variant_that_the_shop_took_away_is_not_missed_in_the_till(shop: Shop) -> None:
    flow = await assortment(shop, 1, {"update_existing": True})
    store = Shopping(shop.audience.account, shop.audience.account.stores[STORE])
    del store.store.products["trui-1"].variants["v-10003"]  # and nobody looked since
    shop.till.catalogue.lose_article(10_003)

    told = await shop.compare(flow, heal=True)

    assert (0, {}) == (told.differ, await named(shop, flow))


async def test_articles_under_numbers_of_a_range_are_found_where_they_stand(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("TR-M"), variant("TR-L"))
    offer(store, "vest", variant("VE-M"))
    flow = await take_products(shop, RANGE | {"update_existing": True})
    await look(shop)
    shop.clock.advance(1_000)
    shop.till.catalogue.lose_article(900_001)
    article(shop, 900_002)["priceIncl"] = 1

    await shop.compare(flow, heal=True)
    found = await named(shop, flow)
    await shop.quiet()

    assert {
        "webshop/trui": ("changed_there", ["articleList[TR-L]"], None),
        "webshop/vest": ("changed_there", ["articleList[VE-M].priceIncl"], None),
    } == found
    assert {900_000: 4_995, 900_001: 4_995, 900_002: 4_995} == {
        n: a["priceIncl"] for n, a in articles(shop).items()
    }
    assert 0 == (await shop.compare(flow)).differ


async def test_an_article_that_an_order_made_under_another_name_is_named_once(shop: Shop) -> None:
    """Made of a line while the shop had no such product, completed under its SKU when that was back."""
    store = open_store(shop)
    offer(store, "trui", variant("TR-M"), variant("TR-L"))
    numbers = {"number_range": {"first": 800_000, "last": 800_009}}
    codes = {"vat_codes": {"force": "2"}, "turnover_groups": {"force": "1"}}
    await take_orders(shop, {"missing_article": "create", "new_articles": numbers | codes})
    store.order("1", BUYER, [("v-TR-M", 1)])
    del store.store.products["trui"]
    await look(shop)
    offer(store, "trui", variant("TR-M"), variant("TR-L"))
    flow = await take_products(shop, RANGE | {"update_existing": True})
    await look(shop)
    assert {800_000, 900_000} == set(articles(shop))
    shop.clock.advance(1_000)
    shop.till.catalogue.lose_article(800_000)

    told = await shop.compare(flow, heal=True)
    found = await named(shop, flow)
    await shop.quiet()

    assert {"webshop/trui": ("changed_there", ["articleList[TR-M]"], None)} == found
    assert (1, {800_000, 900_000}) == (told.differ, set(articles(shop)))
    assert 0 == (await shop.compare(flow)).differ


# --- orders -------------------------------------------------------------------------------------------------------------


async def sold(shop: Shop, count: int, settings: dict[str, Any] | None = None) -> str:
    """So many orders of a shop, booked in the till more than a day ago."""
    till_with_articles(shop)
    store = webshop(shop)
    for n in range(1, count + 1):
        store.order(
            str(n),
            f"klant{n}@klant-voorbeeld.nl",
            [("1001", 1)],
            billing_address=ADDRESS,
            shipping_address=ADDRESS,
        )
    flow = await take_orders(shop, settings)
    await look(shop)
    assert count == len(booked(shop)) + len(invoiced(shop))
    shop.clock.advance(DAY)
    return flow


def order(shop: Shop, number: int) -> dict[str, Any]:
    """The till's order for one of the shop's."""
    orders = shop.till.orders
    return orders.cards.rows[orders.by_ext[f"webshop-{number}"]]


def lose_order(shop: Shop, number: int) -> None:
    """The order is not there any more, and nobody can tell why."""
    shop.till.orders.cards.lose(shop.till.orders.by_ext.pop(f"webshop-{number}"))


async def test_seven_of_many_orders_are_named_and_what_may_follow_the_shop_is_healed(shop: Shop) -> None:
    flow = await sold(shop, 60, {"update_existing": True})
    before = booked(shop)
    order(shop, 3)["reference"] = "Vervalst"
    order(shop, 4)["deliveryAddress"]["zipcode"] = ""
    order(shop, 5)["invoiceAddress"]["city"] = "Vervalst"
    shop.till.orders.cancel(order(shop, 6))
    shop.till.orders.cancel(order(shop, 7))
    order(shop, 8)["totalInclAmount"] = 1
    lose_order(shop, 9)
    asked = len(shop.till.log.find())

    told = await shop.compare(flow)

    assert {
        "webshop/3": ("changed_there", ["reference"], None),
        "webshop/4": ("changed_there", ["deliveryAddress.zipcode"], None),
        "webshop/5": ("changed_there", ["invoiceAddress.city"], None),
        "webshop/6": ("missing_there", [], "cancelled_in_till"),
        "webshop/7": ("missing_there", [], "cancelled_in_till"),
        "webshop/8": ("changed_there", ["totalInclAmount"], "not_written"),
        "webshop/9": ("missing_there", [], "not_found"),
    } == await named(shop, flow)
    assert (3, {"cancelled_in_till": 2, "not_written": 1, "not_found": 1}) == (
        told.differ,
        told.counts["left"],
    )
    assert (60, 57) == (told.counts["source"]["records"], told.counts["target"]["records"])
    assert 20 > len(shop.till.log.find()) - asked

    healing = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (3, 3) == (healing.differ, healing.healing)
    assert ("3", "3511 AB", "Utrecht") == (
        order(shop, 3)["reference"], order(shop, 4)["deliveryAddress"]["zipcode"], order(shop, 5)["invoiceAddress"]["city"]
    )  # fmt: skip
    now = {each["external"]: each for each in booked(shop)}
    assert len(before) - 1 == len(now)  # nothing was booked twice
    assert {"webshop-6", "webshop-7"} == {external for external, each in now.items() if each.get("cancelled")}
    again = await shop.compare(flow)
    assert (0, {"not_written": 1, "not_found": 1}) == (again.differ, again.counts["left"])
    assert [("drift_found", False)] == await shop.alerts()


async def test_booked_orders_that_do_not_follow_the_shop_are_named_and_left(shop: Shop) -> None:
    flow = await sold(shop, 3)
    order(shop, 2)["reference"] = "Van de winkelier"
    calls = len(shop.asked())

    told = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert {"webshop/2": ("changed_there", ["reference"], "update_off")} == await named(shop, flow)
    assert (0, 0, []) == (told.differ, told.healing, await shop.alerts())
    assert "Van de winkelier" == order(shop, 2)["reference"]
    assert not {"updateOrder", "updateOrderV2", "createOrderV3"} & set(shop.asked()[calls:])


async def test_a_booked_invoice_is_compared_and_never_changed(shop: Shop) -> None:
    flow = await sold(shop, 3, {"book_as": "invoice", "update_existing": True})
    invoices = shop.till.invoices
    row = invoices.cards.rows[invoices.by_ext["webshop-2"]]
    row["reference"] = "Vervalst"
    invoices.cards.lose(invoices.by_ext.pop("webshop-3"))
    known = await shop.rows(targets)

    told = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert {
        "webshop/2": ("changed_there", ["reference"], "not_written"),
        "webshop/3": ("missing_there", [], "not_found"),
    } == await named(shop, flow)
    assert (0, 2, "Vervalst") == (told.differ, len(invoices.cards.rows), row["reference"])
    assert known == await shop.rows(targets)  # nor is what was booked forgotten


async def test_an_order_that_waits_in_a_branchs_queue_is_no_drift_on_its_first_day(shop: Shop) -> None:
    flow = await sold(shop, 2)
    lose_order(shop, 1)
    shop.clock.advance(-10_000)

    told = await shop.compare(flow)

    assert (0, 1, {}) == (told.differ, told.counts["under_way"], await named(shop, flow))


async def test_a_comparison_of_a_shop_at_rest_finds_both_sides_alike(shop: Shop) -> None:
    flow = await sold(shop, 5)

    told = await shop.compare(flow)

    assert (0, {}, 5) == (told.differ, told.counts["left"], told.counts["target"]["records"])
    assert told.counts["source"]["hash"] == told.counts["target"]["hash"]


# --- articles that orders made --------------------------------------------------------------------------------------------


async def ordered(shop: Shop) -> tuple[Shopping, str]:
    """Two orders of two articles that were made for them, and one of an article that the till had."""
    store = open_store(shop)
    for sku in ("TR-R", "TR-B", "55"):
        offer(store, f"trui-{sku}", variant(sku, f"Trui {sku}"))
    article = {"articleNumber": 55, "priceIncl": 4_995, "vatCode": 2}
    shop.till.catalogue.add(productNumber=5, description="Trui", articleList=[article])
    flow = await take_orders(shop, CREATE)
    for number, sku in enumerate(("TR-R", "TR-B", "55"), 1):
        store.order(str(number), f"klant{number}@klant-voorbeeld.nl", [(f"v-{sku}", 1)])
    await look(shop)
    assert {55, 800_000, 800_001} == set(articles(shop))
    return store, flow


async def test_an_article_made_for_an_order_and_deleted_is_named_and_made_again_by_the_next(
    shop: Shop,
) -> None:
    store, flow = await ordered(shop)
    assert 0 == (await shop.compare(flow)).differ
    assert {} == await named(shop, flow)
    shop.till.catalogue.lose_article(800_001)
    before = written(shop)
    told = await shop.compare(flow, heal=True)
    await shop.quiet()

    async with shop.db.read() as conn:
        [each] = await comparisons.named(conn, flow, limit=9)
    gone = ("missing_there", "webshop/trui-TR-B", "7/800001", [], "made_when_named")
    assert gone == (each.what, each.ref, each.remote_id, each.fields, each.stays)
    assert (0, 0, {"made_when_named": 1}) == (told.differ, told.healing, told.counts["left"])
    assert told.counts["source"]["records"] == told.counts["target"]["records"] + 1
    assert before == written(shop)

    store.order("4", BUYER, [("v-TR-B", 1)])
    await look(shop)
    assert {"webshop/4": ("delivered", None)}.items() <= (await shop.outcomes()).items(), (
        await shop.attempts()
    )
    assert [*before, "createProduct"] == written(shop)
    assert {55, 800_000, 800_001} == set(articles(shop))
    await shop.compare(flow)
    assert {} == await named(shop, flow)


async def test_an_article_made_for_an_order_is_not_named_for_being_edited_or_inactive(shop: Shop) -> None:
    _, flow = await ordered(shop)
    shop.till.catalogue.edit_article(800_000, priceIncl=1, active=False)
    shop.till.catalogue.lose_article(55)  # nobody's of ours
    await shop.compare(flow)

    assert {} == await named(shop, flow)


async def test_where_a_flow_of_products_runs_its_comparison_looks_after_them(shop: Shop) -> None:
    _, flow = await ordered(shop)
    other = await take_products(shop, RANGE)
    await look(shop)
    shop.till.catalogue.lose_article(800_001)
    await shop.compare(flow)
    told = await shop.compare(other, heal=True)
    found = await named(shop, other)
    await shop.quiet()

    assert {} == await named(shop, flow)
    assert ({"webshop/trui-TR-B": ("missing_there", [], None)}, 1) == (found, told.differ)
    assert {55, 800_000, 800_001} == set(articles(shop))
