"""Invoices: made, changed under a lock, paid, credited; of their own, of packing slips, or straight from the till (mplus.md §4.8).

``invoicecalls.py`` has the calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.documents import (
    Refused,
    codes,
    move_stock,
    on,
    payments,
    settled,
    summed,
    total_of,
    who,
)
from app.sandbox.mplus.ids import barcode
from app.sandbox.mplus.lineparts import turned
from app.sandbox.mplus.lines import INCLUSIVE, names
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.orders import Taken
from app.sandbox.mplus.part import Part
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

HEAD = names(
    "extInvoiceId reference deliveryAddress invoiceAddress dueDate vatChange vatCountryCode vatCountryIso3 costCenter "
    "orderCategoryNumber directDebit"
)
WHO = names("employeeNumber relationNumber entryBranchNumber financialBranchNumber workplaceNumber vatMethod")
FROM_SLIP = names(
    "employeeNumber employeeName relationNumber relationName relationVatNumber deliveryAddress invoiceAddress "
    "financialBranchNumber entryBranchNumber workplaceNumber reference orderCategoryNumber vatMethod vatCountryIso3"
)
INVOICE, DIRECT, CREDIT = (f"INVOICE-TYPE-{word}INVOICE" for word in ("", "DIRECT-", "CREDIT-"))


class Invoices(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[str] = Marked()
        self.by_ext: dict[str, str] = {}

    def markers(self) -> Mapping[str, int]:
        return {"invoiceSyncMarker": self.cards.visible}

    def clear(self) -> None:
        self.cards.clear()
        self.by_ext.clear()

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "invoices":
            self.cards.hold(changes)
        return kind == "invoices"

    def release(self) -> int:
        return self.cards.release()

    def state(self) -> Mapping[str, Any]:
        return {"invoices": plain(self.cards.rows)}

    # coming into being

    def drafted(self, given: Row) -> dict[str, Any]:
        """The invoice as it would be, without id and number. Refused or Taken, with a sentence."""
        told = {**who(self.till, given), "financialDate": on(self.till, given)}
        codes(given)
        external = given.get("extInvoiceId", "")
        if external in self.by_ext:
            raise Taken(f"extInvoiceId {external} already exists")
        if not given.get("lineList"):
            raise Refused("An invoice needs at least one line")
        told["vatMethod"] = given.get("vatMethod") or INCLUSIVE
        lines, sums = summed(self.till, given["lineList"], {**given, **told}, line="invoice line")
        head = {name: given[name] for name in HEAD if given.get(name) is not None}
        return self._blank(told["financialDate"], {**head, **told}) | {**sums.told(), "lineList": lines}

    def _blank(self, day: date, head: Row) -> dict[str, Any]:
        relation = self.till.relations.cards.get(head["relationNumber"]) or {}
        return {
            "invoiceId": "",
            "extInvoiceId": "",
            "invoiceType": INVOICE,
            "dueDate": day + timedelta(days=relation.get("paymentWithinDays", 14)),
            **head,
            "entryTimestamp": head.get("entryTimestamp") or self.till.now(),
            "financialDate": day,
            "changeCounter": 1,
            "versionNumber": 1,
            "paymentList": [],
            "finalized": False,
        }

    def create(self, given: Row) -> dict[str, Any]:
        """An invoice of its own: what is on it leaves the stock."""
        row = self.numbered(self.drafted(given))
        self._move(row, -1)
        return row

    def numbered(self, invoice: Row) -> dict[str, Any]:
        """Stored under its id and number."""
        number = self.till.ids.yearly("invoice", invoice["financialDate"].year)
        row = {
            **invoice,
            "invoiceId": self.till.ids.new("invoice"),
            "invoiceNumber": number,
            "invoiceBarcode": barcode("F", number),
        }
        if row["extInvoiceId"]:
            self.by_ext[row["extInvoiceId"]] = row["invoiceId"]
        return self.store(row)

    def store(self, invoice: Row) -> dict[str, Any]:
        """With what is paid and its state worked out anew, under a new marker."""
        paid = total_of(invoice["paymentList"])
        row = {**invoice, "paidAmount": paid, "state": settled("INVOICE", invoice["totalInclAmount"], paid)}
        self.cards.put(row["invoiceId"], row)
        return row

    def changed(self, invoice: Row, **fields: Any) -> dict[str, Any]:
        return self.store({**invoice, **fields, "changeCounter": invoice["changeCounter"] + 1})

    def edited(self, now: Row, given: Row) -> dict[str, Any]:
        """The invoice with the given fields and exactly the given lines, not stored."""
        if now["finalized"] or now["invoiceType"] != INVOICE or now.get("packingSlipIds"):
            raise Refused("The invoice can no longer be changed")
        if given.get("extInvoiceId", now["extInvoiceId"]) != now["extInvoiceId"]:
            raise Refused("extInvoiceId cannot be changed")
        own = [name for name in (*HEAD, *WHO) if given.get(name) is not None]
        merged = {**now, **{name: given[name] for name in own}, "extInvoiceId": now["extInvoiceId"]}
        merged.pop("relationVatNumber", None)
        merged |= who(self.till, merged)
        codes(given)
        lines, sums = summed(self.till, given.get("lineList", now["lineList"]), merged, line="invoice line")
        return {**merged, **sums.told(), "lineList": lines}

    def edit(self, now: Row, given: Row) -> dict[str, Any]:
        after = self.edited(now, given)
        self._move(now, +1)
        self._move(after, -1)
        return self.changed({**after, "versionNumber": now["versionNumber"] + 1})

    def from_slips(self, slips: Sequence[Row], *, on: date) -> dict[str, Any]:
        """One invoice for these packing slips; what was paid on orders that had no invoice yet comes along."""
        head = {name: slips[0][name] for name in FROM_SLIP if name in slips[0]}
        sold = [{**line, "lineId": ""} for slip in slips for line in slip["lineList"]]
        lines, sums = summed(self.till, sold, head, line="invoice line")
        orders = [
            self.till.orders.cards.newest(one) for one in dict.fromkeys(slip["orderId"] for slip in slips)
        ]
        known = [order for order in orders if order is not None]
        invoice = self.numbered(
            self._blank(on, head)
            | {
                **sums.told(),
                "lineList": lines,
                "orderIds": [order["orderId"] for order in known],
                "extOrderIds": [order["extOrderId"] for order in known if order["extOrderId"]],
                "orderNumbers": [order["orderNumber"] for order in known],
                "packingSlipIds": [slip["packingSlipId"] for slip in slips],
                "packingSlipNumbers": [slip["packingSlipNumber"] for slip in slips],
                "paymentList": [
                    one for order in known if not order["invoiceIds"] for one in order["paymentList"]
                ],
            }
        )
        for slip in slips:
            self.till.slips.invoiced(slip, invoice)
        for order in known:
            self.till.orders.invoiced(order["orderId"], invoice)
        return invoice

    def direct(self, head: Row, lines: Sequence[Row], sums: Row) -> dict[str, Any]:
        """Sold at the counter on account: no receipt, an invoice at once."""
        blank = self._blank(head["financialDate"], head)
        row = self.numbered({**blank, **sums, "lineList": list(lines), "invoiceType": DIRECT})
        self._move(row, -1)
        return row

    # payment and credit

    def pay(self, invoice: Row, given: Sequence[Row]) -> dict[str, Any]:
        """Refused with a sentence."""
        return self.changed(
            invoice, paymentList=[*invoice["paymentList"], *payments(self.till, given, invoice)]
        )

    def credit(self, invoice: Row, *, on: date | None = None, reason: str = "") -> dict[str, Any]:
        """A credit invoice over everything. Nothing keeps a caller from crediting the same invoice twice."""
        if invoice["invoiceType"] == CREDIT:
            raise Refused("A credit invoice cannot be credited")
        day = on or self.till.now().date()
        head = {name: invoice[name] for name in FROM_SLIP if name in invoice}
        lines, sums = summed(
            self.till, [turned(line) for line in invoice["lineList"]], head, line="invoice line"
        )
        row = self.numbered(
            self._blank(day, head)
            | {
                **sums.told(),
                "invoiceType": CREDIT,
                "lineList": lines,
                "creditedInvoiceId": invoice["invoiceId"],
                "creditedReason": reason or "Cancellation by API",
                "finalized": True,
                "finalizedTimestamp": self.till.now(),
            }
        )
        self._move(row, -1)
        return row

    def finalize(self, invoice: Row) -> dict[str, Any]:
        if invoice["finalized"]:
            return dict(invoice)
        return self.changed(invoice, finalized=True, finalizedTimestamp=self.till.now())

    def _move(self, invoice: Row, sign: int) -> None:
        named = {name: invoice[name] for name in ("invoiceId", "invoiceNumber", "invoiceBarcode")}
        move_stock(self.till, invoice["financialBranchNumber"], invoice["lineList"], physical=sign, **named)
