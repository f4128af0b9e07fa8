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


def test_read():
    sale = {
        "orderId": "a1",
        "orderNumber": {"year": 2026, "number": 123},
        "extOrderId": "",
        "relationNumber": 17,
        "invoiceIds": ["i1"],
        "invoiceAddress": {"name": "Jan", "city": ""},
        "totalInclAmount": Decimal("99.90"),
        "totalExclAmount": Decimal("82.56"),
        "fullyPaid": True,
        "lineList": [LINE],
        "paymentList": [{"method": "PIN", "amount": Decimal("99.90"), "description": ""}],
    }

    expected = {
        "orderId": "a1",
        "orderNumber": {"year": 2026, "number": 123},
        "relationNumber": 17,
        "invoiceIds": ["i1"],
        "invoiceAddress": {"name": "Jan"},
        "totalInclAmount": Decimal("99.90"),
        "totalExclAmount": Decimal("82.56"),
        "fullyPaid": True,
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
                "role": "product",
                "unitPrice": Decimal("49.95"),
                "preparationList": [
                    {
                        "lineId": "l2",
                        "text": "extra",
                        "quantity": Decimal(1),
                        "role": "text",
                        "unitPrice": Decimal(0),
                    }
                ],
            }
        ],
        "paymentList": [{"method": "PIN", "amount": Decimal("99.90")}],
        "financial": "paid",
        "fulfilment": "unknown",
        "paid": Decimal("99.90"),
        "isRevenue": True,
        "pricesIncludeVat": True,
        "relatedIds": ["invoice:i1"],
        "discountTotal": Decimal(0),
        "taxTotal": Decimal("17.34"),
    }
    assert expected == orders.read("order")(sale)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ({"year": 2026, "number": 123}, "2026.123"),
        ({"branchNumber": 1, "workplaceNumber": 2, "year": 2026, "number": 7}, "1.2.2026.7"),
        ({"year": 0, "number": 0}, None),
        ({}, None),
        (None, None),
    ],
)
def test_numbers_as_people_read_them(number, shown):
    assert shown == orders.shown_number(number)


def test_a_line_of_text_names_no_article():
    assert "articleNumber" not in orders.read_line({"articleNumber": 0, "text": "Bedankt!"})
    assert orders.read_line({"text": "Bedankt!"}, at=3)["lineId"] == "3"


def test_the_relation_of_a_sale():
    assert orders.with_relation({"relationNumber": 17}, {17: {"name": "Jan"}}) == {
        "relationNumber": 17,
        "relation": {"name": "Jan"},
    }
    assert orders.with_relation({"relationNumber": 18}, {17: {}}) == {"relationNumber": 18}
    assert orders.with_relation({}, {17: {}}) == {}


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
