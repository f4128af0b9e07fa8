"""Stock on its way: a sale in the till, and the quantities of the store afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Shop
from tests.stories.storefront import article, contents, quantities, sent, store


def count(shop: Shop, number: int, pieces: Any, *, branch: int = 1, **more: Any) -> None:
    """What somebody counts in a branch."""
    now = shop.till.stock.level(branch, number)
    shop.till.stock.move(branch, number, physical=Decimal(str(pieces)) - now["physical"], **more)


async def two_articles(shop: Shop) -> None:
    shop.till.catalogue.add(
        productNumber=1,
        description="Trui",
        articleList=[article(10_001, size="M"), article(10_002, size="L")],
    )
    count(shop, 10_001, 10)
    count(shop, 10_002, 4)


async def test_a_sale_changes_the_quantity_of_its_variant_and_nothing_else(shop: Shop) -> None:
    await two_articles(shop)
    await shop.flow("products")
    await shop.flow("stock")
    await shop.rest()
    assert {"10001": 10, "10002": 4} == quantities(shop)
    before, calls = contents(shop), sent(shop)

    shop.till.stock.move(1, 10_001, physical=Decimal(-1))
    await shop.rest()

    assert {"10001": 9, "10002": 4} == quantities(shop)
    before["1"]["variants"]["10001"]["inventory_quantity"] = 9
    assert before == contents(shop)
    assert [*calls, "variant.patch"] == sent(shop)

    await shop.rest()

    assert [*calls, "variant.patch"] == sent(shop)


async def test_a_product_update_leaves_the_quantity_to_the_stock_flow(shop: Shop) -> None:
    await two_articles(shop)
    await shop.flow("products", {"quantity": "on"})
    await shop.flow("stock", {"buffer": 2})
    await shop.rest()
    shop.till.catalogue.edit_product(1, description="Trui Noord", articleList=[article(10_003, size="S")])
    await shop.rest()

    assert {"10001": 8, "10002": 2} == {k: v for k, v in quantities(shop).items() if k != "10003"}
    assert "Trui Noord" == contents(shop)["1"]["title"]


@pytest.mark.parametrize(("quantity", "expected"), [("on", {"10001": 10, "10002": 4}), ("off", {})])
async def test_a_quantity_goes_with_the_product_by_setting(
    shop: Shop, quantity: str, expected: dict[str, int]
) -> None:
    await two_articles(shop)
    await shop.flow("products", {"quantity": quantity})
    await shop.rest()

    assert expected == quantities(shop)


async def test_an_article_that_is_not_in_the_store_waits_for_nothing_and_comes_with_its_variant(
    shop: Shop,
) -> None:
    await two_articles(shop)
    stock = await shop.flow("stock")
    await shop.rest()
    assert ([], ("skipped", "not_in_store")) == (sent(shop), (await shop.outcomes())["10001"])

    await shop.flow("products")
    await shop.rest()

    assert {"10001": 10, "10002": 4} == quantities(shop)
    assert stock in shop.flow_ids


async def test_several_branches_are_summed_and_reservations_taken_off_once(shop: Shop) -> None:
    await two_articles(shop)
    count(shop, 10_001, 5, branch=2)
    count(shop, 10_001, 7, branch=3)
    shop.till.stock.move(1, 10_001, reserved=Decimal(3))
    await shop.flow("products")
    await shop.flow("stock", {"branches": ["1", "2"]})
    await shop.rest()

    assert 10 - 3 + 5 == quantities(shop)["10001"]


async def test_an_article_without_stock_keeping_is_a_constant_without_traffic(shop: Shop) -> None:
    shop.till.catalogue.add(
        productNumber=1, description="Knipbeurt", articleList=[article(10_001, stockArticle=False)]
    )
    await shop.flow("products")
    flow = await shop.flow("stock", {"unmanaged": 50})
    await shop.rest()
    assert {"10001": 50} == quantities(shop)
    calls = sent(shop)

    await shop.ask(flow, "10001")
    await shop.rest()

    assert calls == sent(shop)


async def test_a_hundred_changes_are_one_at_once_and_one_after_the_window(shop: Shop) -> None:
    await two_articles(shop)
    await shop.flow("products")
    await shop.flow("stock")
    await shop.rest()
    calls = sent(shop)
    shop.clock.advance(61)
    shop.till.stock.move(1, 10_001, physical=Decimal(-1))
    await shop.poll()
    await shop.deliver()
    assert ([*calls, "variant.patch"], 9) == (sent(shop), quantities(shop)["10001"])

    for _ in range(99):
        shop.till.stock.move(1, 10_001, physical=Decimal(5))
        shop.clock.advance(0.5)
        await shop.poll()
        await shop.deliver()
    assert [*calls, "variant.patch"] == sent(shop)  # inside the window nothing more is sent
    await shop.rest()

    assert ([*calls, "variant.patch", "variant.patch"], 504) == (sent(shop), quantities(shop)["10001"])


async def test_a_variant_deleted_in_mailchimp_is_no_error_of_the_stock_flow(shop: Shop) -> None:
    await two_articles(shop)
    await shop.flow("products")
    await shop.flow("stock")
    await shop.rest()
    del store(shop).products["1"].variants["10001"]
    shop.till.stock.move(1, 10_001, physical=Decimal(-1))
    await shop.rest()

    assert ("skipped", "not_in_store") == (await shop.outcomes())["10001"]
    assert {"10002": 4} == quantities(shop)


async def test_a_composed_article_is_as_plentiful_as_its_scarcest_part(shop: Shop) -> None:
    """The till reckons it. A sale of a part moves the part's stock alone: by night the composed article follows."""
    parts = [{"articleNumber": 10_002, "quantity": 2}, {"articleNumber": 10_003, "quantity": 1}]
    for number, fields in (
        (1, article(10_001, stockArticle=False, componentArticleList=parts)),
        (2, article(10_002)),
        (3, article(10_003)),
    ):
        shop.till.catalogue.add(productNumber=number, description=f"Kaars {number}", articleList=[fields])
    count(shop, 10_002, 10)
    count(shop, 10_003, 30)
    await shop.flow("products")
    flow = await shop.flow("stock")
    await shop.rest()
    assert {"10001": 5, "10002": 10, "10003": 30} == quantities(shop)

    shop.till.stock.move(1, 10_002, physical=Decimal(-6))
    await shop.rest()
    assert {"10001": 5, "10002": 4, "10003": 30} == quantities(shop)

    await shop.compare(flow, heal=True)
    await shop.deliver()
    assert {"10001": 2, "10002": 4, "10003": 30} == quantities(shop)
