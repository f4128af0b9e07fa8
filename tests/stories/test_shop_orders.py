"""Orders that another shop wrote into the account, and the till afterwards."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest

from app.sandbox.faults import Fault
from app.sandbox.mailchimp.shopping import Shopping
from tests.shop import Shop
from tests.stories.webshop import (
    ADDRESS,
    BUYER,
    booked,
    invoiced,
    look,
    one,
    reason,
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


async def test_as_an_invoice_where_the_setting_says_so(shop: Shop) -> None:
    outcome, _ = await one(shop, {"book_as": "invoice", "terms": {"force": 30}})

    assert ("delivered", []) == (outcome, booked(shop))
    [invoice] = invoiced(shop)
    assert ("webshop-1001", "1001", 9_990) == (
        invoice["external"],
        invoice["reference"],
        invoice["total"],
    )
    [row] = shop.till.invoices.cards.rows.values()
    assert ("2026-03-02", "2026-04-01") == (
        row["financialDate"].isoformat(),
        row["dueDate"].isoformat(),
    )
    assert 30 == relations(shop)[0]["paymentWithinDays"]


async def test_what_was_booked_as_an_order_never_becomes_an_invoice_as_well(shop: Shop) -> None:
    await one(shop)
    [flow] = shop.flow_ids
    await shop.configure(flow, settings={"stores": [{"id": "webshop"}], "book_as": "invoice"})
    webshop_orders(shop)["1001"].data["fulfillment_status"] = "shipped"
    await look(shop)

    assert (1, []) == (len(booked(shop)), invoiced(shop))


def webshop_orders(shop: Shop) -> Any:
    return shop.audience.account.stores["webshop"].orders


async def test_an_open_order_waits_and_is_booked_once_it_is_paid(shop: Shop) -> None:
    outcome, _ = await one(shop, financial_status="pending")
    assert ("is_open", []) == (outcome, booked(shop))

    account = shop.audience.account
    Shopping(account, account.stores["webshop"]).change("1001", financial_status="paid")
    await look(shop)

    assert ["webshop-1001"] == [sale["external"] for sale in booked(shop)]


async def test_states_by_the_words_of_the_shop(shop: Shop) -> None:
    stores = [{"id": "webshop", "words": {"Betaald": "paid"}, "fulfilment": ["shipped"]}]
    outcome, _ = await one(shop, {"stores": stores}, financial_status="betaald")
    assert "not_delivered" == outcome

    webshop_orders(shop)["1001"].data["fulfillment_status"] = "shipped"
    await look(shop)

    assert 1 == len(booked(shop))


@pytest.mark.parametrize(
    ("email", "there"),
    [("SANNE@Klant-Voorbeeld.nl", "sanne@klant-voorbeeld.nl"), (BUYER, "Sanne@Klant-Voorbeeld.NL")],
)
async def test_a_buyer_is_found_in_any_spelling_and_brought_up_to_date(
    shop: Shop, email: str, there: str
) -> None:
    shop.till.relations.add(name="S. Bakker", email=there, address="Oude Gracht 1", city="Utrecht")
    shop.till.relations.add(name="Josanne", email="josanne@klant-voorbeeld.nl")
    outcome, _ = await one(shop, email=email)

    assert ("delivered", 2) == (outcome, len(relations(shop)))
    [sale] = booked(shop)
    assert there.strip().lower() == sale["on"].strip().lower()
    assert "Kerkstraat 12" == relations(shop)[0]["address"]


async def test_a_buyer_is_left_as_he_is_by_setting(shop: Shop) -> None:
    shop.till.relations.add(name="S. Bakker", email=BUYER, address="Oude Gracht 1", city="Utrecht")
    await one(shop, {"update_relations": False})

    assert "Oude Gracht 1" == relations(shop)[0]["address"]
    assert 1 == len(booked(shop))


@pytest.mark.parametrize(
    ("companies", "expected"),
    [
        ("company", {"name": "Bakkerij Bol", "companyName": "Bakkerij Bol", "contact": "Sanne Bakker"}),
        ("person", {"name": "Sanne Bakker"}),
    ],
)
async def test_a_company_with_its_contact_or_the_person(
    shop: Shop, companies: str, expected: dict[str, str]
) -> None:
    customer = {"first_name": "Sanne", "last_name": "Bakker", "company": "Bakkerij Bol"}
    await one(shop, {"companies": companies}, customer=customer, billing_address={})

    assert [{**expected, "email": BUYER}] == relations(shop)


@pytest.mark.parametrize("when", ["always", "fallback"])
async def test_the_standard_debtor(shop: Shop, when: str) -> None:
    debtor = shop.till.relations.add(name="Webverkoop")["relationNumber"]
    settings = {"standard_debtor": debtor, "standard_debtor_when": when, "create_relations": False}
    await one(shop, settings)

    assert [debtor] == [sale["on"] for sale in booked(shop)]
    assert [{"name": "Webverkoop"}] == relations(shop)


async def test_always_the_standard_debtor_writes_no_buyer_that_is_there(shop: Shop) -> None:
    debtor = shop.till.relations.add(name="Webverkoop")["relationNumber"]
    shop.till.relations.add(name="S. Bakker", email=BUYER)
    await one(shop, {"standard_debtor": debtor, "standard_debtor_when": "always"})

    assert [{"name": "Webverkoop"}, {"name": "S. Bakker", "email": BUYER}] == relations(shop)
    assert "findRelationV2" not in shop.asked()


async def test_a_buyer_who_may_not_be_made_and_no_debtor(shop: Shop) -> None:
    outcome, why = await one(shop, {"create_relations": False})

    assert ("no_relation", []) == (outcome, booked(shop))
    assert why is not None
    assert why.startswith("The till has no relation with the buyer's address")


WRITES = ("createRelation", "updateRelation", "createOrderV3", "saveInvoice", "payOrderV2")


async def test_every_unknown_sku_is_named_at_once_and_nothing_is_written(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    for sku in ("AB-1", "7777777", "8888888"):
        store.stock(sku, title=f"Onbekend {sku}", price=1)
    await take_orders(shop)
    store.order("1001", BUYER, [("1001", 1), ("AB-1", 1), ("7777777", 1), ("8888888", 2)])
    await look(shop)

    assert {"webshop/1001": ("quarantined", "article_missing")} == await shop.outcomes()
    said = await reason(shop)
    assert said is not None
    assert said.startswith("The till has no article for AB-1, 7777777, 8888888. Nothing was written.")
    assert [] == [name for name in shop.asked() if name in WRITES]
    assert [] == relations(shop)


async def test_a_line_without_a_sku_is_named_by_its_place(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    store.stock("zonder", title="Zonder", price=1).variants["zonder"]["sku"] = ""
    await take_orders(shop)
    store.order("1001", BUYER, [("1001", 1), ("zonder", 1)])
    await look(shop)

    assert "The till has no article for line 2 (without a SKU)." in str(await reason(shop))


@pytest.mark.parametrize(
    ("settings", "sku", "expected"),
    [
        ({"sku_table": {"AB-1": "1002"}}, "AB-1", 1002),
        ({"match_by": ["article_number", "plu"]}, "TRUI-M", 1004),
        ({"match_by": ["article_number", "barcode"]}, "8712345678906", 1004),
    ],
)
async def test_articles_by_table_plu_or_barcode(
    shop: Shop, settings: dict[str, Any], sku: str, expected: int
) -> None:
    shop.till.catalogue.add(
        productNumber=3,
        description="Trui M",
        articleList=[{"articleNumber": 1004, "priceIncl": 100, "vatCode": 2, "pluNumber": "TRUI-M", "barcode": "8712345678906"}],
    )  # fmt: skip
    till_with_articles(shop)
    store = webshop(shop)
    store.stock(sku, title="Trui", price=1)
    await take_orders(shop, settings)
    store.order("1001", BUYER, [(sku, 3)])
    await look(shop)

    assert [(expected, "Trui", 3, 300)] == booked(shop)[0]["lines"]


async def test_a_held_order_goes_when_the_article_is_there(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    store.stock("7777", title="Nieuw", price=2)
    await take_orders(shop, {"missing_article": "hold"})
    store.order("1001", BUYER, [("7777", 1)])
    flow = shop.flow_ids[0]
    await shop.worker.schedule.scanner.scan(flow)
    await shop.deliver()
    assert {"webshop/1001": ("retrying", "article_missing")} == await shop.outcomes()

    shop.till.catalogue.add(
        productNumber=7,
        description="Nieuw",
        articleList=[{"articleNumber": 7777, "priceIncl": 200, "vatCode": 2}],
    )
    await shop.quiet()

    assert [(7777, "Nieuw", 1, 200)] == booked(shop)[0]["lines"]


async def test_a_placeholder_stands_in_under_the_lines_own_text(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    store.stock("AB-9", title="Vreemd", price=2)
    await take_orders(shop, {"missing_article": "placeholder", "placeholder_article": "9003"})
    store.order("1001", BUYER, [("1002", 1), ("AB-9", 1)])
    await look(shop)

    assert [(1002, "Sokken", 1, 1_000), (9003, "AB-9 Vreemd", 1, 200)] == booked(shop)[0]["lines"]


async def test_employee_branch_workplace_category_and_delivery(shop: Shop) -> None:
    settings = {
        "employee_number": 2,
        "branch": 3,
        "workplace": 2,
        "order_category": 1,
        "delivery_method": "BEZORGEN",
    }
    await one(shop, settings)

    [row] = shop.till.orders.cards.rows.values()
    assert (2, 3, 3, 2, 1, "BEZORGEN") == tuple(
        row[name]
        for name in (
            "employeeNumber",
            "entryBranchNumber",
            "financialBranchNumber",
            "workplaceNumber",
            "orderCategoryNumber",
            "deliveryMethod",
        )
    )


async def test_a_branch_by_rule_brings_its_employee_and_needs_a_workplace(shop: Shop) -> None:
    rule = {"name": "Gent", "then": [{"do": "set", "field": "branch", "value": "2"}]}
    till_with_articles(shop)
    store = webshop(shop)
    flow = await take_orders(shop, {"branch_employees": {"2": 3}}, mapping={"rules": [rule]})
    store.order("1001", BUYER, [("1001", 1)])
    await look(shop)
    assert {"webshop/1001": ("quarantined", "no_workplace")} == await shop.outcomes()
    assert [] == relations(shop)

    rule["then"].append({"do": "set", "field": "workplace", "value": "1"})  # type: ignore[attr-defined]
    await shop.configure(flow, mapping={"rules": [rule]})
    await shop.replay(flow, failed=True)
    await shop.quiet()

    [row] = shop.till.orders.cards.rows.values()
    assert (3, 2, 1) == (row["employeeNumber"], row["entryBranchNumber"], row["workplaceNumber"])


@pytest.mark.parametrize(
    ("settings", "order", "expected"),
    [
        ({"payment_methods": {"force": "IDEAL"}}, {}, [("IDEAL", 9_990)]),
        ({"payment_methods": {"entries": {"webshop": "MOLLIE"}}}, {}, [("MOLLIE", 9_990)]),
        (
            {"payment_expression": "landing_site", "payment_methods": {"entries": {"a": "PIN"}, "default": "CONTANT", "missing": "default"}},
            {"landing_site": "https://winkel.example/b"},
            [("CONTANT", 9_990)],
        ),
        ({"payment_expression": "custom.financial_status", "payment_methods": {"entries": {"paid": "PIN"}}}, {}, [("PIN", 9_990)]),
    ],
)  # fmt: skip
async def test_the_payment_by_expression_and_table(
    shop: Shop, settings: dict[str, Any], order: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    await one(shop, {"payment": "prepay", **settings}, **order)

    assert expected == booked(shop)[0]["paid"]
    assert [] == invoiced(shop)


async def test_a_payment_that_no_table_knows_holds_the_order_back(shop: Shop) -> None:
    methods = {"entries": {"elders": "MOLLIE"}, "missing": "fail"}
    outcome, why = await one(shop, {"payment": "prepay", "payment_methods": methods})

    assert ("not_in_table", []) == (outcome, booked(shop))
    assert "payment_methods" in str(why)


async def test_paid_at_last_delivers_and_invoices(shop: Shop) -> None:
    await one(shop, {"payment": "final", "payment_methods": {"force": "IDEAL"}})

    assert (1, [9_990]) == (len(booked(shop)), [invoice["total"] for invoice in invoiced(shop)])


async def test_a_cancelled_order_is_cancelled_and_stays_so(shop: Shop) -> None:
    await one(shop)
    webshop_orders(shop)["1001"].data["cancelled_at_foreign"] = "2026-03-03T10:00:00+00:00"
    await look(shop)
    assert [True] == [sale.get("cancelled") for sale in booked(shop)]

    webshop_orders(shop)["1001"].data["cancelled_at_foreign"] = ""
    await look(shop)

    assert [True] == [sale.get("cancelled") for sale in booked(shop)]
    assert [("skipped", "was_cancelled")] == list((await shop.outcomes()).values())


async def test_a_refunded_invoice_is_credited_once(shop: Shop) -> None:
    await one(shop, {"book_as": "invoice"})
    webshop_orders(shop)["1001"].data["financial_status"] = "refunded"
    await look(shop)
    webshop_orders(shop)["1001"].data["updated_at_foreign"] = "2026-03-04T10:00:00+00:00"
    await look(shop)

    assert [9_990, -9_990] == [invoice["total"] for invoice in invoiced(shop)]


async def test_what_was_paid_back_is_booked_each_time_and_never_twice(shop: Shop) -> None:
    await one(shop, {"book_as": "invoice", "refund_article": 9003})
    order = webshop_orders(shop)["1001"]
    for total in (89.90, 89.90, 49.95):
        order.data |= {"financial_status": "partially_refunded", "order_total": total}
        order.data["updated_at_foreign"] = f"2026-03-04T10:00:{int(total) % 60:02}+00:00"
        await look(shop)

    assert [("webshop-1001", 9_990), ("webshop-1001-refund-10.00", -1_000), ("webshop-1001-refund-49.95", -3_995)] == [
        (invoice["external"], invoice["total"]) for invoice in invoiced(shop)
    ]  # fmt: skip


async def test_a_partial_refund_without_an_article_is_a_warning(shop: Shop) -> None:
    await one(shop)
    webshop_orders(shop)["1001"].data |= {"financial_status": "partially_refunded", "order_total": 89.9}
    await look(shop)

    [sale] = booked(shop)
    assert 9_990 == sale["total"]
    assert ["refund: 10.0 was paid back in the shop, and the flow has no article for partial refunds"] == (
        await shop.attempts()
    )[-1]["warnings"]


async def test_later_changes_follow_by_setting_only(shop: Shop) -> None:
    await one(shop)
    webshop_orders(shop)["1001"].data["shipping_address"] = ADDRESS | {"address1": "Markt 3"}
    await look(shop)
    [row] = shop.till.orders.cards.rows.values()
    assert "deliveryAddress" not in row

    await shop.configure(shop.flow_ids[0], settings={"stores": [{"id": "webshop"}], "update_existing": True})
    webshop_orders(shop)["1001"].data["updated_at_foreign"] = "2026-03-04T10:00:00+00:00"
    await look(shop)

    [row] = shop.till.orders.cards.rows.values()
    assert "Markt 3" == row["deliveryAddress"]["address"]
    assert 1 == len(booked(shop))


async def test_a_closed_period_holds_the_order_back_with_the_tills_reason(shop: Shop) -> None:
    shop.till.settings.closed_through = date(2026, 3, 31)
    outcome, why = await one(shop)

    assert ("record_refused", []) == (outcome, booked(shop))
    assert "closed period" in str(why)


@pytest.mark.parametrize(
    ("placed", "setting", "expected"),
    [
        ("2026-02-28T22:59:59+00:00", "order", "2026-02-28"),
        ("2026-02-28T23:00:00+00:00", "order", "2026-03-01"),
        ("2025-10-26T00:30:00+00:00", "order", "2025-10-26"),
        ("2025-10-26T22:59:00+00:00", "order", "2025-10-26"),
        ("2025-10-26T23:00:00+00:00", "order", "2025-10-27"),
        ("2026-02-28T23:00:00+00:00", "today", "2026-03-02"),
    ],
)
async def test_the_financial_date_is_the_shops_day_or_today_and_the_instant_stays(
    shop: Shop, placed: str, setting: str, expected: str
) -> None:
    await one(shop, {"financial_date": setting}, processed_at_foreign=placed)

    [row] = shop.till.orders.cards.rows.values()
    assert expected == row["financialDate"].isoformat()
    assert placed == row["entryTimestamp"].astimezone(UTC).isoformat()


async def test_two_orders_of_one_new_buyer_make_one_relation(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    for number in range(1, 6):
        store.order(f"{number}", BUYER, [("1002", number)])
    await look(shop)

    assert [BUYER] == [relation["email"] for relation in relations(shop)]
    assert [1_000, 2_000, 3_000, 4_000, 5_000] == sorted(sale["total"] for sale in booked(shop))


async def test_two_shops_may_use_the_same_numbers(shop: Shop) -> None:
    till_with_articles(shop)
    one_, other = webshop(shop), webshop(shop, "tweede")
    await take_orders(shop, {"stores": [{"id": "webshop"}, {"id": "tweede", "prefix": "T"}]})
    one_.order("1", BUYER, [("1002", 1)])
    other.order("1", BUYER, [("1002", 2)])
    await look(shop)

    assert {"webshop-1": 1_000, "T1": 2_000} == {sale["external"]: sale["total"] for sale in booked(shop)}


async def test_an_order_that_somebody_else_booked_under_its_number_is_left_alone(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    debtor = shop.till.relations.add(name="Webverkoop")["relationNumber"]
    line = {"articleNumber": 1002, "data": {"quantity": 1, "price": 1000}}
    shop.till.orders.create(
        {"relationNumber": debtor, "employeeNumber": 1, "extOrderId": "1", "lineList": [line]}
    )
    await take_orders(shop, {"stores": [{"id": "webshop", "prefix": ""}]})
    store.order("1", BUYER, [("1002", 7)])
    await look(shop)

    assert [("1", 1_000)] == [(sale["external"], sale["total"]) for sale in booked(shop)]
    assert [{"name": "Webverkoop"}] == relations(shop)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"currency_code": "USD"}, "foreign_currency"),
        ({"order_total": -5.0}, "negative_total"),
        ({"order_total": 123.45}, "total_differs"),
        ({"shipping_total": 5.0, "order_total": 104.9}, "no_shipping_article"),
    ],
)
async def test_what_no_sale_can_be_made_of_is_held_back_and_nothing_is_written(
    shop: Shop, order: dict[str, Any], code: str
) -> None:
    outcome, why = await one(shop, **order)

    assert (code, [], []) == (outcome, booked(shop), relations(shop))
    assert why


async def test_an_address_of_two_relations_books_on_one_of_them_and_makes_no_third(shop: Shop) -> None:
    for name in ("Sanne Bakker", "Bakkerij Bakker"):
        shop.till.relations.add(name=name, email=BUYER)
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    for number in ("1", "2"):
        store.order(number, BUYER, [("1001", 1)])
    await look(shop)

    assert 2 == len(relations(shop))
    assert 1 == len({row["relationNumber"] for row in shop.till.orders.cards.rows.values()})


async def test_an_order_without_lines(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    store.order("1", BUYER, [("1001", 1)])
    store.order("2", BUYER, [("1001", 1)])
    webshop_orders(shop)["2"].lines.clear()
    await look(shop)

    assert ["webshop-1"] == [sale["external"] for sale in booked(shop)]
    outcome, code = (await shop.outcomes())["webshop/2"]
    assert ("quarantined", "no_lines") == (outcome, code)


async def test_five_hundred_lines(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop)
    store.order("1", BUYER, [("1002", 1)] * 500)
    await look(shop)

    [sale] = booked(shop)
    assert (500, 500_000) == (len(sale["lines"]), sale["total"])


async def test_an_answer_that_was_lost_after_the_write_is_found_again(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop, {"payment": "prepay", "payment_methods": {"force": "IDEAL"}})
    store.order("1", BUYER, [("1002", 1)])
    for operation in ("createRelation", "createOrderV3"):
        shop.till.faults.add(Fault(kind="reset_after", operation=operation, times=1))
    await look(shop)

    assert [{"external": "webshop-1", "total": 1_000, "paid": [("IDEAL", 1_000)]}] == [
        {name: sale[name] for name in ("external", "total", "paid")} for sale in booked(shop)
    ]
    assert 1 == len(relations(shop))


async def test_an_order_that_changes_while_it_is_read_ends_as_it_is(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    flow = await take_orders(shop)
    store.order("1", BUYER, [("1002", 1)], financial_status="pending")
    await shop.worker.schedule.scanner.scan(flow)

    async def meanwhile(name: str) -> None:
        if name == "fetched":
            store.change("1", financial_status="paid")

    await shop.worker.batch(flow, hook=meanwhile)  # type: ignore[arg-type]
    assert [] == booked(shop)

    await look(shop)

    assert 1 == len(booked(shop))
