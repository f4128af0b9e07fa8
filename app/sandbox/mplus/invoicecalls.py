"""The calls about invoices (mplus.md §4.8). There is no createInvoice: ``saveInvoice`` creates and changes, and is not idempotent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.asking import Asked, told
from app.sandbox.mplus.documents import STALE, Refused, refusal_of, stale, total_of
from app.sandbox.mplus.ids import shown
from app.sandbox.mplus.lines import from_input
from app.sandbox.mplus.marked import Row
from app.sandbox.mplus.orders import Taken
from app.sandbox.mplus.part import Arguments, Handler, Part, Values

if TYPE_CHECKING:
    from app.sandbox.mplus.invoices import Invoices

REFERENCES = ("lineList", "orderIds", "extOrderIds", "orderNumbers", "packingSlipIds", "packingSlipNumbers")
NO_INFO = {"invoiceId": "", "invoiceString": ""}


class InvoiceCalls(Part):
    """Keeps nothing itself."""

    @property
    def invoices(self) -> Invoices:
        return self.till.invoices

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getInvoices": self.get_invoices,
            "getInvoice": lambda arguments: self.found(arguments["invoiceId"]),
            "findInvoice": lambda arguments: self.found(
                self.invoices.by_ext.get(arguments["extInvoiceId"], "")
            ),
            "saveInvoice": self.save,
            "processInvoice": self.till.answers.once("processInvoice", self.process),
            "payInvoice": self.pay,
            "creditInvoice": self.credit,
            "creditInvoiceV2": self.credit_v2,
        }

    def get_invoices(self, arguments: Arguments) -> Values:
        """``finalizeInvoices`` does what it says: who polls with it closes every invoice for changes."""
        request = arguments["request"]
        asked = Asked(self.till, "invoice", request)
        found = asked.page(self.invoices.cards) if self.allowed("invoices") else []
        if request.get("finalizeInvoices", False):
            found = [self.invoices.finalize(row) for row in found]
        but = REFERENCES if asked.headers_only() else ()
        return {"invoiceList": [told(self.till, row, but=but) for row in found]}

    def found(self, invoice_id: str) -> Values:
        row = self.invoices.cards.get(invoice_id)
        if row is None or not self.allowed("invoices"):
            return {"result": "GET-INVOICE-RESULT-NOT-FOUND"}
        return {"result": "GET-INVOICE-RESULT-OK", "invoice": told(self.till, row)}

    def save(self, arguments: Arguments) -> Values:
        given, head = arguments["invoice"], "SAVE-INVOICE-RESULT-"
        now = self.invoices.cards.newest(given.get("invoiceId", ""))
        if given.get("invoiceId") and now is None:
            return refusal_of(f"{head}NOT-FOUND", "Invoice not found", info=NO_INFO)
        if now is not None and stale(now, given):
            return refusal_of(f"{head}INVOICE-HAS-CHANGED", STALE, info=NO_INFO)
        try:
            row = self.invoices.edit(now, given) if now is not None else self.invoices.create(given)
        except Taken as refusal:
            return refusal_of(f"{head}EXT-INVOICE-ID-ALREADY-EXISTS", str(refusal), info=NO_INFO)
        except Refused as refusal:
            return refusal_of(f"{head}FAILED", str(refusal), info=NO_INFO)
        info = {
            "invoiceId": row["invoiceId"],
            "invoiceString": shown(row["invoiceNumber"]),
            "invoiceNumber": row["invoiceNumber"],
            "invoiceBarcode": row["invoiceBarcode"],
        }
        return {"result": f"{head}OK", "info": info, "errorMessage": ""}

    def process(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        given: dict[str, Any] = dict(request["invoice"])
        if "lineList" in given:
            given["lineList"] = [from_input(line) for line in given["lineList"]]
        now = self.invoices.cards.newest(given.get("invoiceId") or "")
        if given.get("invoiceId") and now is None:
            return {"resultCode": "FAILED-SPECIFIED-INVOICE-NOT-FOUND"}
        if now is not None and (now["finalized"] or stale(now, given)):
            return {"resultCode": "FAILED-SPECIFIED-INVOICE-NOT-EDITABLE"}
        try:
            if request["processorContext"].get("dryRun", False):
                row = self.invoices.edited(now, given) if now is not None else self.invoices.drafted(given)
            else:
                row = self.invoices.edit(now, given) if now is not None else self.invoices.create(given)
        except Refused:
            return {"resultCode": "FAILED-PROCESSOR"}
        return {"resultCode": "OK", "invoice": told(self.till, row)}

    def pay(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        now = self.invoices.cards.newest(request["invoiceId"])
        if now is None:
            return refusal_of("PAY-INVOICE-RESULT-FAILED", "Invoice not found")
        if too_high(now, total_of(request["paymentList"])):
            return refusal_of("PAY-INVOICE-RESULT-PAYMENT-TOO-HIGH", "The payment is more than what is due")
        try:
            self.invoices.pay(now, request["paymentList"])
        except Refused as refusal:
            return refusal_of("PAY-INVOICE-RESULT-FAILED", str(refusal))
        return {"result": "PAY-INVOICE-RESULT-OK", "errorMessage": ""}

    def credit(self, arguments: Arguments) -> Values:
        word, sentence = self._credited(arguments["invoiceId"], {})
        return {"result": f"CREDIT-INVOICE-RESULT-{word}", "message": sentence}

    def credit_v2(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        word, _ = self._credited(request.get("invoiceId", ""), request)
        return {"result": f"CREDIT-INVOICE-V2-RESULT-{word}"}

    def _credited(self, invoice_id: str, request: Row) -> tuple[str, str]:
        now = self.invoices.cards.newest(invoice_id)
        if now is None:
            return "NOT-FOUND", "Invoice not found"
        try:
            self.invoices.credit(now, on=request.get("financialDate"), reason=request.get("explanation", ""))
        except Refused as refusal:
            return "FAILED", str(refusal)
        return "OK", ""


def too_high(invoice: Row, amount: int) -> bool:
    """More than what is due; on a credit, more paid back than is owed."""
    due: int = invoice["totalInclAmount"] - invoice["paidAmount"]
    return amount > due if due >= 0 else amount < due
