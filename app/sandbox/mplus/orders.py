"""Orders: created, changed, paid, delivered, cancelled, and cancelled back, with what that does to stock and papers (mplus.md §4.7).

``ordercalls.py`` has the calls, ``ordermath.py`` the quantities and states of an order, ``salespanel.py`` the panel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.documents import (
    CATEGORIES,
    Refused,
    codes,
    move_stock,
    on,
    payments,
    summed,
    total_of,
    who,
)
from app.sandbox.mplus.ids import barcode
from app.sandbox.mplus.lineparts import part_of
from app.sandbox.mplus.lines import INCLUSIVE, names, quantity_of
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.offers import offers
from app.sandbox.mplus.ordermath import (
    CANCELLED,
    delivered,
    states,
    undelivered,
    with_cancelled,
    with_delivered,
)
from app.sandbox.mplus.part import Part
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

HEAD = names(
    "extOrderId orderType reference deliveryAddress invoiceAddress deliveryMethod deliveryDate deliveryPeriodBegin "
    "deliveryPeriodEnd paymentMethod orderCategoryNumber onDeliveryUrl onInvoiceUrl vatChange vatCountryCode "
    "vatCountryIso3 webhookSessionData"
)
WHO = names("employeeNumber relationNumber entryBranchNumber financialBranchNumber workplaceNumber vatMethod")
TO_SLIP = names(
    "orderId extOrderId orderNumber orderBarcode employeeNumber employeeName relationNumber relationName relationVatNumber "
    "deliveryAddress invoiceAddress financialBranchNumber entryBranchNumber workplaceNumber reference orderCategoryNumber "
    "vatMethod vatCountryIso3 onInvoiceUrl"
)


class Taken(Refused):
    """The external number belongs to another sale; it can never be used again."""


class Orders(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[str] = Marked()
        self.by_ext: dict[str, str] = {}
        self.queue: list[dict[str, Any]] = []

    def markers(self) -> Mapping[str, int]:
        return {"orderSyncMarker": self.cards.visible}

    def clear(self) -> None:
        self.cards.clear()
        self.by_ext.clear()
        self.queue.clear()

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "orders":
            self.cards.hold(changes)
        return kind == "orders"

    def release(self) -> int:
        return self.cards.release()

    def state(self) -> Mapping[str, Any]:
        return {"orders": plain(self.cards.rows), "queuedOrders": plain(self.queue)}

    # coming into being

    def drafted(self, given: Row, flags: Row) -> dict[str, Any]:
        """The order as it would be, without id and number. Refused or Taken, with a sentence."""
        told = {**who(self.till, given), "financialDate": on(self.till, given)}
        codes(given)
        external = given.get("extOrderId", "")
        if external in self.by_ext:
            raise Taken(f"extOrderId {external} already exists")
        if given.get("orderType") == "ORDER-TYPE-EXTERNAL-SALES-ORDER" and not external:
            raise Refused("extOrderId is required for an external order")
        if not given.get("lineList"):
            raise Refused("An order needs at least one line")
        told["vatMethod"] = given.get("vatMethod") or INCLUSIVE
        lines, sums = self._summed(given["lineList"], {**given, **told}, flags)
        return {
            "orderId": "",
            "extOrderId": "",
            "orderType": "ORDER-TYPE-SALES-ORDER",
            **{name: given[name] for name in HEAD if name in given},
            **told,
            **sums,
            "entryTimestamp": given.get("entryTimestamp") or self.till.now(),
            "changeCounter": 1,
            "versionNumber": 1,
            "prepaidAmount": 0,
            "fullyPaid": False,
            "orderCategoryDescription": CATEGORIES.get(given.get("orderCategoryNumber", 0), ""),
            "lineList": lines,
            "paymentList": [],
            "invoiceIds": [],
            "packingSlipIds": [],
        }

    def create(self, given: Row, flags: Row | None = None) -> dict[str, Any]:
        """The order, stored or, where the branch queues, waiting for ``release_queue``."""
        order = self.drafted(given, flags or {})
        year = order["financialDate"].year
        order["orderId"] = self.till.ids.new("order")
        order["orderNumber"] = self.till.ids.yearly("order", year)
        order["branchOrderNumber"] = self.till.ids.at_workplace(
            "order", order["entryBranchNumber"], order["workplaceNumber"], year
        )
        order["orderBarcode"] = barcode("O", order["orderNumber"])
        if order["extOrderId"]:
            self.by_ext[order["extOrderId"]] = order["orderId"]
        if self.till.settings.queue_orders:
            self.queue.append(order)
            return order
        return self.enter(order)

    def enter(self, order: Row) -> dict[str, Any]:
        self.reserve(order, +1)
        return self.store(order)

    def queued(self, order_id: str) -> dict[str, Any] | None:
        return next((one for one in self.queue if one["orderId"] == order_id), None)

    def release_queue(self) -> int:
        """The branch takes in what waits for it: orders, their payments and their cancellations."""
        waiting, self.queue = self.queue, []
        for order in waiting:
            row = self.enter({name: value for name, value in order.items() if name not in ("pay", "cancel")})
            if order.get("pay"):
                self.pay(row, order["pay"]["paymentList"], prepay=order["pay"]["prepay"])
            if order.get("cancel"):
                self.cancel(self.cards.newest(row["orderId"]) or row)
        return len(waiting)

    def store(self, order: Row) -> dict[str, Any]:
        """With its states worked out anew, under a new marker."""
        row = {**order, **states(order)}
        self.cards.put(row["orderId"], row)
        return row

    def changed(self, order: Row, **fields: Any) -> dict[str, Any]:
        """What happens to an order raises its counter; only edits raise its version."""
        return self.store({**order, **fields, "changeCounter": order["changeCounter"] + 1})

    def edited(self, now: Row, given: Row, flags: Row | None = None) -> dict[str, Any]:
        """The order with the given fields and exactly the given lines, not stored."""
        if now["deliveryState"] != "ORDER-DELIVERY-STATE-NOTHING" or now["cancelState"] != CANCELLED[""]:
            raise Refused("The order can no longer be changed")
        own = [name for name in (*HEAD, *WHO) if given.get(name) is not None]
        merged = {**now, **{name: given[name] for name in own}, "extOrderId": now["extOrderId"]}
        merged.pop("relationVatNumber", None)
        if given.get("extOrderId", now["extOrderId"]) != now["extOrderId"]:
            raise Refused("extOrderId cannot be changed")
        merged |= who(self.till, merged)
        if given.get("financialDate") not in (None, now["financialDate"]):
            merged["financialDate"] = on(self.till, given)
        codes(given)
        lines, sums = self._summed(given.get("lineList", now["lineList"]), merged, flags or {})
        return {**merged, **sums, "lineList": lines}

    def edit(self, now: Row, given: Row, flags: Row | None = None) -> dict[str, Any] | None:
        """Stored; None where nothing would change."""
        after = self.edited(now, given, flags)
        if after == now:
            return None
        self.reserve(now, -1)
        self.reserve(after, +1)
        return self.changed({**after, "versionNumber": now["versionNumber"] + 1})

    def _summed(
        self, lines: Sequence[Row], sale: Row, flags: Row
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        relation = self.till.relations.cards.get(sale["relationNumber"]) or {}
        offer = offers(flags, relation=relation, on=sale["financialDate"])
        found, sums = summed(self.till, lines, sale, line="order line", offer=offer)
        return found, sums.told()

    # stock

    def reserve(self, order: Row, sign: int) -> None:
        """Undelivered quantities are reserved; ``sign`` -1 lets them go."""
        branch, order_id = order["financialBranchNumber"], order["orderId"]
        move_stock(self.till, branch, order["lineList"], reserved=sign, amount=undelivered, orderId=order_id)

    # payment and delivery

    def pay(
        self, order: Row, given: Sequence[Row], *, prepay: bool
    ) -> tuple[str, dict[str, Any], str | None]:
        """(result without its prefix, order, invoiceId). With ``prepay`` nothing is shipped; otherwise the rest is
        delivered and invoiced in the same breath. Refused with a sentence."""
        if order["invoiceIds"]:
            return "ORDER-ALREADY-INVOICED", dict(order), None
        self._alive(order)
        paid = payments(self.till, given, order)
        prepaid = order["prepaidAmount"] + total_of(paid)
        if not prepay and prepaid < order["totalInclAmount"]:
            return "PAYMENT-INSUFFICIENT", dict(order), None
        row = self.changed(
            order,
            paymentList=[*order["paymentList"], *paid],
            prepaidAmount=prepaid,
            fullyPaid=prepaid >= order["totalInclAmount"],
        )
        if prepay:
            return "OK", row, None
        if any(undelivered(line) for line in row["lineList"]):
            self.deliver(row)
        slips = self.till.slips.open_of(row["orderId"])
        invoice = self.till.invoices.from_slips(slips, on=self.till.now().date()) if slips else None
        newest = self.cards.newest(row["orderId"]) or row
        return "OK", newest, invoice["invoiceId"] if invoice else None

    def deliver(self, order: Row, quantities: Mapping[str, Decimal] | None = None) -> dict[str, Any]:
        """A packing slip for these quantities by line, or for all that is left. Stock leaves, reservations end."""
        self._alive(order)
        known = {line["lineId"] for line in order["lineList"]}
        for unknown in set(quantities or ()) - known:
            raise Refused(f"The order has no line {unknown}")
        lines, shipped = [], []
        for line in order["lineList"]:
            left = undelivered(line)
            now = left if quantities is None else quantities.get(line["lineId"], Decimal(0))
            if abs(now) > abs(left) or now * left < 0:
                raise Refused(f"Line {line['lineId']} has {left:f} left to deliver")
            lines.append(with_delivered(line, delivered(line) + now))
            if now:
                shipped.append(part_of(line, now, after=delivered(line)))
        if not shipped:
            raise Refused("There is nothing to deliver")
        head = {name: order[name] for name in TO_SLIP if name in order}
        slip = self.till.slips.make(head, shipped)
        self.changed(
            order,
            lineList=lines,
            packingSlipIds=[*order["packingSlipIds"], slip["packingSlipId"]],
            packingSlipNumbers=[*order.get("packingSlipNumbers", ()), slip["packingSlipNumber"]],
        )
        return slip

    def taken_back(self, slip: Row, sign: int) -> None:
        """A packing slip was cancelled (-1), or is there again (+1)."""
        order = self.cards.newest(slip["orderId"])
        if order is None:
            return
        amounts = {line["salesOrderLineId"]: sign * quantity_of(line["data"]) for line in slip["lineList"]}
        lines = [
            with_delivered(one, delivered(one) + amounts.get(one["lineId"], Decimal(0)))
            for one in order["lineList"]
        ]
        self.changed(order, lineList=lines)

    def invoiced(self, order_id: str, invoice: Row) -> None:
        order = self.cards.newest(order_id)
        if order is not None:
            self.changed(
                order,
                invoiceIds=[*order["invoiceIds"], invoice["invoiceId"]],
                invoiceNumbers=[*order.get("invoiceNumbers", ()), invoice["invoiceNumber"]],
            )

    def receipted(self, slip: Row) -> dict[str, Any]:
        """A delivery is turned over as a receipt, with what was paid on an order that has no papers yet."""
        order = self.cards.rows[slip["orderId"]]
        fresh = not order["invoiceIds"] and not order.get("receiptIds")
        receipt = self.till.receipts.from_slip(slip, order["paymentList"] if fresh else [])
        self.changed(order, receiptIds=[*order.get("receiptIds", ()), receipt["receiptId"]])
        return receipt

    def cancel(self, order: Row) -> dict[str, Any]:
        """What was not delivered will not be. Refused where nothing is left."""
        if not any(undelivered(line) for line in order["lineList"]):
            raise Refused("The order is delivered already")
        partly = any(delivered(line) for line in order["lineList"])
        self.reserve(order, -1)
        lines = [with_cancelled(line, undelivered(line)) for line in order["lineList"]]
        return self.changed(order, lineList=lines, cancelState=CANCELLED["PARTIAL" if partly else "COMPLETE"])

    def uncancel(self, order: Row) -> dict[str, Any]:
        lines = [with_cancelled(line, Decimal(0)) for line in order["lineList"]]
        row = self.changed(order, lineList=lines, cancelState=CANCELLED[""])
        self.reserve(row, +1)
        return row

    def _alive(self, order: Row) -> None:
        if order.get("cancelState", CANCELLED[""]) == CANCELLED["COMPLETE"]:
            raise Refused("The order is cancelled")
