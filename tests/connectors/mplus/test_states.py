from decimal import Decimal

import pytest

from app.connectors.mplus import states

D = Decimal


@pytest.mark.parametrize(
    ("kind", "sale", "financial", "paid"),
    [
        ("order", {}, "open", "0"),
        ("order", {"prepaidAmount": D(5)}, "partly_paid", "5"),
        ("order", {"fullyPaid": True, "totalInclAmount": D(9)}, "paid", "9"),
        ("order", {"cancelState": "ORDER-CANCEL-STATE-COMPLETE", "fullyPaid": True}, "cancelled", "0"),
        ("order", {"cancelState": "ORDER-CANCEL-STATE-PARTIAL"}, "open", "0"),
        ("invoice", {"state": "INVOICE-STATE-OUTSTANDING"}, "open", "0"),
        ("invoice", {"state": "INVOICE-STATE-PARTLY-PAID", "paidAmount": D(3)}, "partly_paid", "3"),
        ("invoice", {"state": "INVOICE-STATE-PAID"}, "paid", "0"),
        ("invoice", {"state": "INVOICE-STATE-HANDLED"}, "paid", "0"),
        ("invoice", {"state": "INVOICE-STATE-SOMETHING-NEW"}, "unknown", "0"),
        (
            "invoice",
            {"invoiceType": "INVOICE-TYPE-CREDIT-INVOICE", "state": "INVOICE-STATE-PAID"},
            "refunded",
            "0",
        ),
        ("receipt", {"state": "RECEIPT-STATE-PAID", "paidAmount": D(7)}, "paid", "7"),
        ("receipt", {"receiptType": "RECEIPT-TYPE-CREDIT-RECEIPT"}, "refunded", "0"),
        ("receipt", {}, "unknown", "0"),
    ],
)
def test_payment(kind, sale, financial, paid):
    assert (financial, D(paid)) == (states.financial(kind, sale), states.paid(kind, sale))


@pytest.mark.parametrize(
    ("kind", "state", "fulfilment"),
    [
        ("order", "ORDER-DELIVERY-STATE-NOTHING", "none"),
        ("order", "ORDER-DELIVERY-STATE-PARTIAL", "partly_shipped"),
        ("order", "ORDER-DELIVERY-STATE-COMPLETE", "shipped"),
        ("order", None, "unknown"),
        ("order", "ORDER-DELIVERY-STATE-NEW", "unknown"),
        ("receipt", None, "shipped"),
        ("invoice", None, "unknown"),
    ],
)
def test_delivery(kind, state, fulfilment):
    assert states.of_sale(kind, {"deliveryState": state})["fulfilment"] == fulfilment


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ({"articleNumber": 1, "turnoverGroupType": "TURNOVER-GROUP-TYPE-TURNOVER"}, "product"),
        ({"articleNumber": 1}, "product"),
        ({"articleNumber": 1, "turnoverGroupType": "TURNOVER-GROUP-TYPE-UNKNOWN"}, "product"),
        ({"articleNumber": 1, "turnoverGroupType": "TURNOVER-GROUP-TYPE-BALANCE-UPGRADE"}, "gift_card"),
        ({"articleNumber": 1, "turnoverGroupType": "TURNOVER-GROUP-TYPE-REFUNDABLE-DEPOSIT"}, "deposit"),
        ({"turnoverGroupType": "TURNOVER-GROUP-TYPE-PAYMENT", "price": D(5)}, "payment"),
        ({"turnoverGroupType": "TURNOVER-GROUP-TYPE-CASH-INFLOW"}, "payment"),
        ({"lineKind": "LINE-KIND-HEADER", "articleNumber": 1}, "text"),
        ({"text": "Bedankt"}, "text"),
        ({"text": "Maatwerk", "price": D(5)}, "product"),
    ],
)
def test_role(line, role):
    assert role == states.role(line)


@pytest.mark.parametrize(
    ("sale", "is_revenue"),
    [
        ({"receiptType": "RECEIPT-TYPE-CASH-INFLOW"}, False),
        ({"receiptType": "RECEIPT-TYPE-CASH-OUTFLOW", "lineList": [{"role": "product"}]}, False),
        ({"receiptType": "RECEIPT-TYPE-PAYMENT-METHOD-TRANSFER"}, False),
        ({"lineList": [{"role": "gift_card"}, {"role": "text"}]}, False),
        ({"lineList": [{"role": "deposit"}, {"role": "product"}]}, True),
        ({"receiptType": "RECEIPT-TYPE-RECEIPT"}, True),
        ({}, True),
    ],
)
def test_what_is_not_revenue(sale, is_revenue):
    assert is_revenue is states.is_revenue(sale)


@pytest.mark.parametrize(
    ("line", "unit", "discount"),
    [
        ({"quantity": D(2), "price": D("5.00"), "totalInclAmount": D("10.00")}, "5.00", None),
        (
            {"quantity": D(2), "price": D("5.00"), "totalInclAmount": D("9.00"), "originalPrice": D("5.00")},
            "4.5000",
            "1.00",
        ),
        ({"quantity": D(3), "price": D("1.00"), "totalInclAmount": D("1.00")}, "0.3333", None),
        ({"quantity": D("0.250"), "price": D("20.00"), "totalInclAmount": D("5.00")}, "20.00", None),
        ({"quantity": D(0), "price": D("5.00"), "totalInclAmount": D(0)}, "5.00", None),
        (
            {
                "quantity": D(-1),
                "price": D("5.00"),
                "totalInclAmount": D("-5.00"),
                "originalPrice": D("6.00"),
            },
            "5.00",
            None,
        ),
        ({"quantity": D(1), "price": D("4.00"), "originalPrice": D("5.00")}, "4.00", None),
        ({}, "0", None),
    ],
)
def test_what_one_piece_cost(line, unit, discount):
    said = states.of_line(line)

    assert (D(unit), discount if discount is None else D(discount)) == (
        said["unitPrice"],
        said.get("discount"),
    )


def test_related_sales_and_credits():
    order = states.of_sale("order", {"invoiceIds": ["a", "b"]})
    receipt = states.of_sale("receipt", {"orderIds": ["o"], "creditedReceiptId": "r0"})

    assert (order["relatedIds"], "creditOf" in order) == (["invoice:a", "invoice:b"], False)
    assert (receipt["relatedIds"], receipt["creditOf"]) == (["order:o"], "receipt:r0")


def test_sums():
    sale = {
        "totalInclAmount": D("12.10"),
        "totalExclAmount": D("10.00"),
        "vatMethod": "VAT-METHOD-EXCLUSIVE",
        "lineList": [{"discount": D("1.00")}, {}, {"discount": D("0.50")}],
    }

    said = states.of_sale("invoice", sale)

    assert (said["taxTotal"], said["discountTotal"], said["pricesIncludeVat"]) == (
        D("2.10"),
        D("1.50"),
        False,
    )
    assert "taxTotal" not in states.of_sale("order", {})
