"""Quantities and states of an order: what was delivered, what was cancelled, what is left, and what that makes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.sandbox.mplus.lines import quantity_of, scaled_quantity

Row = Mapping[str, Any]
CANCELLED = {
    "": "ORDER-CANCEL-STATE-NOTHING",
    "PARTIAL": "ORDER-CANCEL-STATE-PARTIAL",
    "COMPLETE": "ORDER-CANCEL-STATE-COMPLETE",
}


def delivered(line: Row) -> Decimal:
    return quantity_of(line["data"], "deliveredQuantity", "deliveredDecimalPlaces")


def undelivered(line: Row) -> Decimal:
    """What is still to be delivered; what was cancelled is not."""
    cancelled = quantity_of(line["data"], "cancelledQuantity", "cancelledDecimalPlaces")
    return quantity_of(line["data"]) - delivered(line) - cancelled


def with_delivered(line: Row, amount: Decimal) -> dict[str, Any]:
    return _with(line, "delivered", amount)


def with_cancelled(line: Row, amount: Decimal) -> dict[str, Any]:
    return _with(line, "cancelled", amount)


def _with(line: Row, what: str, amount: Decimal) -> dict[str, Any]:
    scaled = scaled_quantity(amount)
    data = {f"{what}Quantity": scaled["quantity"], f"{what}DecimalPlaces": scaled["decimalPlaces"]}
    return {**line, "data": {**line["data"], **data}}


def states(order: Row) -> dict[str, str]:
    """Delivery and completion, from the lines and the papers; cancellation is kept as it is."""
    gone = any(delivered(line) for line in order["lineList"])
    rest = any(undelivered(line) for line in order["lineList"])
    delivery = "COMPLETE" if gone and not rest else "PARTIAL" if gone else "NOTHING"
    papers = order["invoiceIds"] or order.get("receiptIds")
    complete = "COMPLETE" if papers and delivery == "COMPLETE" else "PARTIAL" if papers or gone else "NOTHING"
    if complete == "PARTIAL" and papers and rest:
        complete = "PARTIAL-DELIVERY-PENDING"
    return {
        "deliveryState": f"ORDER-DELIVERY-STATE-{delivery}",
        "cancelState": order.get("cancelState", CANCELLED[""]),
        "completeState": f"ORDER-COMPLETE-STATE-{complete}",
    }
