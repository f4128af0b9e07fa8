"""The calls about orders, from the oldest to the newest way of each (mplus.md §4.7).

Business refusals are result words with HTTP 200. ``createOrder`` answers its number, V2 the order, V3 also once per
idempotency key and paying in the same call; ``process*`` speak euros and plain decimals, with other words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.asking import Asked, told
from app.sandbox.mplus.documents import STALE, Refused, refusal_of, stale
from app.sandbox.mplus.ids import shown
from app.sandbox.mplus.lines import from_input, quantity_of
from app.sandbox.mplus.marked import Row
from app.sandbox.mplus.ordermath import CANCELLED, states, undelivered
from app.sandbox.mplus.orders import Taken
from app.sandbox.mplus.part import Arguments, Handler, Part, Values

if TYPE_CHECKING:
    from app.sandbox.mplus.orders import Orders

LISTED = ("ORDER-TYPE-SALES-ORDER", "ORDER-TYPE-REPEAT-SALES-ORDER", "ORDER-TYPE-EXTERNAL-SALES-ORDER")
REFERENCES = (
    "lineList",
    "invoiceIds",
    "extInvoiceIds",
    "invoiceNumbers",
    "proposalId",
    "packingSlipIds",
    "packingSlipNumbers",
)
NO_INFO = {"orderId": "", "orderString": ""}
FLAGS = ("applySalesAndActions", "applySalesPrices", "applyPriceGroups")


class OrderCalls(Part):
    """Keeps nothing itself."""

    @property
    def orders(self) -> Orders:
        return self.till.orders

    def operations(self) -> Mapping[str, Handler]:
        once = self.till.answers.once
        return {
            "getOrders": self.get_orders,
            "getOrder": lambda arguments: self.found(arguments["orderId"]),
            "findOrder": lambda arguments: self.found(self.orders.by_ext.get(arguments["extOrderId"], "")),
            "getOrdersByExtOrderIds": self.get_by_ext,
            "createOrder": lambda arguments: self.create(arguments.get("order", {}), {}, whole=False),
            "createOrderV2": lambda arguments: self.create(
                arguments["request"]["order"], arguments["request"]
            ),
            "createOrderV3": once("createOrderV3", self.create_v3),
            "updateOrder": lambda arguments: self.update(arguments.get("order", {}), {}, whole=False),
            "updateOrderV2": lambda arguments: self.update(
                arguments["request"]["order"], arguments["request"]
            ),
            "saveOrder": self.save,
            "processOrder": once("processOrder", self.process),
            "cancelOrder": lambda arguments: self.cancel(arguments["orderId"], toggles=False),
            "cancelOrderV2": lambda arguments: self.cancel(arguments["request"]["orderId"], toggles=True),
            "payOrder": self.pay,
            "payOrderV2": once("payOrderV2", self.pay),
            "deliverOrder": self.deliver,
            "deliverOrderV2": self.deliver_v2,
        }

    # reading

    def get_orders(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        asked = Asked(self.till, "order", request)
        kinds = set(request.get("orderTypeList") or LISTED)
        found = (
            asked.page(self.orders.cards, lambda row: row["orderType"] in kinds)
            if self.allowed("orders")
            else []
        )
        but = REFERENCES if asked.headers_only() else ()
        return {"orderList": [told(self.till, row, but=but) for row in found]}

    def get_by_ext(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        ids = [self.orders.by_ext.get(one, "") for one in request.get("extOrderIds", ())]
        rows = [row for one in ids if (row := self.orders.cards.get(one)) is not None]
        found = [row for row in rows if row["syncMarker"] >= request.get("syncMarker", 0)]
        found = found[: request.get("syncMarkerLimit") or len(found)] if self.allowed("orders") else []
        return {"orderList": [told(self.till, row) for row in found]}

    def found(self, order_id: str) -> Values:
        row = self.orders.cards.get(order_id)
        if row is None or not self.allowed("orders"):
            return {"result": "GET-ORDER-RESULT-NOT-FOUND"}
        return {"result": "GET-ORDER-RESULT-OK", "order": told(self.till, row)}

    # creating and changing

    def create(self, given: Row, flags: Row, *, whole: bool = True) -> dict[str, Any]:
        try:
            order = self.orders.create(given, flags)
        except Taken as refusal:
            return refusal_of("CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS", str(refusal), info=NO_INFO)
        except Refused as refusal:
            return refusal_of("CREATE-ORDER-RESULT-FAILED", str(refusal), info=NO_INFO)
        return {"result": "CREATE-ORDER-RESULT-OK", **self.info(order, whole=whole)}

    def info(self, order: Row, *, whole: bool) -> dict[str, Any]:
        """Numbers of an order, and itself where the call tells it; one that is queued is not there yet."""
        queued = self.orders.queued(order["orderId"]) is not None
        info = {
            "orderId": order["orderId"],
            "orderString": shown(order["orderNumber"]),
            "orderQueued": queued,
        }
        there = self.orders.cards.newest(order["orderId"])
        return {"info": info, **({"order": told(self.till, there)} if whole and there is not None else {})}

    def create_v3(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        answer = self.create(request["order"], request)
        given, prepay = request.get("paymentList", ()), request.get("prepay", False)
        if not given or not answer["result"].endswith("-OK"):
            return answer
        order_id = answer["info"]["orderId"]
        queued = self.orders.queued(order_id)
        if queued is not None:
            queued["pay"] = {"paymentList": given, "prepay": prepay}
            return answer
        paid = self._paid(order_id, given, prepay=prepay)
        word = paid.pop("result")
        more = {"payResult": word, "order": told(self.till, self.orders.cards.rows[order_id])}
        if not word.endswith("-OK"):
            more["result"] = "CREATE-ORDER-RESULT-PAYMENT-FAILED"
        return {**answer, **paid, **more}

    def update(self, given: Row, flags: Row, *, whole: bool = True, word: str = "UPDATE") -> dict[str, Any]:
        head = f"{word}-ORDER-RESULT-"
        now = self.orders.cards.newest(given.get("orderId", ""))
        if now is None:
            return refusal_of(f"{head}NOT-FOUND", "Order not found", info=NO_INFO)
        if stale(now, given):
            return refusal_of(f"{head}ORDER-HAS-CHANGED", STALE, info=NO_INFO)
        try:
            row = self.orders.edit(now, given, flags)
        except Refused as refusal:
            return refusal_of(f"{head}FAILED", str(refusal), info=NO_INFO)
        if row is None:
            sentence = "Order not saved because there were no changes in the order."
            return {"result": f"{head}NO-CHANGES", "errorMessage": sentence, **self.info(now, whole=whole)}
        return {"result": f"{head}OK", **self.info(row, whole=whole)}

    def save(self, arguments: Arguments) -> Values:
        given = arguments.get("order", {})
        if given.get("orderId"):
            return self.update(given, {}, whole=False, word="SAVE")
        answer = self.create(given, {}, whole=False)
        return {**answer, "result": answer["result"].replace("CREATE", "SAVE", 1)}

    def process(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        given = {
            **request["order"],
            "lineList": [from_input(line) for line in request["order"].get("lineList", ())],
        }
        if "lineList" not in request["order"]:
            given.pop("lineList")
        now = self.orders.cards.newest(given.get("orderId") or "")
        if given.get("orderId") and now is None:
            return {"resultCode": "FAILED-SPECIFIED-ORDER-NOT-FOUND"}
        if now is not None and (stale(now, given) or now["deliveryState"] != "ORDER-DELIVERY-STATE-NOTHING"):
            return {"resultCode": "FAILED-SPECIFIED-ORDER-NOT-EDITABLE"}
        try:
            if request["processorContext"].get("dryRun", False):
                row = self.orders.edited(now, given) if now else self.orders.drafted(given, {})
                return {"resultCode": "OK", "order": {**row, **states(row)}}
            row = (self.orders.edit(now, given) or now) if now else self.orders.create(given)
        except Refused:
            return {"resultCode": "FAILED-PROCESSOR"}
        if self.orders.queued(row["orderId"]) is not None:
            return {"resultCode": "OK-ORDER-QUEUED", "queuedOrderId": row["orderId"]}
        return {"resultCode": "OK", "order": told(self.till, row)}

    def cancel(self, order_id: str, *, toggles: bool) -> Values:
        """``cancelOrderV2`` on a cancelled order undoes the cancel; the older call never does."""
        queued = self.orders.queued(order_id)
        order = self.orders.cards.newest(order_id)
        if queued is not None:
            queued["cancel"] = True
            return {"result": "CANCEL-ORDER-RESULT-PENDING", "message": ""}
        if order is None:
            return {"result": "CANCEL-ORDER-RESULT-NOT-FOUND", "message": "Order not found"}
        if order["cancelState"] != CANCELLED[""]:
            if not toggles:
                return {"result": "CANCEL-ORDER-RESULT-ALREADY-CANCELLED", "message": ""}
            self.orders.uncancel(order)
            return {"result": "CANCEL-ORDER-RESULT-UNDO-CANCEL-OK", "message": ""}
        try:
            self.orders.cancel(order)
        except Refused as refusal:
            return {"result": "CANCEL-ORDER-RESULT-FAILED", "message": str(refusal)}
        return {"result": "CANCEL-ORDER-RESULT-OK", "message": ""}

    # payment and delivery

    def pay(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        return self._paid(request["orderId"], request["paymentList"], prepay=request["prepay"])

    def _paid(self, order_id: str, given: Any, *, prepay: bool) -> dict[str, Any]:
        order = self.orders.cards.newest(order_id)
        if order is None:
            return refusal_of("PAY-ORDER-RESULT-FAILED", "Order not found")
        try:
            word, _, invoice = self.orders.pay(order, given, prepay=prepay)
        except Refused as refusal:
            return refusal_of("PAY-ORDER-RESULT-FAILED", str(refusal))
        return {
            "result": f"PAY-ORDER-RESULT-{word}",
            "errorMessage": "",
            **({"invoiceId": invoice} if invoice else {}),
        }

    def deliver(self, arguments: Arguments) -> Values:
        request = arguments["request"]
        return self._delivered("DELIVER-ORDER-RESULT-", request, lambda order: self.orders.deliver(order))

    def deliver_v2(self, arguments: Arguments) -> Values:
        request = arguments["request"]["orderDelivery"]
        quantities = {line["lineId"]: quantity_of(line) for line in request["lineList"]}
        return self._delivered(
            "DELIVER-ORDER-V2-RESULT-", request, lambda order: self.orders.deliver(order, quantities)
        )

    def _delivered(self, head: str, request: Row, deliver: Callable[[Row], dict[str, Any]]) -> Values:
        order = self.orders.cards.newest(request["orderId"])
        if order is None:
            return refusal_of(f"{head}FAILED", "Order not found")
        if not any(undelivered(line) for line in order["lineList"]) and order["cancelState"] == CANCELLED[""]:
            return refusal_of(f"{head}ALREADY-DELIVERED", "")
        try:
            slip = deliver(order)
        except Refused as refusal:
            return refusal_of(f"{head}FAILED", str(refusal))
        more = self._turned_over(slip, request.get("turnoverType", ""))
        return {"result": f"{head}OK", "errorMessage": "", "packingSlipId": slip["packingSlipId"], **more}

    def _turned_over(self, slip: Row, kind: str) -> dict[str, Any]:
        if kind == "DELIVER-ORDER-TURNOVER-TYPE-INVOICE":
            return {
                "invoiceId": self.till.invoices.from_slips([slip], on=self.till.now().date())["invoiceId"]
            }
        if kind == "DELIVER-ORDER-TURNOVER-TYPE-RECEIPT":
            self.orders.receipted(slip)
        return {}
