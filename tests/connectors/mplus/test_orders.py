from decimal import Decimal

import pytest

from app.connectors.mplus import orders

LINE = {
    "lineId": "l1",
    "articleNumber": 1001,
    "text": "Trui",
    "pluNumber": "",
    "data": {"quantity": Decimal(2), "price": Decimal("49.95"), "vatCode": 1, "discountType": ""},
    "preparationList": [{"lineId": "l2", "text": "extra", "data": {"quantity": Decimal(1)}}],
}


@pytest.mark.parametrize(
    ("kind", "sale", "expected"),
    [
        (
            "order",
            {
                "orderId": "a1",
                "orderNumber": {"year": 2026, "number": 123},
                "extOrderId": "",
                "lineList": [LINE],
            },
            {
                "orderId": "a1",
                "orderNumber": {"year": 2026, "number": 123},
                "kind": "order",
                "id": "a1",
                "number": "2026.123",
                "lineList": [
                    {
                        "lineId": "l1",
                        "articleNumber": 1001,
                        "text": "Trui",
                        "quantity": Decimal(2),
                        "price": Decimal("49.95"),
                        "vatCode": 1,
                        "preparationList": [{"lineId": "l2", "text": "extra", "quantity": Decimal(1)}],
                    }
                ],
                "paymentList": [],
            },
        ),
        (
            "receipt",
            {
                "receiptId": "r1",
                "receiptNumber": {"branchNumber": 1, "workplaceNumber": 2, "year": 2026, "number": 7},
                "paymentList": [{"method": "PIN", "amount": Decimal("5.00"), "description": ""}],
            },
            {
                "receiptId": "r1",
                "receiptNumber": {"branchNumber": 1, "workplaceNumber": 2, "year": 2026, "number": 7},
                "kind": "receipt",
                "id": "r1",
                "number": "1.2.2026.7",
                "lineList": [],
                "paymentList": [{"method": "PIN", "amount": Decimal("5.00")}],
            },
        ),
        (
            "invoice",
            {
                "invoiceId": "i1",
                "invoiceAddress": {"name": "Jan", "city": ""},
                "invoiceNumber": {"year": 0, "number": 0},
            },
            {
                "invoiceId": "i1",
                "invoiceAddress": {"name": "Jan"},
                "invoiceNumber": {"year": 0, "number": 0},
                "kind": "invoice",
                "id": "i1",
                "number": None,
                "lineList": [],
                "paymentList": [],
            },
        ),
    ],
)
def test_read(kind, sale, expected):
    assert expected == orders.read(kind)(sale)


def test_arguments_hold_the_mandatory_empty_lists():
    empty = {"articlePluNumbers": [], "articleBarcodes": [], "includeLineList": True}

    assert orders.ORDERS.by_mark(5, 10) == {"request": empty | {"syncMarker": 5, "syncMarkerLimit": 10}}
    assert orders.INVOICES.by_refs(["a"]) == {"request": empty | {"invoiceIds": ["a"]}}
    assert orders.RECEIPTS.by_refs(["a"]) == {
        "request": empty | {"receiptIds": ["a"], "includeOrderReferences": True}
    }


def test_references_say_which_kind_of_sale():
    assert orders.RECEIPTS.ref("9f") == "receipt:9f"
    assert orders.RECEIPTS.known("receipt:9f") == "9f"
    assert orders.RECEIPTS.known("order:9f") is None
    assert orders.RECEIPTS.known("receipt:") is None
