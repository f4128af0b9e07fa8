"""Products in both directions: one write, then silence, and nothing of our own comes back."""

from __future__ import annotations

from typing import Any

from tests.shop import Shop
from tests.stories.assortment import (
    RANGE,
    articles,
    jumper,
    offer,
    open_store,
    prices,
    products,
    take_products,
    variant,
    written,
)
from tests.stories.webshop import look


async def test_both_directions_of_products_come_to_rest_and_stay_silent(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Vaas", articleList=[{"articleNumber": 1, "priceIncl": 2_400, "vatCode": 2}]
    )
    store = jumper(shop)
    await shop.flow("products")
    await take_products(shop, {"update_existing": True, "on_gone": "inactive", **RANGE})
    offer(store, "sokken", variant("SOK-1"), title="Sokken")
    await _round(shop)
    await _round(shop)
    own = _own(shop)
    assert {"1", "2", "3"} == set(own)
    assert {"1001", "1002", "1003"} == set(own["2"].variants) or {"1001", "1002", "1003"} == set(
        own["3"].variants
    )

    shop.till.catalogue.edit_article(1001, priceIncl=4_100)
    await _round(shop)
    state = (articles(shop), products(shop), written(shop), shop.written(), _own_content(shop))
    for _ in range(10):
        shop.clock.advance(700)
        await _round(shop)
    for flow_id in shop.flow_ids:
        await shop.rewind(flow_id)
    await _round(shop)

    assert state == (articles(shop), products(shop), written(shop), shop.written(), _own_content(shop))
    assert 4_100 == prices(shop)[1001]


async def test_products_of_other_stores_are_not_the_way_back_of_our_own(shop: Shop) -> None:
    """They would be read one by one, as where both sides are edited."""
    for number in range(1, 6):
        shop.till.catalogue.add(description=f"Vaas {number}", articleList=[{"articleNumber": number, "priceIncl": 100, "vatCode": 2}])  # fmt: skip
    open_store(shop)
    out, back = await shop.flow("products"), await take_products(shop)
    shop.mailchimp.log.clear()
    await _round(shop)

    assert [(), ()] == [(await shop.worker.routes.route(flow)).back for flow in (out, back)]
    assert 5 == len(_own(shop))
    assert [] == [entry for entry in shop.mailchimp.log.find() if entry.operation == "product.get"]


async def test_what_we_wrote_into_our_own_store_never_comes_back(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Vaas", articleList=[{"articleNumber": 1, "priceIncl": 2_400, "vatCode": 2}]
    )
    await shop.flow("products")
    await shop.rest()
    own = next(iter(shop.audience.account.stores))
    flow = await take_products(shop, {"stores": [{"id": own}]})
    await shop.ask(flow, f"{own}/1")
    await shop.quiet()

    assert [] == written(shop)
    assert ("quarantined", "own_store") == (await shop.outcomes())[f"{own}/1"]


async def test_a_chain_over_two_stores_settles_after_one_pass(shop: Shop) -> None:
    """What came from a shop and is sold by it again under the till's number finds its own article."""
    store = jumper(shop)
    await take_products(shop, {"update_existing": True})
    await look(shop)
    offer(store, "terug", variant("1001", "Trui Noord rood / M"), title="Trui Noord")
    await look(shop)

    assert {1: ("Trui Noord", [1001, 1002, 1003])} == products(shop)
    assert ("skipped", "key_shared") == (await shop.outcomes())["webshop/terug"]


def _own(shop: Shop) -> dict[str, Any]:
    [own] = [each for id, each in shop.audience.account.stores.items() if id != "webshop"]
    return own.products


def _own_content(shop: Shop) -> dict[str, Any]:
    return {id: (product.data, product.variants) for id, product in _own(shop).items()}


async def _round(shop: Shop) -> None:
    await shop.poll()
    for flow_id in shop.flow_ids:
        await shop.worker.schedule.scanner.scan(flow_id)
    await shop.quiet()
