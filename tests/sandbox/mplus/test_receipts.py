"""The counter: sessions leave receipts, a little late; money that is no revenue says so (mplus.md §4.8, features O31)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.sandbox.control import RefusedError
from app.sandbox.mplus.till import Till
from tests.sandbox.mplus.conftest import NOW
from tests.sandbox.mplus.talk import Talk, listed

SIMPLE, COMPOSED = 10_010, 10_024
EMPTY = {"articlePluNumbers": "", "articleBarcodes": ""}


async def receipts(talk: Talk, **request: Any) -> list[dict[str, Any]]:
    names = (
        "syncMarker",
        "syncMarkerLimit",
        "articlePluNumbers",
        "articleBarcodes",
        "includeOrderReferences",
        "receiptIds",
        "includeLineList",
    )
    asked = {"syncMarker": 1, **EMPTY, **request}
    told = await talk("getReceipts", request={name: asked[name] for name in names if name in asked})
    found = listed(told["receiptList"] and told["receiptList"]["receipt"])
    return sorted(found, key=lambda one: int(one["syncMarker"]))


async def test_a_sale_leaves_a_receipt(till: Till, talk: Talk) -> None:
    before = till.stock.level(1, SIMPLE)["physical"]
    session, _ = await till.sessions.complete(
        relation=4,
        lines=[
            {"articleNumber": SIMPLE, "quantity": 2},
            {"articleNumber": SIMPLE, "priceIncl": 9.99, "discountPercentage": 10},
        ],
    )
    [told] = await receipts(talk)

    assert {
        "receiptId": session.receipt_id, "receiptBarcode": "K11202500000001", "receiptType": "RECEIPT-TYPE-RECEIPT",
        "receiptNumber": {"branchNumber": "1", "workplaceNumber": "1", "year": "2025", "number": "1"},
        "employeeNumber": "1", "employeeName": "Marijke", "relationNumber": "4", "relationName": "Fietsenwinkel Yılmaz B.V.",
        "financialDate": {"day": "5", "mon": "3", "year": "2025"}, "financialBranchNumber": "1", "workplaceNumber": "1",
        "totalInclAmount": "22297", "totalExclAmount": "18427", "paidAmount": "22297", "state": "RECEIPT-STATE-PAID",
    } == {name: told[name] for name in ("receiptId", "receiptBarcode", "receiptType", "receiptNumber", "employeeNumber", "employeeName",
          "relationNumber", "relationName", "financialDate", "financialBranchNumber", "workplaceNumber", "totalInclAmount",
          "totalExclAmount", "paidAmount", "state")}  # fmt: skip
    assert [("10699", "21398", None), ("999", "899", "10")] == [
        (one["data"]["price"], one["data"]["totalInclAmount"], one["data"].get("discountPercentage"))
        for one in told["lineList"]["line"]
    ]
    assert ("PIN", "22297", "PAYMENT-METHOD-TYPE-EFT") == tuple(
        told["paymentList"]["payment"][name] for name in ("method", "amount", "paymentMethodType")
    )
    assert before - 3 == till.stock.level(1, SIMPLE)["physical"]
    assert session.receipt_id == till.stock.history[-1]["receiptId"]


async def test_an_anonymous_sale_names_nobody(till: Till, talk: Talk) -> None:
    await till.sessions.complete()
    [told] = await receipts(talk)

    assert {"relationNumber", "relationName"} & set(told) == set()
    assert ("250", "Koffie") == (told["totalInclAmount"], told["lineList"]["line"]["text"])


async def test_a_receipt_can_be_read_later_than_its_webhook_comes(till: Till, talk: Talk) -> None:
    clock = [NOW]
    till._now = lambda: clock[0]
    till.settings.receipt_delay_seconds = 3
    session, _ = await till.sessions.complete(relation=1)
    clock[0] += timedelta(seconds=1)
    await till.sessions.complete(relation=2)

    async def seen() -> tuple[list[str], str]:
        return [one["relationNumber"] for one in await receipts(talk)], (await talk("getCurrentSyncMarkers"))[
            "receiptSyncMarker"
        ]

    assert ([], "0") == await seen()
    assert (
        "GET-RECEIPT-RESULT-NOT-FOUND" == (await talk("getReceipt", receiptId=session.receipt_id))["result"]
    )
    clock[0] += timedelta(seconds=2)
    assert (["1"], "1") == await seen()
    clock[0] += timedelta(seconds=1)
    assert (["1", "2"], "2") == await seen()
    assert "GET-RECEIPT-RESULT-OK" == (await talk("getReceipt", receiptId=session.receipt_id))["result"]


async def test_a_credit_takes_all_back_and_only_once(till: Till, talk: Talk) -> None:
    before = till.stock.level(1, SIMPLE)["physical"]
    till.settings.receipt_delay_seconds = 60  # the till itself knows its receipts at once
    session, _ = await till.sessions.complete(
        relation=4, lines=[{"articleNumber": SIMPLE, "priceIncl": 10, "quantity": 3, "discountAmount": 1}]
    )
    await till.sessions.credit(session.session_id)
    with pytest.raises(RefusedError, match="credited already"):
        await till.sessions.credit(session.session_id)
    till._now = lambda: NOW + timedelta(minutes=2)
    sale, credit = await receipts(talk)

    assert (
        "RECEIPT-TYPE-CREDIT-RECEIPT",
        sale["receiptId"],
        "-2900",
        "-2397",
        "-2900",
        "RECEIPT-STATE-PAID",
    ) == tuple(
        credit[name]
        for name in (
            "receiptType",
            "creditedReceiptId",
            "totalInclAmount",
            "totalExclAmount",
            "paidAmount",
            "state",
        )
    )
    assert ("-3", "-2900") == tuple(
        credit["lineList"]["line"]["data"][name] for name in ("quantity", "totalInclAmount")
    )
    assert "4" == credit["relationNumber"]
    assert before == till.stock.level(1, SIMPLE)["physical"]


async def test_parts_of_a_composed_article_leave_the_stock(till: Till, talk: Talk) -> None:
    before = [till.stock.level(1, part)["physical"] for part in (10_023, 10_022)]
    await till.sessions.complete(lines=[{"articleNumber": COMPOSED, "quantity": 2}])

    assert [before[0] - 2, before[1] - 1] == [
        till.stock.level(1, part)["physical"] for part in (10_023, 10_022)
    ]


async def test_a_promotion_is_named_on_its_line(till: Till, talk: Talk) -> None:
    await till.sessions.complete(
        lines=[{"articleNumber": SIMPLE, "discountPercentage": 50, "promotion": "VOORJAAR"}]
    )
    [told] = await receipts(talk)

    line = told["lineList"]["line"]
    assert ("DISCOUNT-TYPE-SALE-PROMOTION", "VOORJAAR", "5350") == (
        line["data"]["discountType"], line["salePromotionData"]["description"], line["data"]["totalInclAmount"]
    )  # fmt: skip


async def test_paying_by_gift_card_is_a_payment(till: Till, talk: Talk) -> None:
    await till.sessions.complete(
        lines=[{"articleNumber": SIMPLE, "priceIncl": 30}],
        payments=[
            {"method": "CADEAUKAART", "amount": 25, "giftcardNumber": "9000123456"},
            {"method": "CONTANT", "amount": 5},
        ],
    )
    [told] = await receipts(talk)

    assert ("3000", [("CADEAUKAART", "2500", "PAYMENT-METHOD-TYPE-DEPOSIT", "9000123456"), ("CONTANT", "500", "PAYMENT-METHOD-TYPE-PAYMENT", None)]) == (
        told["totalInclAmount"],
        [(p["method"], p["amount"], p["paymentMethodType"], p.get("giftcardNumber")) for p in told["paymentList"]["payment"]],
    )  # fmt: skip


async def test_money_without_a_sale(till: Till, talk: Talk) -> None:
    """features O31: by the receipt's type, or by the turnover group of its lines."""
    till.counter.cash(5_000, "wisselgeld")
    till.counter.cash(-1_250, "bloemen")
    till.counter.transfer(2_000, source="CONTANT", to="PIN")
    till.counter.top_up(2_500, "9000123456", relation=4)
    till.counter.deposit(-25)
    given = {
        "relationNumber": 4,
        "employeeNumber": 1,
        "lineList": [{"articleNumber": SIMPLE, "data": {"quantity": 1, "price": 999}}],
    }
    invoice = till.invoices.create(given)
    till.counter.settle_invoice(invoice)

    assert [
        ("CASH-INFLOW", "5000", [("wisselgeld", "CASH-INFLOW")], ["5000"]),
        ("CASH-OUTFLOW", "-1250", [("bloemen", "CASH-OUTFLOW")], ["-1250"]),
        ("PAYMENT-METHOD-TRANSFER", "0", [], ["-2000", "2000"]),
        ("RECEIPT", "2500", [("Cadeaukaart 3456", "BALANCE-UPGRADE")], ["2500"]),
        ("RECEIPT", "-25", [("Statiegeld", "REFUNDABLE-DEPOSIT")], ["-25"]),
        ("RECEIPT", "999", [("Factuur 2025.1", "PAYMENT")], ["999"]),
    ] == [
        (
            one["receiptType"].removeprefix("RECEIPT-TYPE-"),
            one["totalInclAmount"],
            [(row["text"], row["data"]["turnoverGroupType"].removeprefix("TURNOVER-GROUP-TYPE-")) for row in listed((one["lineList"] or {}).get("line") if one["lineList"] else None)],
            [paid["amount"] for paid in listed(one["paymentList"]["payment"])],
        )
        for one in await receipts(talk)
    ]  # fmt: skip
    assert ("INVOICE-STATE-PAID", 999) == tuple(
        till.invoices.cards.rows[invoice["invoiceId"]][name] for name in ("state", "paidAmount")
    )


async def test_on_account_leaves_an_invoice_and_no_receipt(till: Till, talk: Talk) -> None:
    session, _ = await till.sessions.complete(
        relation=4, method="REKENING", lines=[{"articleNumber": SIMPLE}]
    )
    told = (await talk("getInvoice", invoiceId=session.invoice_id))["invoice"]
    await till.sessions.credit(session.session_id)

    assert [] == await receipts(talk)
    assert (
        "INVOICE-TYPE-DIRECT-INVOICE",
        "INVOICE-STATE-OUTSTANDING",
        session.session_id,
        {"day": "4", "mon": "4", "year": "2025"},
    ) == tuple(told[name] for name in ("invoiceType", "state", "sessionId", "dueDate"))
    assert [10699, -10699] == [row["totalInclAmount"] for row in till.invoices.cards.rows.values()]


async def test_a_means_of_payment_that_is_off_completes_nothing(till: Till, talk: Talk) -> None:
    with pytest.raises(RefusedError, match="Payment method CHEQUE is disabled"):
        await till.sessions.complete(method="CHEQUE")

    assert ([], {}) == (await receipts(talk), till.sessions.sessions)


async def test_an_order_may_become_a_receipt(till: Till, talk: Talk) -> None:
    given = {
        "extOrderId": "shop-9",
        "relationNumber": 4,
        "employeeNumber": 1,
        "lineList": [{"articleNumber": SIMPLE, "data": {"quantity": 2, "price": 1000}}],
    }
    order = till.orders.create(given)
    await talk(
        "payOrder",
        request={
            "orderId": order["orderId"],
            "prepay": True,
            "paymentList": {"payment": {"method": "PIN", "amount": 2000}},
        },
    )
    before = till.stock.level(1, SIMPLE)
    await talk(
        "deliverOrder",
        request={"orderId": order["orderId"], "turnoverType": "DELIVER-ORDER-TURNOVER-TYPE-RECEIPT"},
    )
    [plain] = await receipts(talk)
    [told] = await receipts(talk, includeOrderReferences=True)
    by_order = await talk("getReceiptsByOrder", orderId=order["orderId"])
    unknown = await talk("getReceiptsByOrder", orderId="x")

    assert ({"id": order["orderId"]}, {"id": "shop-9"}, "RECEIPT-STATE-PAID") == (
        told["orderIds"],
        told["extOrderIds"],
        told["state"],
    )
    assert {"orderIds", "extOrderIds"} & set(plain) == set()
    assert told["receiptId"] == by_order["receiptList"]["receipt"]["receiptId"]
    assert "GET-RECEIPTS-BY-ORDER-RESULT-NOT-FOUND" == unknown["result"]
    after = till.stock.level(1, SIMPLE)
    assert (before["physical"] - 2, Decimal(0)) == (after["physical"], after["reserved"])
    assert "ORDER-COMPLETE-STATE-COMPLETE" == till.orders.cards.rows[order["orderId"]]["completeState"]


async def test_receipts_may_be_seen_out_of_order(till: Till, talk: Talk) -> None:
    till.hold_commits("receipts")
    await till.sessions.complete(relation=1)
    await till.sessions.complete(relation=2)
    assert [("2", "2")] == [(one["relationNumber"], one["syncMarker"]) for one in await receipts(talk)]
    till.release_commits()
    assert [("1", "1"), ("2", "2")] == [
        (one["relationNumber"], one["syncMarker"]) for one in await receipts(talk)
    ]


async def test_headers_only_and_by_id_and_without_rights(till: Till, talk: Talk) -> None:
    session, _ = await till.sessions.complete(relation=1)
    await till.sessions.complete(relation=2)

    assert {"lineList"} & set((await receipts(talk, includeLineList=False))[0]) == set()
    assert ["1"] == [one["relationNumber"] for one in await receipts(talk, receiptIds=[session.receipt_id])]
    till.settings.missing_rights = {"receipts"}
    assert [] == await receipts(talk)


async def test_decimal_places_may_be_left_out(till: Till, talk: Talk) -> None:
    till.settings.omit_decimal_places = True
    await till.sessions.complete(
        lines=[{"articleNumber": SIMPLE, "quantity": 2}, {"articleNumber": 10_012, "quantity": 1.25}]
    )
    [told] = await receipts(talk)

    assert [("2", None), ("125", "2")] == [
        (one["data"]["quantity"], one["data"].get("decimalPlaces")) for one in told["lineList"]["line"]
    ]


async def test_years_begin_their_own_numbers(till: Till) -> None:
    for year in (2024, 2025, 2025):
        till._now = lambda year=year: datetime(year, 6, 1, 9, tzinfo=NOW.tzinfo)  # type: ignore[misc]
        await till.sessions.complete()

    assert [(2024, 1), (2025, 1), (2025, 2)] == [
        (row["receiptNumber"]["year"], row["receiptNumber"]["number"])
        for row in till.receipts.cards.rows.values()
    ]
