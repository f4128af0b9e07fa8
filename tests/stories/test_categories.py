"""Categories on their way: a group renamed, moved or deleted in the till, and what its products say in the store."""

from __future__ import annotations

from typing import Any

from tests.shop import Shop
from tests.stories.storefront import article, contents, sent


async def dressed(shop: Shop, **settings: Any) -> tuple[int, int]:
    """One product in `Dames > Jurken`, delivered; the numbers of both groups."""
    above = shop.till.groups.add("Dames")
    below = shop.till.groups.add("Jurken", parent=above)
    shop.till.catalogue.add(
        productNumber=1, description="Jurk", groupNumbers=[below], articleList=[article(10_001)]
    )
    await shop.flow("products", settings)
    await shop.rest()
    return above, below


def type_of(shop: Shop) -> str:
    return str(contents(shop)["1"]["type"])


async def test_a_renamed_group_renames_the_type_of_its_products(shop: Shop) -> None:
    _, below = await dressed(shop)
    calls = sent(shop)
    assert "Jurken" == type_of(shop)

    shop.till.groups.edit(below, name="Rokken")
    await shop.rest()

    assert ("Rokken", [*calls, "product.patch"]) == (type_of(shop), sent(shop))

    await shop.rest()

    assert [*calls, "product.patch"] == sent(shop)


async def test_a_group_renamed_above_shows_in_the_path(shop: Shop) -> None:
    above, _ = await dressed(shop, category_form="path")
    assert "Dames > Jurken" == type_of(shop)

    shop.till.groups.edit(above, name="Vrouwen")
    await shop.rest()

    assert "Vrouwen > Jurken" == type_of(shop)


async def test_a_group_that_moves_takes_its_products_along(shop: Shop) -> None:
    _, below = await dressed(shop, category_form="path")
    sale = shop.till.groups.add("Uitverkoop")

    shop.till.groups.edit(below, parentGroupNumber=sale)
    await shop.rest()

    assert "Uitverkoop > Jurken" == type_of(shop)


async def test_a_product_whose_group_is_deleted_falls_back(shop: Shop) -> None:
    _, below = await dressed(shop, category_fallback="Overig")

    shop.till.groups.remove(below)
    await shop.rest()

    assert "Overig" == type_of(shop)


async def test_a_category_may_stand_where_the_brand_would(shop: Shop) -> None:
    await dressed(shop, category_to="vendor")

    assert ("", "Jurken") == (contents(shop)["1"].get("type", ""), contents(shop)["1"]["vendor"])  # fmt: skip


async def test_a_renamed_group_of_nobody_asks_for_nothing(shop: Shop) -> None:
    await dressed(shop)
    calls = sent(shop)
    empty = shop.till.groups.add("Leeg")
    await shop.rest()
    shop.till.groups.edit(empty, name="Nog leeg")
    await shop.rest()

    assert calls == sent(shop)


async def test_groups_that_were_there_before_ask_for_no_product_twice(shop: Shop) -> None:
    """Polls read a small window below the cursor again; what lies below its beginning is in the records already."""
    await dressed(shop)
    shop.clock.advance(30)
    await shop.poll()

    assert 0 == await shop.deliver()
