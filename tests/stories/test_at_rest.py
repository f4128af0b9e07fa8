"""Everything on at once, both ways: one edit of any kind is written once, and then nothing moves (features T9)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from app.sandbox.mailchimp.shopping import Shopping
from tests.shop import CONSENT, Shop
from tests.stories.assortment import take_products
from tests.stories.bothways import WRITTEN_BACK, contacts
from tests.stories.counter import mails
from tests.stories.webshop import ADDRESS, STORE, take_orders, till_with_articles, webshop

JAN = "jan@devries.nl"
RELATION = {
    "name": "Jan de Vries",
    "email": JAN,
    "mobile": "06-12345678",
    "address": "Kerkstraat 12",
    "zipcode": "3511 AB",
    "city": "Utrecht",
    "country": "Nederland",
}
READS = ("get", "find")


async def everything(shop: Shop) -> None:
    """A customer, three articles with stock and a web shop; seven flows between them, at rest."""
    shop.till.relations.add(**RELATION)
    shop.till.relations.consent(1, given=True)
    till_with_articles(shop)
    for article in (1001, 1002, 1003):
        shop.till.stock.move(1, article, physical=Decimal(10))
    webshop(shop)
    await shop.flow("products", {"quantity": "off"})
    await shop.flow("stock")
    await shop.flow("customers", CONSENT | {"loyalty": True})
    await contacts(shop, WRITTEN_BACK | {"create_relations": True})
    await shop.flow("orders", {"update_existing": "everything"})
    await take_orders(shop)
    await take_products(shop)
    await cycles(shop, 4)


async def cycles(shop: Shop, count: int) -> None:
    """So many rounds of all that a worker does by itself: polls, looks through stores, deliveries."""
    for _ in range(count):
        shop.clock.advance(61)
        await shop.poll()
        for flow_id in shop.flow_ids:
            await shop.worker.schedule.scanner.scan(flow_id)
        await shop.quiet()


def writes(shop: Shop) -> tuple[list[str], list[str]]:
    """What was written to Mailchimp and to the till so far."""
    return shop.written(), [name for name in shop.asked() if not name.startswith(READS)]


def customer(shop: Shop) -> None:
    shop.till.relations.edit(1, mobile="06-87654321")


def contact(shop: Shop) -> None:
    shop.life.edit(JAN, merge_fields={"PHONE": "+31687654321"})


def unsubscribes(shop: Shop) -> None:
    shop.life.unsubscribe(JAN)


def signs_up(shop: Shop) -> None:
    shop.life.sign_up("noor@klant-voorbeeld.nl", merge_fields={"FNAME": "Noor", "LNAME": "Visser"})


def points(shop: Shop) -> None:
    shop.till.relations.add_points(1, 5)


def product(shop: Shop) -> None:
    shop.till.catalogue.edit_article(1001, priceIncl=3_995)


def stock(shop: Shop) -> None:
    shop.till.stock.move(1, 1001, physical=Decimal(-1))


def sale(shop: Shop) -> None:
    line = {"articleNumber": 1002, "text": "Sokken", "quantity": 1, "priceIncl": 10.0}
    shop.till.counter.sell([line], [{"method": "PIN", "amount": 10.0}], relation=1)


def shop_order(shop: Shop) -> None:
    account = shop.audience.account
    Shopping(account, account.stores[STORE]).order(
        "1001", JAN, [("1002", 1)], billing_address=ADDRESS | {"name": "Jan de Vries"}
    )


def shop_product(shop: Shop) -> None:
    account = shop.audience.account
    Shopping(account, account.stores[STORE]).stock("1004", title="Muts", price=15)


@pytest.mark.parametrize(
    ("edit", "at_mailchimp", "at_the_till"),
    [
        (customer, ["member.patch"], []),
        (contact, [], ["updateRelation"]),
        (unsubscribes, [], ["updateRelation"]),
        (signs_up, [], ["createRelation"]),
        (points, [], []),
        (product, ["variant.patch"], []),
        (stock, ["variant.patch"], []),
        (sale, ["customer.put", "orders.post", "variant.patch"], []),
        (shop_order, ["variant.patch"], ["createOrderV3"]),
        (shop_product, ["product.put", "variant.patch"], ["createProduct"]),
    ],
)
async def test_one_edit_is_written_once_and_then_ten_cycles_are_silent(
    shop: Shop, edit: Callable[[Shop], None], at_mailchimp: list[str], at_the_till: list[str]
) -> None:
    await everything(shop)
    before = writes(shop)
    edit(shop)
    await cycles(shop, 3)
    after = writes(shop)

    assert (at_mailchimp, at_the_till) == (
        sorted(after[0][len(before[0]) :]),
        sorted(after[1][len(before[1]) :]),
    )
    await cycles(shop, 10)

    assert after == writes(shop)
    assert {} == {
        flow_id: await shop.differences(flow_id)
        for flow_id in shop.flow_ids
        if (await shop.compare(flow_id)).differ
    }
    assert mails(shop) == (
        ["order_invoice"] if edit in (sale, shop_order) else []
    )  # by the sale itself; nobody is written to for nothing
