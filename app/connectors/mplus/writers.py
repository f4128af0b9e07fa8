"""Writing to the till: looking up what is there, and carrying out one change at a time.

Nothing here decides what is to be written; that is done by the pure ``steps`` of each kind. What an answer may leave
open (found instead of made, queued, made but not paid) becomes a known outcome with a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from app.connectors.base import Applied, Change, Document, Existing, Found, Intent, Steps, Wanted
from app.connectors.mplus import booking, customers, orders, readers, refusals
from app.connectors.mplus.calls import Till
from app.connectors.mplus.encodings import Malformed
from app.errors import AppError, RecordRefused

Choice = tuple[str, Mapping[str, Any]]


class Versions(Protocol):
    """Calls the newest of several operations that the till has: the client."""

    async def newest(self, *choices: Choice, writing: bool = False) -> tuple[str, dict[str, Any]]: ...

    async def find_relation(self, email: str, *, external: str | None = None) -> Document | None: ...


class RelationTarget:
    """Relations, found by number where it is known, else by e-mail address."""

    def __init__(self, till: Till, versions: Versions):
        self._till = till
        self._versions = versions
        self._reader = readers.ShelfReader(till, customers.SHELF, {})
        self._data_types: Mapping[str, str] | None = None

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key. Known numbers go in one list; addresses are asked one by one, the till has no list for them."""
        found: dict[str, Existing] = {}
        by_number = {w.remote_id: w.key for w in wanted if w.remote_id}
        for record in await self._reader.fetch_many(list(by_number)) if by_number else ():
            if isinstance(record, Found):
                found[by_number[record.ref]] = customers.existing_relation(record.document)
        for each in wanted:
            if each.key in found or not each.natural:
                continue
            relation = await self._versions.find_relation(
                each.natural, external=customers.external_id(each.key)
            )
            if relation is not None:
                found[each.key] = customers.existing_relation(relation)
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`customers.steps`."""
        return customers.steps(intent, existing)

    async def apply(self, change: Change) -> Applied:
        """Create or update one relation."""
        assert isinstance(change, customers.WriteRelation)
        relation = await self._on_the_wire(change.fields)
        if isinstance(change, customers.UpdateRelation):
            relation["relationNumber"] = change.number
            answer = await self._till.done("updateRelation", {"relation": relation})
            number, archived = change.number, change.fields.get("active") is False
        else:
            answer = await self._till.done("createRelation", {"relation": relation})
            number, archived = answer.get("relationNumber", 0), False
        return Applied(
            remote_id=str(number) if number else None,
            state="archived" if archived else "present",
            facts=marker_of(answer),
        )

    async def _on_the_wire(self, fields: Document) -> Document:
        if fields.get("customFields") and self._data_types is None:
            answer = await self._till.document("getCustomFieldLists")
            listed = answer.get("relationCustomFieldList", ())
            self._data_types = {field.get("fieldName", ""): field.get("dataType", "") for field in listed}
        try:
            return customers.on_the_wire(fields, self._data_types or {})
        except Malformed as fault:
            raise RecordRefused(
                f"A custom field cannot hold its value: {fault}.", code="value_does_not_fit"
            ) from None


class SaleTarget:
    """Orders or invoices, found by their external number."""

    def __init__(self, till: Till, versions: Versions, kind: Literal["order", "invoice"]):
        self._till = till
        self._versions = versions
        self._kind: Literal["order", "invoice"] = kind

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key, one look-up each: it must be certain before anything is created.

        A sale that we know to have made and that is not to be found waits in a branch's queue: it counts as there, or
        it would be made twice.
        """
        found: dict[str, Existing] = {}
        for each in wanted:
            sale = await self._find(each.natural) if each.natural else None
            if sale is not None:
                found[each.key] = booking.existing_sale(self._kind, sale)
            elif each.remote_id:
                found[each.key] = Existing(remote_id=each.remote_id, whole=False)
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`booking.steps`."""
        return booking.steps(intent, existing)

    async def apply(self, change: Change) -> Applied:
        """Carry out one call, or the few that stand for it on an older till."""
        match change:
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

    async def _find(self, external: str) -> Document | None:
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

    async def _book_order(self, change: booking.BookOrder) -> Applied:
        whole: Document = {"order": change.sale, "idempotencyKey": change.idempotency_key}
        if change.payments:
            whole |= {"prepay": change.prepay, "paymentList": change.payments}
        operation, answer = await self._versions.newest(
            ("createOrderV3", {"request": whole}),
            ("createOrderV2", {"request": {"order": change.sale}}),
            ("createOrder", {"order": change.sale}),
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
        return Applied(
            remote_id=number, warnings=tuple(warnings), facts=_shown(answer.get("order", {}), self._kind)
        )

    async def _book_invoice(self, change: booking.BookInvoice) -> Applied:
        try:
            answer = await self._till.done("saveInvoice", {"invoice": change.sale})
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


def marker_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The marker that our own write got: the next poll shows it again, and it is no news."""
    marker = answer.get("syncMarker")
    return {} if marker is None else {"marker": str(marker)}


def _shown(sale: Mapping[str, Any], kind: str) -> dict[str, str]:
    number = orders.shown_number(sale.get(f"{kind}Number"))
    return {} if number is None else {"number": number}


def _raise(refused: AppError | None) -> None:
    if refused is not None:
        raise refused
