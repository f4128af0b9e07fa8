"""Booking sales in the till: looking up what is there and what a sale names, and carrying out one change at a time.

Nothing here decides what is to be booked; that is done by the pure :mod:`booking`. What an answer may leave open (found
instead of made, queued, made but not paid) becomes a known outcome with a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from app.connectors.allof import all_of
from app.connectors.base import Applied, Change, Document, Existing, Intent, Steps, Wanted
from app.connectors.mplus import booking, customers, orders, refusals
from app.connectors.mplus.calls import Till
from app.connectors.mplus.saledocument import ARTICLE
from app.connectors.mplus.salenames import SaleNames
from app.connectors.mplus.writers import RelationTarget, Versions
from app.errors import AppError, RecordRefused, TimeError


class SaleTarget:
    """Orders or invoices, found by their external number. ``names`` looks up what they name."""

    def __init__(self, till: Till, versions: Versions, names: SaleNames, kind: Literal["order", "invoice"]):
        self._till = till
        self._versions = versions
        self._names = names
        self._kind: Literal["order", "invoice"] = kind

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key, one look-up each: it must be certain before anything is created.

        A sale that we know to have made and that is not to be found waits in a branch's queue: it counts as there, or
        it would be made twice.
        """
        found: dict[str, Existing] = {}
        sales = await all_of(self._find(each.natural) for each in wanted)
        for each, sale in zip(wanted, sales, strict=True):
            if sale is not None:
                found[each.key] = booking.existing_sale(self._kind, sale)
            elif each.remote_id:
                found[each.key] = Existing(remote_id=each.remote_id, whole=False)
        return found

    async def named(
        self, intents: Sequence[Intent], *, only: frozenset[str] | None = None
    ) -> Sequence[Mapping[tuple[str, str], Existing] | AppError]:
        """Articles, turnover groups and the relation of sales that are to be made."""
        return await self._names.of(intents, articles_only=only == frozenset({ARTICLE}))

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`booking.steps`."""
        return booking.steps(intent, existing)

    async def apply(self, change: Change) -> Applied:
        """Carry out one call, or the few that stand for it on an older till."""
        match change:
            case customers.WriteRelation():
                made = await RelationTarget(self._till, self._versions).apply(change)
                if isinstance(change, customers.CreateRelation) and made.remote_id:
                    return Applied(facts={booking.BUYER_MADE: made.remote_id})
                return Applied()
            case booking.BookOrder():
                return await self._book_order(change)
            case booking.BookInvoice():
                return await self._book_invoice(change)
            case booking.Pay():
                return await self._pay(change)
            case booking.ChangeOrder():
                return await self._change(change)
            case booking.Cancel():
                return await self._cancel(change)
        raise AssertionError(f"not a change of sales: {change.action}")

    async def _find(self, external: str | None) -> Document | None:
        if not external:
            return None
        if self._kind == "order":
            answer = await self._till.document("findOrder", {"extOrderId": external})
        else:
            answer = await self._till.document("findInvoice", {"extInvoiceId": external})
        refused = refusals.of_result(answer, operation=f"find{self._kind.capitalize()}")
        if refused is not None:
            if refused.code == "not_found":
                return None
            raise refused
        return orders.read(self._kind)(answer.get(self._kind, {}))

    async def _with_buyer(self, change: booking.Book) -> Document:
        """The sale, with the number of a relation that was made just before."""
        if change.buyer is None:
            return change.sale
        relation = await self._versions.find_relation(
            change.buyer["email"], external=change.buyer["extRelationId"]
        )
        if relation is None:
            raise TimeError(
                "The relation that was made just now cannot be found yet.", code="relation_not_there"
            )
        return change.sale | {"relationNumber": relation["relationNumber"]}

    async def _book_order(self, change: booking.BookOrder) -> Applied:
        sale = await self._with_buyer(change)
        whole: Document = {"order": sale, "idempotencyKey": change.idempotency_key}
        if change.payments:
            whole |= {"prepay": change.prepay, "paymentList": change.payments}
        operation, answer = await self._versions.newest(
            ("createOrderV3", {"request": whole}),
            ("createOrderV2", {"request": {"order": sale}}),
            ("createOrder", {"order": sale}),
            writing=True,
        )
        refused = refusals.of_result(answer, operation=operation)
        if refused is not None and refused.code == "already_exists":
            return await self._already_there(change, refused)
        if refused is not None and refused.code != "payment_failed":
            raise refused
        info = answer.get("info", {})
        number = (answer.get("order") or {}).get("orderId") or info.get("orderId")
        warnings = (
            ["order_queued: the order waits in a branch and can be found there later"]
            if info.get("orderQueued")
            else []
        )
        if refused is not None:
            warnings.append(f"payment_failed: {refused.detail}")
        elif change.payments and operation != "createOrderV3" and number and not info.get("orderQueued"):
            warnings += await self._paid_after(change, number)
        warnings += _differs(change.expected, (answer.get("order") or {}).get("totalInclAmount"))
        return Applied(
            remote_id=number, warnings=tuple(warnings), facts=_shown(answer.get("order", {}), self._kind)
        )

    async def _book_invoice(self, change: booking.BookInvoice) -> Applied:
        try:
            answer = await self._till.done("saveInvoice", {"invoice": await self._with_buyer(change)})
        except RecordRefused as refused:
            if refused.code != "already_exists":
                raise
            return await self._already_there(change, refused)
        info = answer.get("info", {})
        number = info.get("invoiceId")
        warnings = await self._paid_after(change, number) if change.payments and number else []
        return Applied(remote_id=number, warnings=tuple(warnings), facts=_shown(info, self._kind))

    async def _paid_after(self, change: booking.Book, number: str) -> list[str]:
        """Pay what has just been made. A refusal is a warning; a lost answer is found by the next look."""
        key = booking.idempotency_key(f"pay {change.external}", {"payments": change.payments})
        prepay = change.prepay if isinstance(change, booking.BookOrder) else True
        pay = booking.Pay(
            kind=self._kind, id=number, payments=change.payments, prepay=prepay, idempotency_key=key
        )
        try:
            await self._pay(pay)
        except RecordRefused as refused:
            return [f"payment_failed: {refused.detail}"]
        return []

    async def _pay(self, change: booking.Pay) -> Applied:
        if change.kind == "invoice":
            arguments = {"request": {"invoiceId": change.id, "paymentList": change.payments}}
            await self._till.done("payInvoice", arguments)
            return Applied(remote_id=change.id)
        whole = {"orderId": change.id, "prepay": change.prepay, "paymentList": change.payments}
        operation, answer = await self._versions.newest(
            ("payOrderV2", {"request": whole | {"idempotencyKey": change.idempotency_key}}),
            ("payOrder", {"request": whole}),
            writing=True,
        )
        _raise(refusals.of_result(answer, operation=operation))
        return Applied(remote_id=change.id)

    async def _change(self, change: booking.ChangeOrder) -> Applied:
        answer = await self._till.document("getOrder", {"orderId": change.id})
        _raise(refusals.of_result(answer, operation="getOrder"))
        order = booking.changed(answer.get("order", {}), change.fields)
        operation, answer = await self._versions.newest(
            ("updateOrderV2", {"request": {"order": order}}), ("updateOrder", {"order": order}), writing=True
        )
        _raise(refusals.of_result(answer, operation=operation))
        return Applied(remote_id=change.id)

    async def _cancel(self, change: booking.Cancel) -> Applied:
        if change.kind == "order":
            await self._till.done("cancelOrder", {"orderId": change.id})
        elif await self._is_credited(change.id):
            warning = "already_credited: the till had a credit of this invoice; it was not made again"
            return Applied(remote_id=change.id, state="archived", warnings=(warning,))
        else:
            await self._till.done("creditInvoice", {"invoiceId": change.id})
        return Applied(remote_id=change.id, state="archived")

    async def _is_credited(self, number: str) -> bool:
        """Nothing keeps a till from crediting twice, and the answer to an earlier credit may have been lost."""
        answer = await self._till.document("getInvoice", {"invoiceId": number})
        _raise(refusals.of_result(answer, operation="getInvoice"))
        later = await self._till.document("getInvoices", booking.later_invoices(answer.get("invoice", {})))
        return any(other.get("creditedInvoiceId") == number for other in later.get("invoiceList", ()))

    async def _already_there(self, change: booking.Book, refused: AppError) -> Applied:
        """The external number is taken: by this sale, if it can be found; then its content is for the next look."""
        sale = await self._find(change.external)
        if sale is None:
            raise refused
        return Applied(
            remote_id=str(sale["id"]),
            warnings=("already_there: the till had this sale; it was not made again",),
            facts=_shown(sale, self._kind),
        )


def _shown(sale: Mapping[str, Any], kind: str) -> dict[str, str]:
    number = orders.shown_number(sale.get(f"{kind}Number"))
    return {} if number is None else {"number": number}


def _differs(expected: Decimal | None, reckoned: Decimal | None) -> list[str]:
    """What the till came to beside what the shop said, where both are known (features O27)."""
    if expected is None or reckoned is None or expected == reckoned:
        return []
    return [f"total_differs: the till comes to {reckoned}, the shop to {expected}"]


def _raise(refused: AppError | None) -> None:
    if refused is not None:
        raise refused
