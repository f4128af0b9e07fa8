"""Receipts: what was sold at the counter, credited, and money that moves without a sale (mplus.md §4.8, features O31).

A receipt can be read ``settings.receipt_delay_seconds`` after its session ended, and gets its marker only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.asking import Asked, told
from app.sandbox.mplus.documents import move_stock, settled, summed, total_of
from app.sandbox.mplus.ids import barcode
from app.sandbox.mplus.lineparts import turned
from app.sandbox.mplus.lines import names
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

RECEIPT, CREDIT = "RECEIPT-TYPE-RECEIPT", "RECEIPT-TYPE-CREDIT-RECEIPT"
CASH_IN, CASH_OUT = "RECEIPT-TYPE-CASH-INFLOW", "RECEIPT-TYPE-CASH-OUTFLOW"
TRANSFER = "RECEIPT-TYPE-PAYMENT-METHOD-TRANSFER"
REFERENCES = ("orderIds", "extOrderIds")
HEAD = names(
    "employeeNumber employeeName relationNumber relationName financialBranchNumber entryBranchNumber workplaceNumber "
    "reference vatMethod"
)


class Receipts(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[str] = Marked()
        self.late: list[tuple[datetime, dict[str, Any]]] = []

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getReceipts": self.get_receipts,
            "getReceipt": self.get_receipt,
            "getReceiptsByOrder": self.get_by_order,
        }

    def markers(self) -> Mapping[str, int]:
        self.arrive()
        return {"receiptSyncMarker": self.cards.visible}

    def clear(self) -> None:
        self.cards.clear()
        self.late.clear()

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "receipts":
            self.cards.hold(changes)
        return kind == "receipts"

    def release(self) -> int:
        return self.cards.release()

    def state(self) -> Mapping[str, Any]:
        self.arrive()
        return {"receipts": plain(self.cards.rows), "lateReceipts": len(self.late)}

    # keeping

    def put(self, receipt: Row) -> dict[str, Any]:
        """Readable now, or after the delay."""
        row = dict(receipt)
        delay = self.till.settings.receipt_delay_seconds
        if delay > 0:
            self.late.append((self.till.now() + timedelta(seconds=delay), row))
        else:
            self.cards.put(row["receiptId"], row)
        return row

    def arrive(self) -> None:
        """What is due can be read from now on."""
        now = self.till.now()
        while self.late and self.late[0][0] <= now:
            _, row = self.late.pop(0)
            self.cards.put(row["receiptId"], row)

    def known(self, receipt_id: str) -> dict[str, Any] | None:
        """A receipt, whether it can be read yet or not: the till itself has it."""
        late = next((row for _, row in self.late if row["receiptId"] == receipt_id), None)
        return late or self.cards.newest(receipt_id)

    def make(
        self,
        kind: str,
        head: Row,
        lines: Sequence[Row],
        paid: Sequence[Row],
        *,
        moves: bool = True,
        **more: Any,
    ) -> dict[str, Any]:
        """A receipt with these lines and payments (as they are kept); what was sold leaves the stock."""
        priced, sums = summed(
            self.till,
            lines,
            head,
            line="receipt line",
            article=lambda n: self.till.catalogue.article(n) or {},
        )
        at = head.get("entryTimestamp") or self.till.now()
        number = self.till.ids.at_workplace(
            "receipt", head["financialBranchNumber"], head["workplaceNumber"], at.year
        )
        receipt = {
            **head,
            "receiptId": self.till.ids.new("receipt"),
            "receiptNumber": number,
            "receiptBarcode": barcode(f"K{number['branchNumber']}{number['workplaceNumber']}", number),
            "receiptType": kind,
            "entryTimestamp": at,
            "financialDate": head.get("financialDate") or at.date(),
            **sums.told(),
            "changeCounter": 1,
            "versionNumber": 1,
            "paidAmount": total_of(paid),
            "state": settled("RECEIPT", sums.incl, total_of(paid)),
            "lineList": priced,
            "paymentList": list(paid),
            **more,
        }
        if moves:
            self._move(receipt)
        return self.put(receipt)

    def _move(self, receipt: Row) -> None:
        named = {name: receipt[name] for name in ("receiptId", "receiptNumber", "receiptBarcode")}
        move_stock(self.till, receipt["financialBranchNumber"], receipt["lineList"], physical=-1, **named)

    def from_slip(self, slip: Row, paid: Sequence[Row]) -> dict[str, Any]:
        """A delivered order that is turned over as a receipt instead of an invoice."""
        head = {name: slip[name] for name in HEAD if name in slip}
        lines = [{**line, "lineId": ""} for line in slip["lineList"]]
        orders = {
            "orderIds": [slip["orderId"]],
            "extOrderIds": [slip["extOrderId"]] if slip["extOrderId"] else [],
        }
        return self.make(RECEIPT, head, lines, paid, moves=False, **orders)

    def credit(self, receipt: Row, head: Row) -> dict[str, Any]:
        """Everything is taken back, and paid back by the same means."""
        kept = {name: receipt[name] for name in HEAD if name in receipt} | dict(head)
        back = [
            {
                **one,
                "paymentId": self.till.ids.new("payment"),
                "amount": -one["amount"],
                "entryTimestamp": self.till.now(),
            }
            for one in receipt["paymentList"]
        ]
        lines = [turned(line) for line in receipt["lineList"]]
        return self.make(CREDIT, kept, lines, back, creditedReceiptId=receipt["receiptId"])

    # over the wire

    def get_receipts(self, arguments: Arguments) -> Values:
        self.arrive()
        request = arguments["request"]
        asked = Asked(self.till, "receipt", request)
        but: tuple[str, ...] = () if request.get("includeOrderReferences", False) else REFERENCES
        if asked.headers_only():
            but = (*REFERENCES, "lineList")
        found = asked.page(self.cards) if self.allowed("receipts") else []
        return {"receiptList": [told(self.till, row, but=but) for row in found]}

    def get_receipt(self, arguments: Arguments) -> Values:
        self.arrive()
        found = self.cards.get(arguments["receiptId"])
        if found is None or not self.allowed("receipts"):
            return {"result": "GET-RECEIPT-RESULT-NOT-FOUND"}
        return {"result": "GET-RECEIPT-RESULT-OK", "receipt": told(self.till, found)}

    def get_by_order(self, arguments: Arguments) -> Values:
        self.arrive()
        order = self.till.orders.cards.get(arguments["orderId"])
        if order is None or not self.allowed("receipts"):
            return {"result": "GET-RECEIPTS-BY-ORDER-RESULT-NOT-FOUND"}
        found = [row for one in order.get("receiptIds", ()) if (row := self.cards.get(one)) is not None]
        return {
            "result": "GET-RECEIPTS-BY-ORDER-RESULT-OK",
            "receiptList": [told(self.till, row) for row in found],
        }


def text_line(text: str, amount: int, group: int) -> dict[str, Any]:
    """A line without an article: money of a turnover group that is not revenue."""
    return {
        "text": text,
        "data": {"quantity": 1, "decimalPlaces": 0, "price": amount, "vatCode": 0, "turnoverGroup": group},
    }


def euros(amount: float | Decimal) -> int:
    """Cents, from the number of euros that a session holds."""
    return int((Decimal(str(amount)) * 100).to_integral_value())
