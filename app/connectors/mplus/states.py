"""What a sale's own words mean: paid or not, shipped or not, revenue or not, and what became of each line.

Orders, invoices and receipts say these things differently (mplus.md §4.7, §4.8). An unknown word means "unknown", never
"paid": a wrong guess would send a mail about somebody's money. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from app.connectors.base import Document
from app.values.money import half_up

Sale = Literal["order", "invoice", "receipt"]

_PAYMENT_STATES = {
    "OUTSTANDING": "open",
    "PARTLY-PAID": "partly_paid",
    "PAID": "paid",
    "HANDLED": "paid",
    "OUTSTANDING-CREDIT": "open",
}
_DELIVERY_STATES = {"NOTHING": "none", "PARTIAL": "partly_shipped", "COMPLETE": "shipped"}
# Money that moves without a sale (features O31).
_NO_SALE = frozenset({
    "RECEIPT-TYPE-CASH-INFLOW", "RECEIPT-TYPE-CASH-OUTFLOW", "RECEIPT-TYPE-PAYMENT-METHOD-TRANSFER",
})  # fmt: skip
_CREDITS = frozenset({"INVOICE-TYPE-CREDIT-INVOICE", "RECEIPT-TYPE-CREDIT-RECEIPT"})
_ROLES = {
    "TURNOVER-GROUP-TYPE-TURNOVER": "product",
    "TURNOVER-GROUP-TYPE-BALANCE-UPGRADE": "gift_card",
    "TURNOVER-GROUP-TYPE-REFUNDABLE-DEPOSIT": "deposit",
    "TURNOVER-GROUP-TYPE-PAYMENT": "payment",
    "TURNOVER-GROUP-TYPE-SUSPENSE": "payment",
    "TURNOVER-GROUP-TYPE-CASH-INFLOW": "payment",
    "TURNOVER-GROUP-TYPE-CASH-OUTFLOW": "payment",
}
_TEXT_LINES = frozenset({"LINE-KIND-SUBTOTAL", "LINE-KIND-HEADER", "LINE-KIND-SECONDARY-HEADER"})
_ZERO = Decimal(0)


def of_sale(kind: Sale, sale: Mapping[str, Any]) -> Document:
    """``financial``, ``fulfilment``, ``paid``, ``isRevenue``, ``relatedIds``, ``creditOf`` and sums of a read sale."""
    total, without = sale.get("totalInclAmount"), sale.get("totalExclAmount")
    said: Document = {
        "financial": financial(kind, sale),
        "fulfilment": _DELIVERY_STATES.get(
            _tail(sale.get("deliveryState"), "ORDER-DELIVERY-STATE-"), "unknown"
        )
        if kind == "order"
        else "shipped"
        if kind == "receipt"
        else "unknown",
        "paid": paid(kind, sale),
        "isRevenue": is_revenue(sale),
        "pricesIncludeVat": sale.get("vatMethod", "VAT-METHOD-INCLUSIVE") == "VAT-METHOD-INCLUSIVE",
        "relatedIds": related(kind, sale),
        "discountTotal": sum((line.get("discount", _ZERO) for line in sale.get("lineList", ())), _ZERO),
    }
    if total is not None and without is not None:
        said["taxTotal"] = total - without
    credited = sale.get("creditedInvoiceId") or sale.get("creditedReceiptId")
    if credited:
        said["creditOf"] = f"{kind}:{credited}"
    return said


def of_line(line: Mapping[str, Any]) -> Document:
    """``role``, ``unitPrice`` and ``discount`` of a read line: what one piece cost after all, and what came off."""
    quantity = line.get("quantity", Decimal(1))
    price, total = line.get("price", _ZERO), line.get("totalInclAmount")
    if total is None or quantity == 0 or price * quantity == total:
        unit = price
    else:
        unit = half_up(total / quantity, 4)
    said: Document = {"role": role(line), "unitPrice": unit}
    before = line.get("originalPrice")
    if before is not None and total is not None and (off := half_up(before * quantity - total)) > 0:
        said["discount"] = off
    return said


def role(line: Mapping[str, Any]) -> str:
    """What the line is; only ``product`` lines are revenue."""
    if line.get("lineKind") in _TEXT_LINES:
        return "text"
    known = _ROLES.get(line.get("turnoverGroupType", ""))
    if known is not None:
        return known
    return "product" if line.get("articleNumber") else "text" if not line.get("price") else "product"


def financial(kind: Sale, sale: Mapping[str, Any]) -> str:
    """Paid or not, in the middle's words."""
    if kind == "order":
        if sale.get("cancelState") == "ORDER-CANCEL-STATE-COMPLETE":
            return "cancelled"
        if sale.get("fullyPaid"):
            return "paid"
        return "partly_paid" if sale.get("prepaidAmount", _ZERO) > 0 else "open"
    if sale.get(f"{kind}Type") in _CREDITS:
        return "refunded"
    return _PAYMENT_STATES.get(_tail(sale.get("state"), f"{kind.upper()}-STATE-"), "unknown")


def paid(kind: Sale, sale: Mapping[str, Any]) -> Decimal:
    """What was paid of it."""
    if kind == "order":
        if sale.get("fullyPaid"):
            return Decimal(sale.get("totalInclAmount", _ZERO))
        return Decimal(sale.get("prepaidAmount", _ZERO))
    return Decimal(sale.get("paidAmount", _ZERO))


def is_revenue(sale: Mapping[str, Any]) -> bool:
    """False where money moved without a sale, and where no line sells anything."""
    if sale.get("receiptType") in _NO_SALE:
        return False
    lines = sale.get("lineList", ())
    return not lines or any(line.get("role") == "product" for line in lines)


def related(kind: Sale, sale: Mapping[str, Any]) -> list[str]:
    """The same sale under its other kinds."""
    others = {"order": ("invoice",), "invoice": ("order",), "receipt": ("order",)}[kind]
    return [f"{other}:{id_}" for other in others for id_ in sale.get(f"{other}Ids", ())]


def _tail(word: Any, head: str) -> str:
    return word.removeprefix(head) if isinstance(word, str) else ""
