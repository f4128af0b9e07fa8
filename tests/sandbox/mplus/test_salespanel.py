"""What a person in the shop can do with sales from the panel, and what the pages show."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.sandbox.mplus.till import Till


@pytest.fixture
async def panel(till: Till) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(till), base_url="http://till/_sandbox/"
    ) as client:
        yield client
    await till.close()


async def test_an_order_from_the_back_office_to_its_credit(till: Till, panel: httpx.AsyncClient) -> None:
    async def act(name: str, **fields: object) -> dict[str, object]:
        answer = await panel.post(f"actions/{name}", json=fields)
        assert (200, name) == (answer.status_code, name)
        found: dict[str, object] = answer.json()
        return found

    order = await act("new_order", relationNumber=4, articleNumber=10_010, quantity=2)
    deposit = await act("pay_order", orderId=order["orderId"], prepay="yes")
    slip = await act("deliver_order", orderId=order["orderId"], turnover="invoice")
    invoice_id = slip["invoiceId"]
    credit = await act("credit_invoice", invoiceId=invoice_id)
    other = await act("new_order", relationNumber=4, articleNumber=10_010)
    cancelled = await act("cancel_order", orderId=other["orderId"])
    receipt = await act(
        "deliver_order",
        orderId=(await act("new_order", relationNumber=4, articleNumber=10_010))["orderId"],
        turnover="receipt",
    )

    assert ("OK", "PACKING-SLIP-STATE-INVOICED", invoice_id) == (
        deposit["result"],
        slip["state"],
        credit["creditedInvoiceId"],
    )
    assert "ORDER-CANCEL-STATE-COMPLETE" == cancelled["cancelState"]
    assert "PACKING-SLIP-STATE-OPEN" == receipt["state"]
    assert [21398, -21398] == [row["totalInclAmount"] for row in till.invoices.cards.rows.values()]
    assert (3, 2, 1) == (
        len(till.orders.cards.rows),
        len(till.slips.cards.rows),
        len(till.receipts.cards.rows),
    )


async def test_money_at_the_counter(till: Till, panel: httpx.AsyncClient) -> None:
    till.settings.queue_orders = True
    await panel.post("actions/new_order", json={"relationNumber": 4, "articleNumber": 10_010})
    told = [
        await panel.post(f"actions/{name}", json=fields)
        for name, fields in (
            ("release_orders", {}),
            ("cash", {"amount": "-500"}),
            ("transfer", {"amount": "100"}),
            ("top_up", {"amount": "2500", "relationNumber": "4"}),
            ("deposit", {"amount": "25"}),
            ("complete_session", {"relationNumber": "4", "articleNumber": "10010", "method": "REKENING"}),
        )
    ]
    settled = await panel.post("actions/pay_invoice", json={"invoiceId": told[-1].json()["invoiceId"]})

    assert [200] * 7 == [answer.status_code for answer in (*told, settled)]
    assert {"released": 1} == told[0].json()
    assert [-500, 0, 2500, 25, 10699] == [row["totalInclAmount"] for row in till.receipts.cards.rows.values()]


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("new_order", {"relationNumber": 999, "articleNumber": 10_010}, "Relation 999 does not exist"),
        ("deliver_order", {"orderId": "x"}, "there is no such order"),
        ("pay_invoice", {"invoiceId": "x"}, "there is no such invoice"),
        ("transfer", {"amount": 1, "from": "GOUD"}, "Payment method GOUD does not exist"),
        ("complete_session", {"method": "CHEQUE"}, "Payment method CHEQUE is disabled"),
        ("settings", {"closed_through": "yesterday"}, "Invalid isoformat string: 'yesterday'"),
    ],
)
async def test_a_refusal_is_a_sentence(
    panel: httpx.AsyncClient, name: str, fields: dict[str, object], sentence: str
) -> None:
    answer = await panel.post(f"actions/{name}", json=fields)

    assert (422, sentence) == (answer.status_code, answer.json()["detail"])


async def test_a_closed_period_is_a_switch(till: Till, panel: httpx.AsyncClient) -> None:
    closed = await panel.post("actions/settings", json={"closed_through": "2025-03-05"})
    refused = await panel.post("actions/new_order", json={"relationNumber": 4, "articleNumber": 10_010})
    opened = await panel.post("actions/settings", json={"closed_through": "none"})

    assert ("2025-03-05", None) == (closed.json()["closed_through"], opened.json()["closed_through"])
    assert "The financial date 2025-03-05 is in a closed period" == refused.json()["detail"]


@pytest.mark.parametrize("kind", ["orders", "slips", "invoices", "receipts"])
async def test_pages_show_sales(till: Till, panel: httpx.AsyncClient, kind: str) -> None:
    await panel.post(
        "actions/deliver_order", json={"orderId": till.orders.create(ORDER)["orderId"], "turnover": "invoice"}
    )
    await till.sessions.complete(relation=4)
    page = await panel.get(f"kinds/{kind}")
    [key] = getattr(till, kind).cards.rows
    record = await panel.get(f"kinds/{kind}/{key}")

    assert (200, 200) == (page.status_code, record.status_code)
    assert key in page.text
    assert "/_sandbox/kinds/relations/4" in record.text


ORDER = {
    "relationNumber": 4,
    "employeeNumber": 1,
    "lineList": [{"articleNumber": 10_010, "data": {"quantity": 1}}],
}
