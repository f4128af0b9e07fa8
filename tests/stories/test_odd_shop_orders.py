"""Shop orders that no shop should write and every shop does: each is booked whole, or held back with what to do about it.

Foreign currencies, totals below zero, addresses of two relations, five hundred lines, lost answers and orders that change
meanwhile stand in ``test_shop_orders.py``.
"""

from __future__ import annotations

import pytest

from tests.shop import Shop
from tests.stories.webshop import (
    BUYER,
    article,
    booked,
    look,
    one,
    reason,
    relations,
    take_orders,
    till_with_articles,
    webshop,
)


async def test_a_product_that_the_shop_deleted_since_is_named_by_its_line(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    store.order("1", BUYER, [("1001", 1), ("1003", 1)])
    del store.store.products["1003"]
    await look(shop)

    assert {"webshop/1": ("quarantined", "article_missing")} == await shop.outcomes()
    assert "The till has no article for line 2 (without a SKU)." in str(await reason(shop))
    assert ([], []) == (booked(shop), relations(shop))


async def test_what_looks_like_an_article_number_and_is_none_is_never_guessed(shop: Shop) -> None:
    """Nor is a PLU or a barcode taken for a number where the flow does not say that SKUs may be one."""
    till_with_articles(shop)
    other = article(1004, 10, pluNumber="55", barcode="8712345678906")
    shop.till.catalogue.add(productNumber=3, description="Trui M", articleList=[other])
    store = webshop(shop)
    names = ("01001", "+1001", "1001.0", "-1001", "55", "8712345678906")
    for sku in names:
        store.stock(sku, title="Trui", price=10)
    await take_orders(shop)
    store.order("1", BUYER, [(sku, 1) for sku in names])
    await look(shop)

    assert f"The till has no article for {', '.join(names)}. Nothing was written." in str(await reason(shop))
    assert ([], []) == (booked(shop), relations(shop))


async def test_an_article_that_the_till_sells_no_more_is_booked_all_the_same(shop: Shop) -> None:
    """The shop did sell it: it is for the merchant to take it out of the shop."""
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    shop.till.catalogue.edit_article(1001, active=False)
    store.order("1", BUYER, [("1001", 1)])
    await look(shop)

    assert [(1001, "Trui", 1, 4_995)] == booked(shop)[0]["lines"]


async def test_a_standard_debtor_that_the_till_does_not_have_is_named(shop: Shop) -> None:
    outcome, why = await one(shop, {"standard_debtor": 77_777, "standard_debtor_when": "always"})

    said = "The till refused it: Relation 77777 does not exist. Correct what the till names, then replay this record."
    assert ("record_refused", said) == (outcome, why)
    assert ([], []) == (booked(shop), relations(shop))


async def test_a_part_of_a_piece_is_booked_in_thousandths(shop: Shop) -> None:
    """Mailchimp says that quantities are whole, and passes on what a shop wrote."""
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    made = store.order("1", BUYER, [("1001", 1)], order_total=12.49)
    made.lines["1"]["quantity"] = 0.25
    await look(shop)

    [row] = shop.till.orders.cards.rows.values()
    [line] = row["lineList"]
    assert (25, 2) == (line["data"]["quantity"], line["data"]["decimalPlaces"])
    assert (1_249, 1_249) == (line["data"]["totalInclAmount"], row["totalInclAmount"])


ZEROS = ("0000-00-00T00:00:00+00:00", "1970-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00", "0")


@pytest.mark.parametrize("said", ["", "gisteren", *ZEROS])
@pytest.mark.parametrize("setting", ["order", "today"])
async def test_an_order_without_a_usable_date_is_held_back_or_booked_today(
    shop: Shop, said: str, setting: str
) -> None:
    """Never in the year that clocks begin in: the till's books of it are closed, or worse, are not."""
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop, {"financial_date": setting})
    told = store.order("1", BUYER, [("1001", 1)]).data
    told["processed_at_foreign"] = said
    await look(shop)

    if setting == "today":
        [row] = shop.till.orders.cards.rows.values()
        assert ("2026-03-02", shop.till.now()) == (row["financialDate"].isoformat(), row["entryTimestamp"])
        return
    assert {"webshop/1": ("quarantined", "no_date")} == await shop.outcomes()
    assert ([], []) == (booked(shop), relations(shop))
    why = str(await reason(shop))
    assert "processed_at_foreign" in why
    assert "choose `today` as the flow's financial date" in why

    told["processed_at_foreign"] = "2026-03-01T12:00:00+00:00"
    await look(shop)
    [row] = shop.till.orders.cards.rows.values()
    assert "2026-03-01" == row["financialDate"].isoformat()
