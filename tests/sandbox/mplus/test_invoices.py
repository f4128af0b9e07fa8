"""Invoices over the wire: made once by whoever looks first, locked, paid, credited (mplus.md §4.8)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.sandbox.mplus.till import Till
from tests.sandbox.mplus.talk import Talk, listed

ARTICLE = 10_010
EMPTY = {"articlePluNumbers": "", "articleBarcodes": ""}


def invoice(*lines: dict[str, Any], **head: Any) -> dict[str, Any]:
    """In the order of the description."""
    line = {"articleNumber": ARTICLE, "data": {"quantity": 2, "decimalPlaces": 0, "price": 1000}}
    given = {
        "employeeNumber": 999999,
        "relationNumber": 4,
        **head,
        "lineList": {"line": list(lines or (line,))},
    }
    names = ("invoiceId", "extInvoiceId", "employeeNumber", "relationNumber", "financialDate", "entryBranchNumber", "reference",
             "dueDate", "vatMethod", "changeCounter", "versionNumber", "lineList")  # fmt: skip
    return {name: given[name] for name in names if name in given}


async def saved(talk: Talk, **head: Any) -> dict[str, Any]:
    told = await talk("saveInvoice", invoice=invoice(**head))
    assert "SAVE-INVOICE-RESULT-OK" == told["result"]
    return await read(talk, told["info"]["invoiceId"])


async def read(talk: Talk, invoice_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await talk("getInvoice", invoiceId=invoice_id))["invoice"]
    return found


async def paid(talk: Talk, invoice_id: str, amount: int, method: str = "IDEAL") -> dict[str, Any]:
    request = {"invoiceId": invoice_id, "paymentList": {"payment": {"method": method, "amount": amount}}}
    return await talk("payInvoice", request=request)


async def test_an_invoice_is_made_and_takes_its_stock(till: Till, talk: Talk) -> None:
    before = till.stock.level(1, ARTICLE)["physical"]
    told = await saved(talk, extInvoiceId="shop-1", reference="#1001", financialDate=date(2025, 3, 1))

    assert {
        "extInvoiceId": "shop-1", "invoiceType": "INVOICE-TYPE-INVOICE", "reference": "#1001", "relationVatNumber": "NL990763183B01",
        "dueDate": {"day": "31", "mon": "3", "year": "2025"}, "invoiceNumber": {"year": "2025", "number": "1"},
        "totalInclAmount": "2000", "totalExclAmount": "1653", "paidAmount": "0", "state": "INVOICE-STATE-OUTSTANDING", "finalized": "false",
    } == {name: told[name] for name in ("extInvoiceId", "invoiceType", "reference", "relationVatNumber", "dueDate", "invoiceNumber",
          "totalInclAmount", "totalExclAmount", "paidAmount", "state", "finalized")}  # fmt: skip
    assert before - 2 == till.stock.level(1, ARTICLE)["physical"]
    assert ("STOCK-HISTORY-TYPE-SALES", told["invoiceId"]) == tuple(
        till.stock.history[-1][name] for name in ("type", "invoiceId")
    )


async def test_there_is_no_key_so_a_repeated_save_makes_a_second_one(till: Till, talk: Talk) -> None:
    for _ in range(2):
        await saved(talk)
    first = await saved(talk, extInvoiceId="x")
    again = await talk("saveInvoice", invoice=invoice(extInvoiceId="x"))

    assert "SAVE-INVOICE-RESULT-EXT-INVOICE-ID-ALREADY-EXISTS" == again["result"]
    assert first["invoiceId"] == (await talk("findInvoice", extInvoiceId="x"))["invoice"]["invoiceId"]
    assert "GET-INVOICE-RESULT-NOT-FOUND" == (await talk("findInvoice", extInvoiceId="y"))["result"]
    assert 3 == len(till.invoices.cards.rows)


async def test_changed_under_a_lock(till: Till, talk: Talk) -> None:
    told = await saved(talk, extInvoiceId="x")
    before = till.stock.level(1, ARTICLE)["physical"]
    lock = {"invoiceId": told["invoiceId"], "extInvoiceId": "x", "changeCounter": 1, "versionNumber": 1}
    less = {"articleNumber": ARTICLE, "data": {"quantity": 1, "decimalPlaces": 0, "price": 1000}}
    answers = [
        await talk("saveInvoice", invoice=invoice(less, **lock, reference="b")),
        await talk("saveInvoice", invoice=invoice(less, **lock, reference="c")),
        await talk("saveInvoice", invoice=invoice(invoiceId="none")),
        await talk(
            "saveInvoice",
            invoice=invoice(**{**lock, "extInvoiceId": "y", "changeCounter": 2, "versionNumber": 2}),
        ),
    ]

    assert ["OK", "INVOICE-HAS-CHANGED", "NOT-FOUND", "FAILED"] == [
        one["result"].removeprefix("SAVE-INVOICE-RESULT-") for one in answers
    ]
    assert ("b", 1000, before + 1) == (
        till.invoices.cards.rows[told["invoiceId"]]["reference"],
        till.invoices.cards.rows[told["invoiceId"]]["totalInclAmount"],
        till.stock.level(1, ARTICLE)["physical"],
    )


async def test_a_poll_that_finalizes_closes_every_invoice_for_changes(till: Till, talk: Talk) -> None:
    told = await saved(talk)
    asked = {"syncMarker": 1, **EMPTY}
    await talk("getInvoices", request=asked)
    assert not till.invoices.cards.rows[told["invoiceId"]]["finalized"]
    await talk("getInvoices", request={**asked, "finalizeInvoices": True})
    lock = {"invoiceId": told["invoiceId"], "changeCounter": 2, "versionNumber": 1}
    refused = await talk("saveInvoice", invoice=invoice(**lock))

    assert ("SAVE-INVOICE-RESULT-FAILED", "The invoice can no longer be changed") == (
        refused["result"],
        refused["errorMessage"],
    )


@pytest.mark.parametrize(
    ("amounts", "words", "state", "total"),
    [
        ([500], ["OK"], "PARTLY-PAID", "500"),
        ([500, 1500], ["OK", "OK"], "PAID", "2000"),
        ([2001], ["PAYMENT-TOO-HIGH"], "OUTSTANDING", "0"),
        ([500, 1501], ["OK", "PAYMENT-TOO-HIGH"], "PARTLY-PAID", "500"),
        ([2000, 1], ["OK", "PAYMENT-TOO-HIGH"], "PAID", "2000"),
    ],
)
async def test_paying(talk: Talk, amounts: list[int], words: list[str], state: str, total: str) -> None:
    told = await saved(talk)
    said = [(await paid(talk, told["invoiceId"], amount))["result"] for amount in amounts]
    after = await read(talk, told["invoiceId"])

    assert [f"PAY-INVOICE-RESULT-{word}" for word in words] == said
    assert (f"INVOICE-STATE-{state}", total) == (after["state"], after["paidAmount"])


async def test_means_of_payment_that_are_off_or_unknown(talk: Talk) -> None:
    told = await saved(talk)

    assert [
        ("PAY-INVOICE-RESULT-FAILED", "Payment method CHEQUE is disabled"),
        ("PAY-INVOICE-RESULT-FAILED", "Payment method GOUD does not exist"),
        ("PAY-INVOICE-RESULT-FAILED", "Invoice not found"),
    ] == [
        (one["result"], one["errorMessage"])
        for one in (
            await paid(talk, told["invoiceId"], 1, "CHEQUE"),
            await paid(talk, told["invoiceId"], 1, "GOUD"),
            await paid(talk, "none", 1),
        )
    ]


async def test_a_credit_gives_everything_back(till: Till, talk: Talk) -> None:
    before = till.stock.level(1, ARTICLE)["physical"]
    told = await saved(talk)
    assert "CREDIT-INVOICE-RESULT-OK" == (await talk("creditInvoice", invoiceId=told["invoiceId"]))["result"]
    credit = list(till.invoices.cards.rows.values())[-1]

    assert {
        "invoiceType": "INVOICE-TYPE-CREDIT-INVOICE", "creditedInvoiceId": told["invoiceId"], "creditedReason": "Cancellation by API",
        "totalInclAmount": -2000, "totalExclAmount": -1653, "state": "INVOICE-STATE-OUTSTANDING-CREDIT", "paidAmount": 0,
    } == {name: credit[name] for name in ("invoiceType", "creditedInvoiceId", "creditedReason", "totalInclAmount", "totalExclAmount", "state", "paidAmount")}  # fmt: skip
    assert before == till.stock.level(1, ARTICLE)["physical"]
    assert "PAY-INVOICE-RESULT-PAYMENT-TOO-HIGH" == (await paid(talk, credit["invoiceId"], -2001))["result"]
    assert "PAY-INVOICE-RESULT-OK" == (await paid(talk, credit["invoiceId"], -2000))["result"]
    assert "INVOICE-STATE-PAID" == till.invoices.cards.rows[credit["invoiceId"]]["state"]


async def test_credited_twice_where_nobody_looks(till: Till, talk: Talk) -> None:
    told = await saved(talk)
    for _ in range(2):
        await talk("creditInvoice", invoiceId=told["invoiceId"])
    credit = list(till.invoices.cards.rows)[-1]
    no = await talk("creditInvoice", invoiceId=credit)
    by_v2 = await talk("creditInvoiceV2", request={"invoiceId": "none"})

    assert [2000, -2000, -2000] == [row["totalInclAmount"] for row in till.invoices.cards.rows.values()]
    assert ("CREDIT-INVOICE-RESULT-FAILED", "CREDIT-INVOICE-V2-RESULT-NOT-FOUND") == (
        no["result"],
        by_v2["result"],
    )


async def test_process_invoice_is_idempotent_and_speaks_euros(till: Till, talk: Talk) -> None:
    given = {
        "extInvoiceId": "p1", "employeeNumber": 1, "relationNumber": 4, "financialBranchNumber": 1, "entryBranchNumber": 1,
        "lineList": {"line": {"articleNumber": ARTICLE, "data": {"quantity": "0.5", "price": "19.99"}}},
    }  # fmt: skip
    answers = [
        await talk(
            "processInvoice", request={"idempotencyKey": key, "invoice": given, "processorContext": context}
        )
        for key, context in (("d", {"dryRun": True}), ("a", ""), ("a", ""), ("b", ""))
    ]

    assert ["OK", "OK", "OK", "FAILED-PROCESSOR"] == [one["resultCode"] for one in answers]
    assert ["ORIGINAL", "REPLAY"] == [one["idempotencyResult"].split("-")[2] for one in answers[1:3]]
    assert [1000] == [row["totalInclAmount"] for row in till.invoices.cards.rows.values()]


async def test_polling_invoices(till: Till, talk: Talk) -> None:
    first = await saved(talk, extInvoiceId="a")
    await saved(talk, extInvoiceId="b", relationNumber=5)
    await paid(talk, first["invoiceId"], 1)

    async def polled(**request: Any) -> list[str]:
        names = ("syncMarker", "relationNumbers", "articlePluNumbers", "articleBarcodes", "invoiceIds")
        asked = {**EMPTY, **request}
        told = await talk("getInvoices", request={name: asked[name] for name in names if name in asked})
        return sorted(
            one["extInvoiceId"] for one in listed(told["invoiceList"] and told["invoiceList"]["invoice"])
        )

    assert ["a", "b"] == await polled(syncMarker=1)
    assert ["a"] == await polled(syncMarker=3)
    assert ["b"] == await polled(relationNumbers=[5])
    assert ["a"] == await polled(invoiceIds=[first["invoiceId"]])
    assert "3" == (await talk("getCurrentSyncMarkers"))["invoiceSyncMarker"]
    till.settings.missing_rights = {"invoices"}
    assert [] == await polled(syncMarker=1)
