"""Sales that no shop should make and every shop does: each arrives whole, or stays behind with a reason that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.sandbox.mplus.receipts import RECEIPT
from tests.shop import Shop
from tests.stories.counter import JAN, lines, order, orders, sell, sold, stocked
from tests.stories.storefront import contents, store


async def begun(shop: Shop, settings: dict[str, Any] | None = None) -> str:
    """An orders flow that has looked once."""
    flow = await shop.flow("orders", settings)
    await shop.rest()
    return flow


async def reasons(shop: Shop) -> list[tuple[str | None, str | None]]:
    """How every delivery stands."""
    return sorted((await shop.outcomes()).values(), key=str)


async def test_an_article_that_nobody_knows_is_made_of_its_line(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    sell(shop, sold(77_777, 9.5), relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert (9.5, [("77777", 1, 9.5)]) == (told["order_total"], told["lines"])


async def test_an_article_that_was_deleted_since_it_was_sent_keeps_its_place(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    await begun(shop)
    shop.till.catalogue.edit_article(10_001, active=False)
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert [("10001", 1, 49.95)] == told["lines"]
    assert ["1", "2"] == sorted(store(shop).products)


async def test_a_sale_without_lines_is_left_out(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    shop.till.receipts.make(RECEIPT, shop.till.counter.head(relation=jan), [], [])
    await shop.rest()

    assert [("skipped", "no_lines")] == await reasons(shop)


async def test_five_hundred_lines_arrive_in_one_call(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    sell(shop, *[sold(10_001, 0.01) for _ in range(500)], relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert (5, 500) == (told["order_total"], len(told["lines"]))
    assert 1 == shop.written().count("orders.post")


async def test_a_relation_that_the_till_does_not_show_is_named(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    sell(shop, sold(10_001, 49.95), relation=jan)
    del shop.till.relations.cards.rows[jan]
    await shop.rest()

    assert [("skipped", "customer_not_found")] == await reasons(shop)
    assert f"relation {jan}" in (await shop.attempts())[-1]["reason"]


async def test_two_relations_with_one_address_are_one_customer(shop: Shop) -> None:
    jan = stocked(shop)
    other = int(shop.till.relations.add(**JAN | {"name": "Bakkerij de Vries"})["relationNumber"])
    await begun(shop)
    sell(shop, sold(10_001, 49.95), relation=jan)
    sell(shop, sold(10_001, 49.95), relation=other)
    await shop.rest()

    assert [(JAN["email"], 2)] == [(each.email, each.orders_count) for each in store(shop).customers.values()]


async def test_no_number_is_sent_for_another_currencys(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop, {"currency": "CHF"})
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()

    assert [("skipped", "other_currency")] == await reasons(shop)
    assert "orders.post" not in shop.written()


async def test_a_sale_that_changes_while_it_is_on_its_way_is_sent_as_it_became(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop, {"send_orders": "at_once", "update_existing": "everything"})
    made = order(shop, jan, (10_001, 1))

    async def change(name: str) -> None:
        if name == "fetched":
            row = shop.till.orders.cards.rows[made["orderId"]]
            if len(row["lineList"]) == 1:
                line = {"articleNumber": 10_002, "data": {"quantity": 1, "decimalPlaces": 0}}
                shop.till.orders.edit(row, row | {"lineList": [*row["lineList"], line]})

    await shop.poll()
    await shop.worker.batch(shop.flow_ids[-1], hook=change)  # type: ignore[arg-type]
    await shop.rest()
    [told] = orders(shop).values()

    assert (64.95, 2) == (told["order_total"], len(told["lines"]))


@pytest.mark.parametrize("year", [1, 1970, 2999])
async def test_odd_years_arrive_as_they_are(shop: Shop, year: int) -> None:
    jan = stocked(shop)
    await begun(shop)
    at = datetime(year, 1, 2, 12, tzinfo=UTC)
    head = shop.till.counter.head(relation=jan, at=at)
    line = {
        "articleNumber": 10_001,
        "text": "Trui",
        "data": {"quantity": 1, "decimalPlaces": 0, "price": 4_995},
    }
    shop.till.receipts.make(RECEIPT, head, [line], [])
    await shop.rest()
    [told] = orders(shop).values()

    assert at == datetime.fromisoformat(told["processed_at_foreign"])


async def test_a_stand_in_for_a_deleted_product_leaves_the_others_alone(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    await begun(shop)
    await shop.rest()
    kept = contents(shop)["1"]
    del store(shop).products["2"]
    sell(shop, sold(10_001, 39.95, text="Trui in de aanbieding"), sold(10_002, 15.0), relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert [("10001", 1, 39.95), ("10002", 1, 15)] == told["lines"]
    assert kept == contents(shop)["1"]
    assert ["10002"] == list(contents(shop)["2"]["variants"])


@pytest.mark.parametrize("products", [True, False])
async def test_a_weight_stands_in_the_title_of_its_variant(shop: Shop, products: bool) -> None:
    jan = stocked(shop)
    if products:
        await shop.flow("products")
    await begun(shop)
    await shop.rest()
    before = contents(shop) if products else {}
    sell(shop, sold(10_002, 15.0, 0.25), sold(10_002, 15.0, 0.1), sold(10_002, 15.0, 0.25), relation=jan)
    await shop.rest()
    [told] = orders(shop).values()
    product = contents(shop)["2"]
    made = {id: each for id, each in product["variants"].items() if id != "10002"}

    assert (9, [3.75, 1.5, 3.75]) == (told["order_total"], [price for _, _, price in told["lines"]])
    assert {"Kaas 0,250 kg", "Kaas 0,100 kg"} == {each["title"] for each in made.values()}, product
    assert {"hidden"} == {each["visibility"] for each in made.values()}
    assert set(made) == {id for id, _, _ in told["lines"]}
    if products:
        assert before["2"]["title"] == product["title"]
        assert before["2"]["variants"]["10002"] == product["variants"]["10002"]


async def test_a_weight_is_not_told_where_that_is_chosen(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    await begun(shop, {"weights": "plain"})
    await shop.rest()
    before = contents(shop)
    sell(shop, sold(10_002, 15.0, 0.25), relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert (3.75, [("10002", 1, 3.75)]) == (told["order_total"], told["lines"])
    assert before == contents(shop)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, ("skipped", "credit_of_nothing")), ({"credits": "negative"}, ("delivered", None))],
)
async def test_a_negative_total_that_says_of_no_sale_lowers_none(
    shop: Shop, settings: dict[str, str], told: tuple[str, str | None]
) -> None:
    jan = stocked(shop)
    await begun(shop, settings)
    bought = sell(shop, sold(10_001, 49.95), relation=jan)
    back = sell(shop, sold(10_001, 49.95, -1), relation=jan)
    await shop.rest()

    assert told == (await shop.outcomes())[f"receipt:{back}"]
    assert 49.95 == orders(shop)[f"receipt-{bought}"]["order_total"]
    assert all(price >= 0 for id in orders(shop) for _, _, price, _ in lines(shop, id))


async def test_an_answer_that_was_lost_after_the_sale_was_posted_makes_no_second_one(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="orders.post")
    receipt = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()

    assert {f"receipt:{receipt}": ("unchanged", None)} == await shop.outcomes()
    assert ["retrying", "unchanged"] == [row["outcome"] for row in await shop.attempts()]
    assert [f"receipt-{receipt}"] == list(orders(shop))
    assert [("10001", 1, 49.95)] == orders(shop)[f"receipt-{receipt}"]["lines"]
    assert 1 == shop.written().count("orders.post")


async def test_an_answer_that_was_lost_after_a_credit_lowers_its_sale_once(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    bought = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="order.patch")
    shop.till.receipts.credit(shop.till.receipts.known(bought), shop.till.counter.head(relation=jan))
    await shop.rest()

    assert ("refunded", 0) == tuple(
        orders(shop)[f"receipt-{bought}"].get(name, 0) for name in ("financial_status", "order_total")
    )
    assert 1 == shop.written().count("order.patch")


async def test_posts_whose_answers_were_lost_are_not_made_again_by_an_old_list_of_what_is_there(
    shop: Shop,
) -> None:
    """Many are looked up in the list of ids, which is some minutes old at most: the store's own no is the last word."""
    jan = stocked(shop)
    await begun(shop)
    made = [sell(shop, sold(10_001, 49.95), relation=jan)]
    await shop.rest()
    shop.mailchimp.faults.fail_next(4, kind="reset_after", operation="orders.post")
    made += [sell(shop, sold(10_001, 49.95), relation=jan) for _ in range(4)]
    await shop.poll()
    await shop.deliver()
    shop.clock.advance(400)  # all four are due again, and the list is not read anew before ten minutes
    await shop.quiet()

    assert sorted(f"receipt-{receipt}" for receipt in made) == list(orders(shop))
    assert {("delivered", None)} == set((await shop.outcomes()).values())
