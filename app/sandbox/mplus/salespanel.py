"""The panel's view of sales: orders, packing slips, invoices and receipts, and what a person in the shop can do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.documents import Refused
from app.sandbox.mplus.part import Part, flag
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.marked import Marked

Fields = Mapping[str, Any]
LINKS = {
    "relationNumber": "relations",
    "orderId": "orders",
    "orderIds": "orders",
    "invoiceId": "invoices",
    "invoiceIds": "invoices",
    "creditedInvoiceId": "invoices",
    "packingSlipIds": "slips",
    "receiptIds": "receipts",
    "creditedReceiptId": "receipts",
}
ORDER = ("orderId", "of an order")
INVOICE = ("invoiceId", "of an invoice")
CENTS = ("amount", "cents")


class SalesPanel(Part):
    """Keeps nothing itself."""

    def shelves(self) -> Sequence[Shelf]:
        till = self.till
        return [
            self._shelf("orders", "Orders", till.orders.cards, "orderBarcode extOrderId relationNumber totalInclAmount fullyPaid deliveryState cancelState"),
            self._shelf("slips", "Packing slips", till.slips.cards, "packingSlipBarcode orderId relationNumber totalInclAmount state"),
            self._shelf("invoices", "Invoices", till.invoices.cards, "invoiceBarcode extInvoiceId invoiceType relationNumber totalInclAmount paidAmount state"),
            self._shelf("receipts", "Receipts", till.receipts.cards, "receiptBarcode receiptType relationNumber totalInclAmount paidAmount entryTimestamp"),
        ]  # fmt: skip

    def _shelf(self, kind: str, title: str, cards: Marked[str], columns: str) -> Shelf:
        return Shelf(kind, title, (*columns.split(), "syncMarker"), lambda: Shown(cards.rows, plain), LINKS)

    def actions(self) -> Sequence[Action]:
        return [
            Action("new_order", "New back-office order", (("relationNumber", "1"), ("articleNumber", "10001"), ("quantity", "1")), told(self.new_order)),
            Action("deliver_order", "Deliver an order", (ORDER, ("turnover", "nothing, invoice or receipt")), told(self.deliver)),
            Action("pay_order", "Pay an order", (ORDER, ("method", "PIN"), ("prepay", "no")), told(self.pay)),
            Action("cancel_order", "Cancel an order", (ORDER,), told(self.cancel)),
            Action("release_orders", "Let queued orders through", (), told(lambda _: {"released": self.till.orders.release_queue()})),
            Action("pay_invoice", "Pay an invoice at the counter", (INVOICE, ("method", "PIN")), told(self.settle)),
            Action("credit_invoice", "Credit an invoice", (INVOICE,), told(self.credit)),
            Action("cash", "Cash in, or out below zero", (CENTS, ("text", "wisselgeld")), told(self.cash)),
            Action("transfer", "Move money between means of payment", (CENTS, ("from", "CONTANT"), ("to", "PIN")), told(self.transfer)),
            Action("top_up", "Load a gift card", (CENTS, ("card", "9000123456"), ("relationNumber", "or empty")), told(self.top_up)),
            Action("deposit", "Refundable deposit", (CENTS, ("relationNumber", "or empty")), told(self.deposit)),
        ]  # fmt: skip

    def new_order(self, fields: Fields) -> Any:
        line = {
            "articleNumber": int(fields["articleNumber"]),
            "data": {"quantity": int(fields.get("quantity", 1)), "decimalPlaces": 0},
        }
        given = {
            "relationNumber": int(fields["relationNumber"]),
            "employeeNumber": 1,
            "reference": str(fields.get("reference", "")),
            "lineList": [line],
        }
        return self.till.orders.create(given)

    def deliver(self, fields: Fields) -> Any:
        slip = self.till.orders.deliver(named(self.till.orders.cards, fields["orderId"], "order"))
        match fields.get("turnover"):
            case "invoice":
                self.till.invoices.from_slips([slip], on=self.till.now().date())
            case "receipt":
                self.till.orders.receipted(slip)
        return self.till.slips.cards.rows[slip["packingSlipId"]]

    def pay(self, fields: Fields) -> Any:
        """What is due, by one means. Unless it is a prepayment the order is shipped and invoiced as well."""
        order = named(self.till.orders.cards, fields["orderId"], "order")
        due = {
            "method": fields.get("method", "PIN"),
            "amount": order["totalInclAmount"] - order["prepaidAmount"],
        }
        prepay = flag(fields.get("prepay", "no"))
        result, row, invoice = self.till.orders.pay(order, [due] if due["amount"] else [], prepay=prepay)
        return {"result": result, "order": row, "invoiceId": invoice}

    def cancel(self, fields: Fields) -> Any:
        return self.till.orders.cancel(named(self.till.orders.cards, fields["orderId"], "order"))

    def settle(self, fields: Fields) -> Any:
        invoice = named(self.till.invoices.cards, fields["invoiceId"], "invoice")
        return self.till.counter.settle_invoice(invoice, method=fields.get("method", "PIN"))

    def credit(self, fields: Fields) -> Any:
        return self.till.invoices.credit(
            named(self.till.invoices.cards, fields["invoiceId"], "invoice"), reason="Retour"
        )

    def cash(self, fields: Fields) -> Any:
        return self.till.counter.cash(int(fields["amount"]), str(fields.get("text", "Kas")))

    def transfer(self, fields: Fields) -> Any:
        source, to = str(fields.get("from", "CONTANT")), str(fields.get("to", "PIN"))
        return self.till.counter.transfer(int(fields["amount"]), source=source, to=to)

    def top_up(self, fields: Fields) -> Any:
        card = str(fields.get("card", "9000000001"))
        return self.till.counter.top_up(int(fields["amount"]), card, relation=relation_of(fields))

    def deposit(self, fields: Fields) -> Any:
        return self.till.counter.deposit(int(fields["amount"]), relation=relation_of(fields))


def relation_of(fields: Fields) -> int | None:
    return int(fields["relationNumber"]) if fields.get("relationNumber") else None


def named(cards: Marked[str], key: Any, what: str) -> dict[str, Any]:
    row = cards.newest(str(key))
    if row is None:
        raise RefusedError(f"there is no such {what}")
    return row


def told(deed: Callable[[Fields], Any]) -> Callable[[Fields], Any]:
    """A deed as the panel runs it: a refusal becomes its sentence."""

    async def run(fields: Fields) -> Any:
        try:
            return plain(deed(fields))
        except Refused as refusal:
            raise RefusedError(str(refusal)) from None

    return run
