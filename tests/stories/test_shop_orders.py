"""Orders that another shop wrote into the account, and the till afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import Shop
from tests.stories.webshop import (
    ADDRESS,
    BUYER,
    booked,
    invoiced,
    look,
    relations,
    take_orders,
    till_with_articles,
    webshop,
)


async def test_an_order_of_a_shop_is_booked_once_with_its_buyer(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    store.order(
        "1001",
        BUYER,
        [("1001", 2), ("1003", 1)],
        billing_address=ADDRESS | {"phone": "06 12 34 56 78"},
        customer={"first_name": "Sanne", "last_name": "Bakker"},
    )
    await look(shop)

    expected = {
        "external": "webshop-1001",
        "reference": "1001",
        "on": BUYER,
        "total": 10_490,
        "lines": [(1001, "Trui", 2, 9_990), (1003, "Boek", 1, 500)],
    }
    assert [expected] == booked(shop), await shop.attempts()
    assert [
        {
            "name": "Sanne Bakker",
            "email": BUYER,
            "telephone": "+31612345678",
            "address": "Kerkstraat 12",
            "zipcode": "3511 AB",
            "city": "Utrecht",
            "country": "Netherlands",
        }
    ] == relations(shop)
    assert [] == invoiced(shop)
    asked = len(shop.asked())

    await look(shop)

    assert [expected] == booked(shop)
    assert asked == len(shop.asked())
