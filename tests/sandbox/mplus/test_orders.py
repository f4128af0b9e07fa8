"""Orders over the wire: sums to the cent, locks, stock, papers, and what hurts about each call (mplus.md §4.7)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.sandbox.mplus.till import Till
from tests.sandbox.mplus.talk import Fault, Talk, listed

SIMPLE, BY_WEIGHT, COMPOSED, PART = 10_010, 10_012, 10_024, 10_023  # 21 %, 9 %, 9 % of two parts, 21 %
EMPTY = {"articlePluNumbers": "", "articleBarcodes": ""}


def line(article: int = SIMPLE, quantity: int = 1, places: int = 0, **data: Any) -> dict[str, Any]:
    return {"articleNumber": article, "data": {"quantity": quantity, "decimalPlaces": places, **data}}


def order(*lines: dict[str, Any], **head: Any) -> dict[str, Any]:
    """In the order of the description."""
    given = {
        "orderId": "",
        "employeeNumber": 999999,
        "relationNumber": 4,
        **head,
        "lineList": {"line": list(lines or (line(),))},
    }
    names = ("orderId", "extOrderId", "orderType", "entryBranchNumber", "employeeNumber", "relationNumber", "deliveryAddress",
             "financialDate", "financialBranchNumber", "workplaceNumber", "reference", "vatMethod", "deliveryMethod",
             "changeCounter", "versionNumber", "orderCategoryNumber", "lineList", "vatCountryIso3")  # fmt: skip
    return {name: given[name] for name in names if name in given}


async def created(talk: Talk, *lines: dict[str, Any], **head: Any) -> dict[str, Any]:
    told = await talk("createOrderV2", request={"order": order(*lines, **head)})
    assert "CREATE-ORDER-RESULT-OK" == told["result"]
    found: dict[str, Any] = told["order"]
    return found


async def read(talk: Talk, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await talk("getOrder", orderId=order_id))["order"]
    return found


def payment(amount: int, method: str = "IDEAL") -> dict[str, Any]:
    return {"payment": {"method": method, "amount": amount}}


def level(till: Till, article: int = SIMPLE, branch: int = 1) -> tuple[Decimal, Decimal]:
    """(physical, reserved)"""
    row = till.stock.level(branch, article)
    return row["physical"], row["reserved"]


# --- sums -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "method", "incl", "excl", "vat"),
    [
        ([line(price=999)], "INCLUSIVE", 999, 826, {"2": (826, 173)}),
        ([line(price=826)], "EXCLUSIVE", 999, 826, {"2": (826, 173)}),
        # VAT comes from the sum of a code's lines, so that three times 9.99 is not three times its VAT.
        ([line(price=999), line(price=999), line(price=999)], "INCLUSIVE", 2997, 2477, {"2": (2477, 520)}),
        ([line(price=1000, quantity=3), line(BY_WEIGHT, quantity=1250, places=3, price=800)], "INCLUSIVE", 4000, 3396, {"1": (917, 83), "2": (2479, 521)}),
        ([line(price=1000, discountPercentage=15)], "INCLUSIVE", 850, 702, {"2": (702, 148)}),
        ([line(price=1000, quantity=2, discountAmount=5)], "INCLUSIVE", 1995, 1649, {"2": (1649, 346)}),
        ([line(price=1000, discountPercentage=10, discountAmount=100)], "EXCLUSIVE", 968, 800, {"2": (800, 168)}),
        ([line(price=1000)], "SHIFTED", 1000, 1000, {"2": (1000, 0)}),
        ([line(price=1000)], "NONE", 1000, 1000, {"2": (1000, 0)}),
        ([line(price=1000, vatCode=0)], "INCLUSIVE", 1000, 1000, {"0": (1000, 0)}),
        # A return on an order, and one that takes more back than it sells.
        ([line(price=1000, quantity=2), line(price=1000, quantity=-1)], "INCLUSIVE", 1000, 826, {"2": (826, 174)}),
        ([line(price=1000, quantity=-3)], "INCLUSIVE", -3000, -2479, {"2": (-2479, -521)}),
        ([line(price=1, quantity=5, places=3)], "INCLUSIVE", 0, 0, {"2": (0, 0)}),
        # Without a price the article's own counts: 106.99, or 88.42 without VAT.
        ([line()], "INCLUSIVE", 10699, 8842, {"2": (8842, 1857)}),
        ([line()], "EXCLUSIVE", 10699, 8842, {"2": (8842, 1857)}),
    ],
)  # fmt: skip
async def test_sums(
    talk: Talk, lines: list[Any], method: str, incl: int, excl: int, vat: dict[str, Any]
) -> None:
    told = await created(talk, *lines, vatMethod=f"VAT-METHOD-{method}")
    groups = {
        one["vatCode"]: (int(one["exclAmount"]), int(one["vatAmount"]))
        for one in listed(told["vatGroupList"]["vatGroup"])
    }

    assert (incl, excl, vat) == (int(told["totalInclAmount"]), int(told["totalExclAmount"]), groups)


@pytest.mark.parametrize(
    ("country", "code", "rate"),
    [
        ("NLD", 2, "2100"),
        ("DEU", 1, "700"),
        ("DEU", 2, "1900"),
        ("FRA", 1, "550"),
        ("LUX", 2, "1700"),
        ("ESP", 2, "2100"),
    ],
)
async def test_vat_of_the_country_a_parcel_goes_to(talk: Talk, country: str, code: int, rate: str) -> None:
    told = await created(
        talk, line(price=1000, vatCode=code), entryBranchNumber=3, workplaceNumber=1, vatCountryIso3=country
    )

    assert (country if country != "ESP" else None, rate) == (
        told["vatGroupList"]["vatGroup"].get("countryIso3"),
        told["vatGroupList"]["vatGroup"]["vatPercentage"],
    )


async def test_a_line_as_it_is_told(till: Till, talk: Talk) -> None:
    told = await created(talk, line(quantity=15, places=1, price=999, discountPercentage=10))

    assert {
        "lineId": till.orders.cards.rows[told["orderId"]]["lineList"][0]["lineId"],
        "employeeNumber": "999999",
        "articleNumber": "10010",
        "pluNumber": "P10010",
        "text": "Trui Vlinder 2",
        "lineType": "LINE-TYPE-NONE",
        "data": {
            "quantity": "15", "decimalPlaces": "1", "deliveredQuantity": "0", "deliveredDecimalPlaces": "0",
            "cancelledQuantity": "0", "cancelledDecimalPlaces": "0", "price": "999", "priceExcl": "826",
            "originalPrice": "999", "turnoverGroup": "2", "turnoverGroupName": "Schoenen",
            "turnoverGroupType": "TURNOVER-GROUP-TYPE-TURNOVER", "turnoverGroupAccountNumber": "8010", "vatCode": "2",
            "vatPercentage": "2100", "discountType": "DISCOUNT-TYPE-NONE", "discountPercentage": "10",
            "totalInclAmount": "1349", "totalExclAmount": "1115",
        },
    } == told["lineList"]["line"]  # fmt: skip


async def test_parts_of_a_composed_article_are_added_unless_they_were_sent(till: Till, talk: Talk) -> None:
    told = await created(talk, line(COMPOSED, quantity=2))
    sent = await created(talk, line(COMPOSED), line(PART, price=0))

    parts = listed(told["lineList"]["line"]["preparationList"]["line"])
    assert [("10023", "2", "0", "0"), ("10022", "1", "0", "0")] == [
        (
            one["articleNumber"],
            one["data"]["quantity"],
            one["data"]["decimalPlaces"],
            one["data"]["totalInclAmount"],
        )
        for one in parts
    ]
    assert {"LINE-TYPE-COMPONENT"} == {one["lineType"] for one in parts}
    assert "10022" == listed(sent["lineList"]["line"])[0]["preparationList"]["line"]["articleNumber"]
    assert {"1"} == {one["vatCode"] for one in listed(told["vatGroupList"]["vatGroup"])}
    assert (Decimal(3), Decimal("1.5")) == (level(till, PART)[1], level(till, 10_022)[1])


async def test_own_prices_are_asked_for(till: Till, talk: Talk) -> None:
    till.catalogue.edit_article(
        SIMPLE,
        priceGroupList=[{"priceGroupNumber": 2, "priceIncl": 9_000}, {"priceGroupNumber": 3, "priceIncl": 1}],
        salesPriceList=[
            {"salesPriceNumber": 1, "discountPercentage": 10, "endDate": date(2025, 3, 5)},
            {"salesPriceNumber": 2, "priceIncl": 1, "startDate": date(2025, 3, 6)},
        ],
    )
    till.relations.edit(4, priceGroupNumber=2)

    async def price(*lines: dict[str, Any], **flags: bool) -> tuple[str, str, str]:
        told = await talk("createOrderV2", request={"order": order(*lines), **flags})
        data = told["order"]["lineList"]["line"]["data"]
        return data["price"], data["originalPrice"], data["discountType"]

    assert ("10699", "10699", "DISCOUNT-TYPE-NONE") == await price()
    assert ("9000", "10699", "DISCOUNT-TYPE-PRICE-GROUP") == await price(applyPriceGroups=True)
    assert ("9629", "10699", "DISCOUNT-TYPE-SALES-PRICE") == await price(applySalesPrices=True)
    assert ("9000", "10699", "DISCOUNT-TYPE-PRICE-GROUP") == await price(applySalesAndActions=True)
    assert ("500", "500", "DISCOUNT-TYPE-NONE") == await price(line(price=500), applySalesAndActions=True)


# --- creating ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (order(relationNumber=0), "A relation is required"),
        (order(relationNumber=999), "Relation 999 does not exist"),
        (order(employeeNumber=7), "Employee 7 does not exist"),
        (order(employeeNumber=0), "employeeNumber is required"),
        (order(entryBranchNumber=9), "Branch 9 does not exist"),
        (order(entryBranchNumber=2), "workplaceNumber is required for branch 2"),
        (order(line(), line(article=1)), "Article 1 does not exist"),
        (order(deliveryMethod="FIETSKOERIER"), "Delivery method FIETSKOERIER does not exist"),
        (order(orderCategoryNumber=9), "Order category 9 does not exist"),
        (order(orderType="ORDER-TYPE-EXTERNAL-SALES-ORDER"), "extOrderId is required for an external order"),
        ({**order(), "lineList": ""}, "An order needs at least one line"),
        (order(financialDate=date(2025, 2, 28)), "The financial date 2025-02-28 is in a closed period"),
    ],
)
async def test_refused(till: Till, talk: Talk, given: dict[str, Any], sentence: str) -> None:
    till.settings.closed_through = date(2025, 2, 28)
    before = till.state()
    told = await talk("createOrder", order=given)

    assert {"result": "CREATE-ORDER-RESULT-FAILED", "errorMessage": sentence} == {
        k: told[k] for k in ("result", "errorMessage")
    }
    assert before == till.state()


async def test_a_vat_code_without_a_rate_is_a_fault(till: Till, talk: Talk) -> None:
    with pytest.raises(Fault, match="The rate for VAT-code 9 is not properly configured"):
        await talk("createOrder", order=order(line(vatCode=9)))

    assert {} == till.orders.cards.rows


async def test_an_external_number_is_used_once(till: Till, talk: Talk) -> None:
    first = await talk("createOrder", order=order(extOrderId="shop-1"))
    await talk("cancelOrder", orderId=first["info"]["orderId"])
    again = [
        await talk("createOrder", order=order(extOrderId="shop-1")),
        await talk("createOrderV2", request={"order": order(extOrderId="shop-1")}),
        await talk("createOrderV3", request={"idempotencyKey": "k", "order": order(extOrderId="shop-1")}),
        await talk("saveOrder", order=order(extOrderId="shop-1")),
    ]

    assert ["CREATE"] * 3 + ["SAVE"] == [
        one["result"].removesuffix("-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS") for one in again
    ]
    assert first["info"]["orderId"] == (await talk("findOrder", extOrderId="shop-1"))["order"]["orderId"]
    assert 1 == len(till.orders.cards.rows)


async def test_orders_without_an_external_number_are_made_as_often_as_asked(till: Till, talk: Talk) -> None:
    await talk("createOrder", order=order())
    await talk("createOrder", order=order())

    assert ["2025.1", "2025.2"] == [
        f"{o['orderNumber']['year']}.{o['orderNumber']['number']}" for o in till.orders.cards.rows.values()
    ]


async def test_a_key_is_executed_once(till: Till, talk: Talk) -> None:
    request = {
        "idempotencyKey": "k1",
        "order": order(line(price=1000)),
        "prepay": True,
        "paymentList": payment(1000),
    }
    first = await talk("createOrderV3", request=request)
    again = await talk("createOrderV3", request=request)
    other = await talk("createOrderV3", request={**request, "idempotencyKey": "k2"})

    assert "IDEMPOTENCY-RESULT-ORIGINAL-RESPONSE" == first.pop("idempotencyResult")
    assert "IDEMPOTENCY-RESULT-REPLAY-RESPONSE" == again.pop("idempotencyResult")
    assert (first, "PAY-ORDER-RESULT-OK", "true") == (again, first["payResult"], first["order"]["fullyPaid"])
    assert [1000, 1000] == [o["prepaidAmount"] for o in till.orders.cards.rows.values()]
    assert first["order"]["orderId"] != other["order"]["orderId"]


async def test_a_refusal_is_replayed_as_well(till: Till, talk: Talk) -> None:
    request = {"idempotencyKey": "k1", "order": order(line(article=1))}
    first = await talk("createOrderV3", request=request)
    mended = await talk("createOrderV3", request={**request, "order": order()})

    assert ["CREATE-ORDER-RESULT-FAILED"] * 2 == [first["result"], mended["result"]]
    assert {} == till.orders.cards.rows
    with pytest.raises(Fault, match="idempotencyKey must not be empty"):
        await talk("createOrderV3", request={**request, "idempotencyKey": ""})


async def test_made_though_its_payment_was_refused(till: Till, talk: Talk) -> None:
    told = await talk(
        "createOrderV3",
        request={
            "idempotencyKey": "k",
            "order": order(),
            "prepay": True,
            "paymentList": payment(1, "CHEQUE"),
        },
    )

    assert ("CREATE-ORDER-RESULT-PAYMENT-FAILED", "PAY-ORDER-RESULT-FAILED", "Payment method CHEQUE is disabled") == (
        told["result"], told["payResult"], told["errorMessage"]
    )  # fmt: skip
    assert [told["order"]["orderId"]] == list(till.orders.cards.rows)


async def test_created_paid_shipped_and_invoiced_in_one_call(till: Till, talk: Talk) -> None:
    told = await talk(
        "createOrderV3",
        request={
            "idempotencyKey": "k",
            "order": order(line(price=1000)),
            "prepay": False,
            "paymentList": payment(1000),
        },
    )

    invoice = till.invoices.cards.rows[told["invoiceId"]]
    assert ("ORDER-COMPLETE-STATE-COMPLETE", [told["order"]["orderId"]], "INVOICE-STATE-PAID") == (
        told["order"]["completeState"], invoice["orderIds"], invoice["state"]
    )  # fmt: skip


async def test_queued_orders_come_later_with_their_payments_and_cancels(till: Till, talk: Talk) -> None:
    till.settings.queue_orders = True
    told = await talk(
        "createOrderV3",
        request={
            "idempotencyKey": "k",
            "order": order(line(price=500), extOrderId="q1"),
            "prepay": True,
            "paymentList": payment(500),
        },
    )
    second = await talk("createOrder", order=order(extOrderId="q2"))
    pending = await talk("cancelOrder", orderId=second["info"]["orderId"])
    absent = await talk("findOrder", extOrderId="q1")
    taken = await talk("createOrder", order=order(extOrderId="q1"))
    before = level(till)
    till.orders.release_queue()

    assert ("true", None, "GET-ORDER-RESULT-NOT-FOUND") == (
        told["info"]["orderQueued"],
        told.get("order"),
        absent["result"],
    )
    assert "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS" == taken["result"]
    assert "CANCEL-ORDER-RESULT-PENDING" == pending["result"]
    found = [(await talk("findOrder", extOrderId=one))["order"] for one in ("q1", "q2")]
    assert [("true", "ORDER-CANCEL-STATE-NOTHING"), ("false", "ORDER-CANCEL-STATE-COMPLETE")] == [
        (one["fullyPaid"], one["cancelState"]) for one in found
    ]
    assert before[1] + 1 == level(till)[1]


@pytest.mark.parametrize(
    ("major", "missing"),
    [
        (
            49,
            {
                "createOrderV2",
                "updateOrderV2",
                "createOrderV3",
                "payOrderV2",
                "processOrder",
                "getOrdersByExtOrderIds",
            },
        ),
        (57, {"createOrderV3", "payOrderV2", "processOrder", "getOrdersByExtOrderIds"}),
        (59, {"processOrder", "getOrdersByExtOrderIds"}),
        (67, set()),
    ],
)
async def test_what_an_older_service_lacks(till: Till, talk: Talk, major: int, missing: set[str]) -> None:
    till.settings.service_major = major
    found = set()
    for name in (
        "createOrder",
        "createOrderV2",
        "updateOrderV2",
        "createOrderV3",
        "payOrderV2",
        "processOrder",
        "getOrdersByExtOrderIds",
    ):
        with pytest.raises(Fault) as refused:
            await talk(name, nonsense=1)
        if "not implemented" in refused.value.text:
            found.add(name)

    assert missing == found


# --- changing ---------------------------------------------------------------------------------------------------------


def back(told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order as it was read, to be sent back."""
    lines = [
        {"lineId": one["lineId"], "articleNumber": one["articleNumber"], "data": {n: one["data"][n] for n in ("quantity", "decimalPlaces", "price", "priceExcl")}}
        for one in listed(told["lineList"]["line"])
    ]  # fmt: skip
    head = {
        name: told[name]
        for name in ("orderId", "extOrderId", "changeCounter", "versionNumber", "vatMethod")
        if told.get(name)
    }
    return order(**{**head, **changes}) | {"lineList": {"line": changes.get("lines", lines)}}


async def test_an_order_is_changed_under_its_lock(till: Till, talk: Talk) -> None:
    told = await created(talk, line(price=1000), line(BY_WEIGHT, price=500))
    same = await talk("updateOrderV2", request={"order": back(told)})
    changed = await talk("updateOrderV2", request={"order": back(told, reference="nieuw")})
    stale = await talk("updateOrderV2", request={"order": back(told, reference="ouder")})
    unlocked = await talk("updateOrder", order=order(orderId=told["orderId"], reference="x"))
    unknown = await talk("updateOrder", order=order(orderId="x"))

    assert ["NO-CHANGES", "OK", "ORDER-HAS-CHANGED", "ORDER-HAS-CHANGED", "NOT-FOUND"] == [
        one["result"].removeprefix("UPDATE-ORDER-RESULT-")
        for one in (same, changed, stale, unlocked, unknown)
    ]
    assert ("nieuw", "2", "2", "1500") == tuple(
        changed["order"][name] for name in ("reference", "versionNumber", "changeCounter", "totalInclAmount")
    )
    assert "Please send up-to-date versionNumber and changeCounter" == stale["errorMessage"]


@pytest.mark.parametrize("method", ["INCLUSIVE", "EXCLUSIVE", "SHIFTED"])
async def test_what_was_read_and_sent_back_is_no_change(talk: Talk, method: str) -> None:
    told = await created(
        talk, line(price=999), line(BY_WEIGHT, 1250, 3, price=733), vatMethod=f"VAT-METHOD-{method}"
    )

    assert (
        "UPDATE-ORDER-RESULT-NO-CHANGES"
        == (await talk("updateOrderV2", request={"order": back(told)}))["result"]
    )


async def test_lines_that_are_left_out_vanish_and_their_reservations_with_them(
    till: Till, talk: Talk
) -> None:
    physical, _ = level(till)
    told = await created(talk, line(quantity=3), line(PART))
    changed = await talk("updateOrderV2", request={"order": back(told, lines=[line(quantity=2)])})

    assert "2" == changed["order"]["lineList"]["line"]["data"]["quantity"]
    assert ((physical, Decimal(2)), Decimal(0)) == (level(till), level(till, PART)[1])


async def test_save_order_creates_and_changes(till: Till, talk: Talk) -> None:
    made = await talk("saveOrder", order=order(reference="a"))
    changed = await talk(
        "saveOrder",
        order=order(orderId=made["info"]["orderId"], reference="b", changeCounter=1, versionNumber=1),
    )
    lost = await talk("saveOrder", order=order(orderId="x"))

    assert ["SAVE-ORDER-RESULT-OK", "SAVE-ORDER-RESULT-OK", "SAVE-ORDER-RESULT-NOT-FOUND"] == [
        one["result"] for one in (made, changed, lost)
    ]
    assert ["b"] == [row["reference"] for row in till.orders.cards.rows.values()]


# --- payment, delivery, cancelling ------------------------------------------------------------------------------------


async def test_a_deposit_ships_nothing_and_the_rest_ships_and_invoices_all(till: Till, talk: Talk) -> None:
    physical, reserved = level(till)
    told = await created(talk, line(quantity=2, price=1000))
    deposit = await talk(
        "payOrder", request={"orderId": told["orderId"], "prepay": True, "paymentList": payment(500)}
    )
    half = await read(talk, told["orderId"])
    assert (physical, reserved + 2) == level(till)
    short = await talk(
        "payOrder", request={"orderId": told["orderId"], "prepay": False, "paymentList": payment(1499)}
    )
    rest = await talk(
        "payOrder", request={"orderId": told["orderId"], "prepay": False, "paymentList": payment(1500)}
    )
    twice = await talk(
        "payOrder", request={"orderId": told["orderId"], "prepay": False, "paymentList": payment(2000)}
    )
    whole = await read(talk, told["orderId"])

    assert ["OK", "PAYMENT-INSUFFICIENT", "OK", "ORDER-ALREADY-INVOICED"] == [
        one["result"].removeprefix("PAY-ORDER-RESULT-") for one in (deposit, short, rest, twice)
    ]
    assert ("500", "false", "ORDER-DELIVERY-STATE-NOTHING") == (
        half["prepaidAmount"],
        half["fullyPaid"],
        half["deliveryState"],
    )
    assert ("2000", "true", "ORDER-DELIVERY-STATE-COMPLETE", "ORDER-COMPLETE-STATE-COMPLETE") == tuple(
        whole[name] for name in ("prepaidAmount", "fullyPaid", "deliveryState", "completeState")
    )
    assert rest["invoiceId"] == whole["invoiceIds"]["id"]
    assert (physical - 2, reserved) == level(till)
    assert ("INVOICED", 2000) == (
        till.slips.cards.rows[whole["packingSlipIds"]["id"]]["state"].removeprefix("PACKING-SLIP-STATE-"),
        till.invoices.cards.rows[rest["invoiceId"]]["paidAmount"],
    )


async def test_a_payment_key_is_executed_once(till: Till, talk: Talk) -> None:
    told = await created(talk, line(price=1000))
    request = {"idempotencyKey": "p", "orderId": told["orderId"], "prepay": True, "paymentList": payment(400)}
    answers = [await talk("payOrderV2", request=request) for _ in range(3)]

    assert ["ORIGINAL", "REPLAY", "REPLAY"] == [one["idempotencyResult"].split("-")[2] for one in answers]
    assert "400" == (await read(talk, told["orderId"]))["prepaidAmount"]


async def test_partial_deliveries_and_their_invoice(till: Till, talk: Talk) -> None:
    physical, reserved = level(till)
    told = await created(talk, line(quantity=3, price=1000, discountAmount=100))
    row = told["lineList"]["line"]["lineId"]

    async def ship(amount: int, **more: Any) -> dict[str, Any]:
        lines = {"line": {"lineId": row, "quantity": amount, "decimalPlaces": 0}}
        return await talk(
            "deliverOrderV2",
            request={"orderDelivery": {"orderId": told["orderId"], "lineList": lines, **more}},
        )

    first = await ship(1)
    partly = await read(talk, told["orderId"])
    too_much = await ship(3)
    last = await ship(2)
    nothing = await ship(1)
    whole = await talk("deliverOrder", request={"orderId": told["orderId"]})

    assert ["OK", "FAILED", "OK", "ALREADY-DELIVERED"] == [
        one["result"].removeprefix("DELIVER-ORDER-V2-RESULT-") for one in (first, too_much, last, nothing)
    ]
    assert "DELIVER-ORDER-RESULT-ALREADY-DELIVERED" == whole["result"]
    assert f"Line {row} has 2 left to deliver" == too_much["errorMessage"]
    assert ("ORDER-DELIVERY-STATE-PARTIAL", "1") == (
        partly["deliveryState"],
        partly["lineList"]["line"]["data"]["deliveredQuantity"],
    )
    assert (physical - 3, reserved) == level(till)
    # 29.00 in two parts, and not a cent more or less.
    slips = [till.slips.cards.rows[one["packingSlipId"]] for one in (first, last)]
    assert [967, 1933] == [slip["totalInclAmount"] for slip in slips]

    request = {
        "idempotencyKey": "i",
        "packingSlipIds": [s["packingSlipId"] for s in slips],
        "financialDate": "2025-03-05",
        "branchNumber": 1,
    }
    invoice = await talk("createInvoiceFromPackingSlips", request=request)
    replay = await talk("createInvoiceFromPackingSlips", request=request)
    again = await talk("createInvoiceFromPackingSlips", request={**request, "idempotencyKey": "j"})
    assert (invoice["invoiceId"], "CREATE-INVOICE-FROM-PACKING-SLIPS-ALREADY-INVOICED") == (
        replay["invoiceId"],
        again["result"],
    )
    assert [2900] == [row["totalInclAmount"] for row in till.invoices.cards.rows.values()]


async def test_slips_of_different_customers_do_not_make_one_invoice(till: Till, talk: Talk) -> None:
    orders = [await created(talk, relationNumber=number) for number in (4, 5)]
    slips = [
        (await talk("deliverOrder", request={"orderId": one["orderId"]}))["packingSlipId"] for one in orders
    ]
    told = await talk("createInvoiceFromPackingSlips", request={"idempotencyKey": "i", "packingSlipIds": slips, "financialDate": "2025-03-05", "branchNumber": 1})  # fmt: skip

    assert "CREATE-INVOICE-FROM-PACKING-SLIPS-CANT-COMBINE-PACKING-SLIPS" == told["result"]


async def test_a_cancelled_slip_gives_the_stock_back_and_can_come_back(till: Till, talk: Talk) -> None:
    before = level(till)
    told = await created(talk, line(quantity=2))
    slip = (await talk("deliverOrder", request={"orderId": told["orderId"]}))["packingSlipId"]
    gone = level(till)

    async def cancel(key: str) -> str:
        request = {
            "idempotencyKey": key,
            "packingSlipId": slip,
            "workplaceKey": {"branchNumber": 1, "workplaceNumber": 1},
        }
        return str((await talk("cancelPackingSlip", request=request))["resultCode"])

    assert "OK-CANCELLED" == await cancel("a")
    assert "OK-CANCELLED" == await cancel("a")  # the same key: nothing happens
    assert (before[0], before[1] + 2) == level(till)
    assert "ORDER-DELIVERY-STATE-NOTHING" == (await read(talk, told["orderId"]))["deliveryState"]
    assert "OK-UNCANCELLED" == await cancel("b")
    assert gone == level(till) == (before[0] - 2, before[1])


async def test_the_newer_cancel_toggles_and_the_older_does_not(till: Till, talk: Talk) -> None:
    before = level(till)
    told = await created(talk, line(quantity=2))
    toggle = {
        "workplace": {"branchNumber": 1, "workplaceNumber": 1},
        "employee": {"employeeNumber": 1},
        "orderId": told["orderId"],
    }
    said = []
    for _ in range(3):
        said.append((await talk("cancelOrderV2", request=toggle))["result"])
        said.append(level(till)[1] - before[1])
    older = await talk("cancelOrder", orderId=told["orderId"])
    unknown = await talk("cancelOrder", orderId="x")
    paid = await talk(
        "payOrder", request={"orderId": told["orderId"], "prepay": True, "paymentList": payment(1)}
    )

    head = "CANCEL-ORDER-RESULT-"
    assert [f"{head}OK", 0, f"{head}UNDO-CANCEL-OK", 2, f"{head}OK", 0] == said
    assert [f"{head}ALREADY-CANCELLED", f"{head}NOT-FOUND"] == [older["result"], unknown["result"]]
    assert ("PAY-ORDER-RESULT-FAILED", "The order is cancelled") == (paid["result"], paid["errorMessage"])


async def test_what_has_left_cannot_be_cancelled_any_more(till: Till, talk: Talk) -> None:
    told = await created(talk, line(quantity=2))
    row = told["lineList"]["line"]["lineId"]
    lines = {"line": {"lineId": row, "quantity": 1, "decimalPlaces": 0}}
    await talk("deliverOrderV2", request={"orderDelivery": {"orderId": told["orderId"], "lineList": lines}})
    rest = await talk("cancelOrder", orderId=told["orderId"])
    partly = await read(talk, told["orderId"])
    gone = await created(talk)
    await talk("deliverOrder", request={"orderId": gone["orderId"]})
    none = await talk("cancelOrder", orderId=gone["orderId"])

    assert ("CANCEL-ORDER-RESULT-OK", "ORDER-CANCEL-STATE-PARTIAL", "1") == (
        rest["result"], partly["cancelState"], partly["lineList"]["line"]["data"]["cancelledQuantity"]
    )  # fmt: skip
    assert ("CANCEL-ORDER-RESULT-FAILED", "The order is delivered already") == (
        none["result"],
        none["message"],
    )
    assert Decimal(0) == level(till)[1]


# --- process ----------------------------------------------------------------------------------------------------------


async def test_process_order_speaks_euros(till: Till, talk: Talk) -> None:
    given = {
        "extOrderId": "p1", "employeeNumber": 1, "relationNumber": 4, "financialDate": "2025-03-05", "financialBranchNumber": 1,
        "entryBranchNumber": 1, "lineList": {"line": {"articleNumber": SIMPLE, "data": {"quantity": "1.5", "price": "9.99", "discountPercentage": "10"}}},
    }  # fmt: skip
    dry = await talk(
        "processOrder", request={"idempotencyKey": "d", "order": given, "processorContext": {"dryRun": True}}
    )
    assert {} == till.orders.cards.rows
    made = await talk("processOrder", request={"idempotencyKey": "k", "order": given, "processorContext": ""})
    taken = await talk(
        "processOrder", request={"idempotencyKey": "l", "order": given, "processorContext": ""}
    )
    stale = await talk(
        "processOrder",
        request={
            "idempotencyKey": "m",
            "order": {"orderId": made["order"]["orderId"], **given},
            "processorContext": "",
        },
    )

    assert ["OK", "OK", "FAILED-PROCESSOR", "FAILED-SPECIFIED-ORDER-NOT-EDITABLE"] == [
        one["resultCode"] for one in (dry, made, taken, stale)
    ]
    assert ("1349", "15", "1", "999") == (
        made["order"]["totalInclAmount"],
        *(made["order"]["lineList"]["line"]["data"][name] for name in ("quantity", "decimalPlaces", "price")),
    )
    till.settings.queue_orders = True
    queued = await talk(
        "processOrder",
        request={"idempotencyKey": "q", "order": {**given, "extOrderId": "p2"}, "processorContext": ""},
    )
    assert ("OK-ORDER-QUEUED", till.orders.queue[0]["orderId"]) == (
        queued["resultCode"],
        queued["queuedOrderId"],
    )


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_polling_by_marker(till: Till, talk: Talk) -> None:
    first, second, third = [await created(talk, extOrderId=f"e{n}") for n in (1, 2, 3)]
    await talk("cancelOrder", orderId=first["orderId"])

    async def polled(**request: Any) -> list[str]:
        names = (
            "syncMarker",
            "syncMarkerLimit",
            "relationNumbers",
            "articlePluNumbers",
            "articleBarcodes",
            "orderIds",
            "includeLineList",
        )
        asked = {**EMPTY, **request}
        told = await talk("getOrders", request={name: asked[name] for name in names if name in asked})
        return sorted(one["extOrderId"] for one in listed(told["orderList"] and told["orderList"]["order"]))

    assert ["e1", "e2", "e3"] == await polled(syncMarker=1)
    assert ["e1", "e3"] == await polled(syncMarker=3)
    assert ["e2", "e3"] == await polled(syncMarker=1, syncMarkerLimit=2)
    assert [] == await polled(syncMarker=5)
    assert ["e2"] == await polled(orderIds=[second["orderId"], "unknown"])
    assert [] == await polled(syncMarker=1, relationNumbers=[5])
    assert ["e3"] == await polled(syncMarker=1, orderIds=[third["orderId"]])
    assert "4" == (await talk("getCurrentSyncMarkers"))["orderSyncMarker"]
    till.settings.missing_rights = {"orders"}
    assert [] == await polled(syncMarker=1)


async def test_headers_only_leave_out_lines_and_references(talk: Talk) -> None:
    told = await created(talk, line(price=100))
    await talk("payOrder", request={"orderId": told["orderId"], "prepay": False, "paymentList": payment(100)})
    answer = await talk("getOrders", request={**EMPTY, "includeLineList": False})

    assert {"orderId", "paymentList"} == {
        "orderId",
        "paymentList",
        "lineList",
        "invoiceIds",
        "packingSlipIds",
    } & set(answer["orderList"]["order"])


async def test_by_external_numbers(talk: Talk) -> None:
    for name in ("a", "b"):
        await created(talk, extOrderId=name)
    told = await talk("getOrdersByExtOrderIds", request={"extOrderIds": {"id": ["b", "nothing", "a"]}})

    assert ["b", "a"] == [one["extOrderId"] for one in told["orderList"]["order"]]


async def test_filters_by_what_is_on_the_lines(till: Till, talk: Talk) -> None:
    await created(talk, line(PART), extOrderId="part")
    await created(talk, line(BY_WEIGHT), extOrderId="weight")
    barcode = (till.catalogue.article(PART) or {})["barcode"]

    async def found(**request: Any) -> list[str]:
        names = ("articleNumbers", "articleTurnoverGroups", "articlePluNumbers", "articleBarcodes")
        asked = {**EMPTY, **request}
        told = await talk("getOrders", request={name: asked[name] for name in names if name in asked})
        return [one["extOrderId"] for one in listed(told["orderList"] and told["orderList"]["order"])]

    text = lambda value: {"text": {"text": value}}  # noqa: E731
    assert ["part"] == await found(articleNumbers=[PART])
    assert ["weight"] == await found(articleTurnoverGroups=[4])
    assert ["weight"] == await found(articlePluNumbers=text("P10012"))
    assert ["part"] == await found(articleBarcodes=text(barcode))


async def test_a_backup_brings_orders_keys_and_numbers_back(till: Till, talk: Talk) -> None:
    till.take_backup()
    request = {"idempotencyKey": "k", "order": order(extOrderId="lost")}
    first = await talk("createOrderV3", request=request)
    till.restore_backup()
    again = await talk("createOrderV3", request=request)

    assert ["IDEMPOTENCY-RESULT-ORIGINAL-RESPONSE"] * 2 == [
        first["idempotencyResult"],
        again["idempotencyResult"],
    ]
    assert (first["order"]["orderNumber"], 1) == (again["order"]["orderNumber"], len(till.orders.cards.rows))
