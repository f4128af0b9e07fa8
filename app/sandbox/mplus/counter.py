"""The counter: what a finished till session leaves behind, and the drawer's own movements of money (features O31).

A session with a customer that is paid on account leaves a direct invoice; every other one a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.control import RefusedError
from app.sandbox.mplus.documents import Refused, payments, summed, whose
from app.sandbox.mplus.lines import INCLUSIVE, scaled_quantity
from app.sandbox.mplus.part import Part
from app.sandbox.mplus.receipts import CASH_IN, CASH_OUT, RECEIPT, TRANSFER, euros, text_line

if TYPE_CHECKING:
    from app.sandbox.mplus.sessions import Session
    from app.sandbox.mplus.till import Till

Row = Mapping[str, Any]
ON_ACCOUNT = "PAYMENT-METHOD-TYPE-SUSPENSE"
CASH_IN_GROUP, CASH_OUT_GROUP, TOP_UP_GROUP, DEPOSIT_GROUP, INVOICE_GROUP = 80, 81, 82, 83, 84


class Counter(Part):
    """Branch 1, workplace 1, unless told otherwise."""

    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.employee = 1

    def head(
        self, *, relation: int | None = None, branch: int = 1, at: datetime | None = None
    ) -> dict[str, Any]:
        when = at or self.till.now()
        return {
            "employeeNumber": self.employee,
            "employeeName": self.till.organisation.employees.rows[self.employee]["name"],
            "financialBranchNumber": branch,
            "entryBranchNumber": branch,
            "workplaceNumber": 1,
            "vatMethod": INCLUSIVE,
            "entryTimestamp": when,
            "financialDate": when.date(),
            **(whose(self.till, relation) if relation else {}),
        }

    def sold(self, session: Session) -> None:
        """RefusedError for a means of payment that the till does not have."""
        try:
            left = self.sell(
                session.lines, session.payments, relation=session.relation, session_id=session.session_id
            )
        except Refused as refusal:
            raise RefusedError(str(refusal)) from None
        session.receipt_id, session.invoice_id = left.get("receiptId"), left.get("invoiceId")

    def sell(
        self,
        sold: Sequence[Row],
        payment: Sequence[Row],
        *,
        relation: int | None = None,
        session_id: str = "",
    ) -> dict[str, Any]:
        """The receipt or direct invoice of these lines and payments, as a session has them. Refused with a sentence."""
        head = self.head(relation=relation)
        lines = [line_of(line) for line in sold]
        given = [{**one, "amount": euros(one["amount"])} for one in payment]
        paid = payments(self.till, given, head)
        if relation and any(one["paymentMethodType"] == ON_ACCOUNT for one in paid):
            known, sums = summed(self.till, lines, head, line="invoice line", article=self._card)
            return self.till.invoices.direct({**head, "sessionId": session_id}, known, sums.told())
        return self.till.receipts.make(RECEIPT, head, lines, paid)

    def _card(self, article: int) -> Row:
        """An article that is gone can still be sold: the till's own list may be older."""
        return self.till.catalogue.article(article) or {}

    def credited(self, session: Session) -> None:
        """RefusedError for a session that is not paid, or was credited before."""
        if session.credited:
            raise RefusedError("this session was credited already")
        head = self.head(relation=session.relation)
        if session.invoice_id is not None:
            self.till.invoices.credit(self.till.invoices.cards.rows[session.invoice_id], reason="Retour")
        else:
            receipt = self.till.receipts.known(session.receipt_id or "")
            if receipt is None:
                raise RefusedError("this session has no receipt")
            self.till.receipts.credit(receipt, head)
        session.credited = True

    # money without a sale

    def cash(self, amount: int, text: str, *, at: datetime | None = None) -> dict[str, Any]:
        """Cents put into the drawer, or, below zero, taken out."""
        kind, group = (CASH_IN, CASH_IN_GROUP) if amount >= 0 else (CASH_OUT, CASH_OUT_GROUP)
        head = self.head(at=at)
        paid = payments(self.till, [{"method": "CONTANT", "amount": amount, "entryTimestamp": at}], head)
        return self.till.receipts.make(kind, head, [text_line(text, amount, group)], paid)

    def transfer(self, amount: int, *, source: str, to: str, at: datetime | None = None) -> dict[str, Any]:
        """From one means of payment to another: nothing is sold, and nothing is left over."""
        head = self.head(at=at)
        moved = [{"method": source, "amount": -amount}, {"method": to, "amount": amount}]
        return self.till.receipts.make(TRANSFER, head, [], payments(self.till, moved, head))

    def top_up(
        self, amount: int, card: str, *, relation: int | None = None, method: str = "PIN"
    ) -> dict[str, Any]:
        """A gift card is loaded: money in, no revenue yet."""
        return self._plain(amount, f"Cadeaukaart {card[-4:]}", TOP_UP_GROUP, relation, method)

    def deposit(self, amount: int, *, relation: int | None = None, method: str = "PIN") -> dict[str, Any]:
        """A refundable deposit; below zero it is given back."""
        return self._plain(amount, "Statiegeld", DEPOSIT_GROUP, relation, method)

    def settle_invoice(self, invoice: Row, *, method: str = "PIN") -> dict[str, Any]:
        """Somebody pays an invoice at the counter: the receipt's line is a payment, the revenue stands on the invoice."""
        due = invoice["totalInclAmount"] - invoice["paidAmount"]
        self.till.invoices.pay(invoice, [{"method": method, "amount": due}])
        text = f"Factuur {invoice['invoiceNumber']['year']}.{invoice['invoiceNumber']['number']}"
        return self._plain(due, text, INVOICE_GROUP, invoice["relationNumber"], method)

    def _plain(self, amount: int, text: str, group: int, relation: int | None, method: str) -> dict[str, Any]:
        head = self.head(relation=relation)
        paid = payments(self.till, [{"method": method, "amount": amount}], head)
        return self.till.receipts.make(RECEIPT, head, [text_line(text, amount, group)], paid)


def line_of(line: Row) -> dict[str, Any]:
    """A session's line, in euros -> a receipt's line, in cents. A promotion names itself."""
    data: dict[str, Any] = scaled_quantity(Decimal(str(line["quantity"]))) | {
        "price": euros(line["priceIncl"])
    }
    if line.get("discountPercentage"):
        data["discountPercentage"] = int(line["discountPercentage"])
    if line.get("discountAmount"):
        data["discountAmount"] = euros(line["discountAmount"])
    found: dict[str, Any] = {"articleNumber": line["articleNumber"], "text": line["text"], "data": data}
    if line.get("lineId"):
        found["webhookData"] = {"webhookLineId": line["lineId"]}
    if line.get("promotion"):
        data["discountType"] = "DISCOUNT-TYPE-SALE-PROMOTION"
        found["salePromotionData"] = {
            "salePromotionId": str(line["promotion"]),
            "salePromotionLineId": "1",
            "description": str(line["promotion"]),
        }
    return found
