"""A shop's sale, booked in the till as an order or as an invoice: what is to be sent, and in which calls (mplus.md §4.7).

The external number (``extOrderId``, ``extInvoiceId``) is the sale's natural key: it is looked up before anything is
created, the till keeps it unique, and it can never be used again. The newest call takes an idempotency key as well and
pays in the same breath; older ones create first and pay then. A found sale is left alone unless something is still to
be paid or the flow may change it. Pure.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

from app.connectors.base import Change, Document, Existing, Intent, Leave, Steps
from app.connectors.mplus.buyers import buyer_of
from app.connectors.mplus.saledocument import as_sale, resolved

ORDER = "order"
INVOICE = "invoice"
BUYER_MADE = "buyer_made"
"""The fact of a sale that names the relation which was made for its buyer."""

_KEY = uuid.UUID("5c7f2f0e-7c0b-5d1c-9a55-0f1d3e6f6a11")

# What may still change on a sale that is there, by setting (features O7).
CHANGEABLE = (
    "reference",
    "deliveryAddress",
    "invoiceAddress",
    "deliveryMethod",
    "deliveryDate",
    "orderCategoryNumber",
)


class Book(Change):
    """Create one sale. ``sale`` is the till's type, without payments; ``external`` its external number.

    ``buyer`` is the relation that was made just before, whose number is looked up; ``expected`` is what the shop says that
    it comes to.
    """

    safe_to_repeat: ClassVar[bool] = False
    external: str
    sale: Document
    payments: tuple[Document, ...] = ()
    buyer: Document | None = None
    expected: Decimal | None = None

    def summary(self) -> str:
        """Figures only."""
        lines, paid = len(self.sale.get("lineList", ())), len(self.payments)
        return f"{self.action.replace('_', ' ')}: {lines} lines" + (f", {paid} payments" if paid else "")


class BookOrder(Book):
    """``createOrderV3``, or what the till has of it."""

    action: ClassVar[str] = "create_order"
    idempotency_key: str
    prepay: bool = True


class BookInvoice(Book):
    """``saveInvoice``, then ``payInvoice``."""

    action: ClassVar[str] = "create_invoice"


class Pay(Change):
    """Book payments on a sale that is there."""

    action: ClassVar[str] = "book_payment"
    safe_to_repeat: ClassVar[bool] = False
    kind: Literal["order", "invoice"]
    id: str
    payments: tuple[Document, ...]
    prepay: bool = True
    idempotency_key: str

    def summary(self) -> str:
        """Figures only."""
        return f"book {len(self.payments)} payments on the {self.kind}"


class ChangeOrder(Change):
    """Change the head of an order. It is read again and sent back whole: lines that are left out would vanish."""

    action: ClassVar[str] = "update_order"
    id: str
    fields: Document

    def summary(self) -> str:
        """Names of fields only."""
        return f"update the order: {', '.join(sorted(self.fields))}"


class Cancel(Change):
    """Cancel an order, or credit an invoice: the till deletes nothing. Only the call that never toggles is used."""

    action: ClassVar[str] = "cancel"
    safe_to_repeat: ClassVar[bool] = False
    kind: Literal["order", "invoice"]
    id: str

    def summary(self) -> str:
        """Which of both."""
        return "cancel the order" if self.kind == ORDER else "credit the invoice"


def steps(intent: Intent, existing: Existing | None) -> Steps:
    """The calls that bring one sale about. ``intent.natural`` is its external number."""
    kind: Literal["order", "invoice"] = "invoice" if intent.kind == INVOICE else "order"
    if intent.desired is None:
        return _undo(kind, existing)
    payments = tuple(dict(payment) for payment in intent.document.get("paymentList", ()))
    if existing is None:
        if not intent.create:
            return Leave("not_created", "The sale is not in the till, and this flow may not make it.")
        return _booking(kind, intent, payments)
    if existing.state != "present":
        return Leave(
            "cancelled_in_till", "The sale was cancelled in the till; it stays so.", state=existing.state
        )
    return (*_updates(kind, intent, existing), *_payment(kind, intent, existing, payments))


def idempotency_key(natural: str, document: Mapping[str, Any]) -> str:
    """The same for the same sale with the same content: a repeated call is answered, not carried out."""
    content = json.dumps(document, sort_keys=True, default=str, separators=(",", ":"))
    return str(uuid.uuid5(_KEY, f"{natural}\n{content}"))


def _booking(kind: Literal["order", "invoice"], intent: Intent, payments: tuple[Document, ...]) -> Steps:
    """The relation first, where it must be made or differs, then the sale. Raises RecordRefused for what is not there."""
    external = intent.natural or ""
    document = intent.document
    before: tuple[Change, ...] = ()
    buyer: Document | None = None
    if intent.named is not None:
        document = resolved(document, intent.named, options=intent.options)
        number, before, buyer = buyer_of(intent)
        document = document | {"relationNumber": number}
    sale = as_sale(document, kind=kind, external=external)
    expected = document.get("totalInclAmount")
    if kind == INVOICE:
        return (
            *before,
            BookInvoice(external=external, sale=sale, payments=payments, buyer=buyer, expected=expected),
        )
    return (
        *before,
        BookOrder(
            external=external,
            sale=sale,
            payments=payments,
            buyer=buyer,
            expected=expected,
            prepay=intent.options.get("payment", "prepay") != "final",
            idempotency_key=idempotency_key(external, intent.document),
        ),
    )


def _updates(kind: Literal["order", "invoice"], intent: Intent, existing: Existing) -> tuple[Change, ...]:
    if kind == INVOICE or not intent.update or not existing.whole:
        return ()  # a booked invoice is credited, never changed
    fields = {
        name: intent.document[name]
        for name in CHANGEABLE
        if intent.document.get(name) is not None
        and not _same(intent.document[name], existing.document.get(name))
    }
    return (ChangeOrder(id=existing.remote_id, fields=fields),) if fields else ()


def _payment(
    kind: Literal["order", "invoice"], intent: Intent, existing: Existing, payments: tuple[Document, ...]
) -> tuple[Change, ...]:
    """What is still to be paid: a booking whose answer was lost may have left its payments out."""
    if not payments or not existing.whole:
        return ()
    paid = existing.document.get("paidAmount" if kind == INVOICE else "prepaidAmount") or Decimal(0)
    if existing.document.get("fullyPaid") or existing.document.get("paymentList") or paid > 0:
        return ()
    key = idempotency_key(f"pay {intent.natural}", {"payments": payments})
    prepay = intent.options.get("payment", "prepay") != "final"
    return (Pay(kind=kind, id=existing.remote_id, payments=payments, prepay=prepay, idempotency_key=key),)


def _undo(kind: Literal["order", "invoice"], existing: Existing | None) -> Steps:
    if existing is None or existing.state != "present":
        return ()
    return (Cancel(kind=kind, id=existing.remote_id),)


def _same(wanted: Any, present: Any) -> bool:
    if isinstance(wanted, Mapping):
        held = present if isinstance(present, Mapping) else {}
        return all(_same(value, held.get(name)) for name, value in wanted.items())
    return (wanted if wanted != "" else None) == (present if present != "" else None)


# What a till fills in itself, or what does not belong to an order that is sent back.
_TOLD_ONLY = frozenset({
    "syncMarker", "transactionString", "employeeName", "relationName", "relationCategoryId", "vatGroupList",
    "totalInclAmount", "totalExclAmount", "invoiceIds", "extInvoiceIds", "packingSlipIds", "packingSlipNumbers",
    "invoiceNumbers", "paymentList", "fullyPaid", "prepaidAmount", "deliveryState", "cancelState", "completeState",
    "orderBarcode", "orderCategoryDescription", "webhookSessionData", "branchOrderNumber",
})  # fmt: skip
_TOLD_ONLY_LINE = frozenset({
    "deliveredQuantity", "cancelledQuantity", "averagePurchasePrice", "vatPercentage", "totalInclAmount", "totalExclAmount",
    "turnoverGroupName", "turnoverGroupType", "turnoverGroupAccountNumber", "priceType", "siUnit", "bpeDescription",
})  # fmt: skip


def changed(order: Mapping[str, Any], fields: Mapping[str, Any]) -> Document:
    """The order as it is sent back: whole, with its locks, the changed fields in place (mplus.md §4.7).

    ``order`` is the till's type as decoded. Addresses are merged, so that a part which we do not know stays.
    """
    sent = {name: value for name, value in order.items() if name not in _TOLD_ONLY}
    sent["lineList"] = [_sent_line(line) for line in order.get("lineList", ())]
    for name, value in fields.items():
        sent[name] = {**sent.get(name, {}), **value} if isinstance(value, Mapping) else value
    return sent


def later_invoices(invoice: Mapping[str, Any]) -> Document:
    """Arguments for the invoices among which a credit of this one would be: the same customer's, from its day on."""
    wanted: Document = {"articlePluNumbers": [], "articleBarcodes": []}
    if invoice.get("financialDate"):
        wanted["fromFinancialDate"] = invoice["financialDate"]
    if invoice.get("relationNumber"):
        wanted["relationNumbers"] = [invoice["relationNumber"]]
    return {"request": wanted}


def _sent_line(line: Mapping[str, Any]) -> Document:
    data = {name: value for name, value in line.get("data", {}).items() if name not in _TOLD_ONLY_LINE}
    sent = {name: value for name, value in line.items() if name not in ("data", "preparationList")} | {
        "data": data
    }
    if line.get("preparationList"):
        sent["preparationList"] = [_sent_line(part) for part in line["preparationList"]]
    return sent


def existing_sale(kind: Literal["order", "invoice"], document: Document) -> Existing:
    """A sale as the till has it now."""
    return Existing(
        remote_id=str(document.get(f"{kind}Id", "")),
        state="archived" if is_cancelled(document) else "present",
        document=document,
    )


def is_cancelled(sale: Mapping[str, Any]) -> bool:
    """Whether it is an order of which all is cancelled; an invoice never is, it is credited by another."""
    return sale.get("cancelState") == "ORDER-CANCEL-STATE-COMPLETE"
