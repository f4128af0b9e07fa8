"""Packing slips: what left the shop for an order, until it is invoiced (mplus.md §4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.asking import Asked, told
from app.sandbox.mplus.documents import move_stock, summed
from app.sandbox.mplus.ids import barcode
from app.sandbox.mplus.lines import TOLD_ONLY
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

OPEN, INVOICED, CANCELLED = (f"PACKING-SLIP-STATE-{word}" for word in ("OPEN", "INVOICED", "CANCELLED"))
COMBINED = ("relationNumber", "financialBranchNumber", "vatMethod", "vatCountryIso3")


class Slips(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[str] = Marked()

    def operations(self) -> Mapping[str, Handler]:
        once = self.till.answers.once
        return {
            "getPackingSlips": self.get_slips,
            "getPackingSlipsByOrder": self.get_by_order,
            "cancelPackingSlip": once("cancelPackingSlip", self.cancel_slip),
            "createInvoiceFromPackingSlips": once("createInvoiceFromPackingSlips", self.invoice_slips),
        }

    def markers(self) -> Mapping[str, int]:
        return {"packingSlipSyncMarker": self.cards.visible}

    def clear(self) -> None:
        self.cards.clear()

    def state(self) -> Mapping[str, Any]:
        return {"packingSlips": plain(self.cards.rows)}

    # keeping

    def make(self, head: Row, lines: Sequence[Row]) -> dict[str, Any]:
        """A slip with these lines of an order; what is on it leaves the stock."""
        sent = [
            {
                **line,
                "lineId": "",
                "salesOrderLineId": line["lineId"],
                "data": {name: value for name, value in line["data"].items() if name not in TOLD_ONLY},
            }
            for line in lines
        ]
        priced, sums = summed(self.till, sent, head, line="slip line")
        today = self.till.now().date()
        number = self.till.ids.yearly("packing slip", today.year)
        slip = {
            **head,
            "packingSlipId": self.till.ids.new("packing slip"),
            "packingSlipNumber": number,
            "packingSlipBarcode": barcode("P", number),
            "entryTimestamp": self.till.now(),
            "financialDate": today,
            "totalInclAmount": sums.incl,
            "totalExclAmount": sums.excl,
            "changeCounter": 1,
            "state": OPEN,
            "packingSlipType": "PACKING-SLIP-TYPE-PACKING-SLIP",
            "lineList": priced,
        }
        self.cards.put(slip["packingSlipId"], slip)
        self._move(slip, -1)
        return slip

    def _move(self, slip: Row, sign: int) -> None:
        """-1: what is on the slip leaves, and is no longer reserved."""
        named = {"orderId": slip["orderId"], "packingSlipId": slip["packingSlipId"]}
        branch = slip["financialBranchNumber"]
        move_stock(self.till, branch, slip["lineList"], physical=sign, reserved=sign, **named)

    def changed(self, slip: Row, **fields: Any) -> dict[str, Any]:
        row = {**slip, **fields, "changeCounter": slip["changeCounter"] + 1}
        self.cards.put(row["packingSlipId"], row)
        return row

    def of(self, order_id: str) -> list[dict[str, Any]]:
        order = self.till.orders.cards.newest(order_id)
        return [self.cards.rows[one] for one in order["packingSlipIds"]] if order is not None else []

    def open_of(self, order_id: str) -> list[dict[str, Any]]:
        return [slip for slip in self.of(order_id) if slip["state"] == OPEN]

    def invoiced(self, slip: Row, invoice: Row) -> None:
        named = {
            name: invoice[name] for name in ("invoiceId", "extInvoiceId", "invoiceNumber", "invoiceBarcode")
        }
        self.changed(self.cards.rows[slip["packingSlipId"]], state=INVOICED, **named)

    # over the wire

    def get_slips(self, arguments: Arguments) -> Values:
        asked = Asked(self.till, "packingSlip", arguments["request"])
        found = asked.page(self.cards) if self.allowed("orders") else []
        but = (
            ("lineList", "orderId", "extOrderId", "orderNumber", "invoiceId") if asked.headers_only() else ()
        )
        return {"packingSlipList": [told(self.till, row, but=but) for row in found]}

    def get_by_order(self, arguments: Arguments) -> Values:
        found = self.of(arguments["request"]["orderId"]) if self.allowed("orders") else []
        return {"packingSlipList": [told(self.till, row) for row in found]}

    def cancel_slip(self, arguments: Arguments) -> Values:
        """Cancels; a cancelled one comes back: this call toggles, as cancelOrderV2 does."""
        slip = self.cards.get(arguments["request"]["packingSlipId"])
        if slip is None:
            return {"resultCode": "FAILED-SPECIFIED-PACKING-SLIP-NOT-FOUND"}
        if slip["state"] == INVOICED:
            return {"resultCode": "FAILED-SPECIFIED-PACKING-SLIP-NOT-CANCELABLE"}
        back = slip["state"] == CANCELLED
        self._move(slip, -1 if back else +1)
        self.changed(slip, state=OPEN if back else CANCELLED)
        self.till.orders.taken_back(slip, +1 if back else -1)
        return {"resultCode": "OK-UNCANCELLED" if back else "OK-CANCELLED"}

    def invoice_slips(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        word = "CREATE-INVOICE-FROM-PACKING-SLIPS-"
        slips = (
            [self.cards.get(one) for one in asked["packingSlipIds"]] if asked.get("packingSlipIds") else []
        )
        found = [slip for slip in slips if slip is not None]
        if any(slip["state"] == INVOICED for slip in found):
            return {"result": f"{word}ALREADY-INVOICED"}
        alike = {tuple(slip.get(name) for name in COMBINED) for slip in found}
        if len(found) != len(slips) or len(alike) != 1 or any(slip["state"] != OPEN for slip in found):
            return {"result": f"{word}CANT-COMBINE-PACKING-SLIPS"}
        invoice = self.till.invoices.from_slips(found, on=asked["financialDate"])
        return {"result": f"{word}OK", "invoiceId": invoice["invoiceId"]}
