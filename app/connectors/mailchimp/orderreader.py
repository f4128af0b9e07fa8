"""Reading orders of the account's other stores: one by one with the SKUs of their lines, and all of them, narrowly.

There is no since filter and no list of orders by their ids (mailchimp.md §3.7), so an order that is wanted costs a call,
and so does each variant that nobody asked for lately. Our own store is never read: what we wrote there would come back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.connectors.allof import all_of
from app.connectors.base import Document, Fetched, Found, Glimpse, Gone, Source, Unreadable
from app.connectors.mailchimp import shoporders
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.customers import member_hash
from app.connectors.mailchimp.otherstores import no_such_store, own_store, parts_of, path_of
from app.errors import RecordRefused

PER_PAGE = 1000
VARIANTS_KEPT = 20_000
VARIANT_BELIEVED_S = 3600.0
GONE_BELIEVED_S = 60.0
VAT_FIELD = "vat_field:"
"""Begins the part that names the merge field with a buyer's VAT number."""

_SHOWN = ",".join(f"orders.{name}" for name in shoporders.GLIMPSED)


@dataclass(frozen=True, slots=True)
class _Sku:
    value: str | None
    until: float


class OrderReader:
    """Orders of every store of the account but ``own_store``. ``list_path`` is the connection's audience."""

    def __init__(
        self, api: Api, *, own_store: str, list_path: str, monotonic: Callable[[], float], vat_field: str = ""
    ):
        self._api = api
        self._own_store = own_store
        self._list_path = list_path
        self._monotonic = monotonic
        self._vat_field = vat_field
        self._skus: OrderedDict[tuple[str, str, str], _Sku] = OrderedDict()
        self._audiences: dict[str, str] = {}

    def including(self, parts: frozenset[str]) -> Source:
        """With the buyer's VAT number out of a merge field of the store's audience, where a part names one."""
        field = next((part.removeprefix(VAT_FIELD) for part in parts if part.startswith(VAT_FIELD)), "")
        if field == self._vat_field:
            return self
        other = OrderReader(
            self._api,
            own_store=self._own_store,
            list_path=self._list_path,
            monotonic=self._monotonic,
            vat_field=field,
        )
        other._skus, other._audiences = self._skus, self._audiences
        return other

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once; the account's gate bounds how many are asked at once."""
        return await all_of(map(self._fetch, dict.fromkeys(refs)))

    async def _fetch(self, ref: str) -> Fetched:
        parts = parts_of(ref)
        if parts is None:
            return Gone(ref)
        store, order = parts
        if store == self._own_store:
            return Unreadable(ref, own_store(store, records="orders"))
        try:
            raw = await self._api.get(
                f"{path_of(store)}/orders/{segment(order)}",
                operation="order.get",
                params={"exclude_fields": "_links,lines._links,customer._links,outreach"},
            )
        except RecordRefused as refused:
            return Gone(ref) if refused.code == "not_found" else Unreadable(ref, refused)
        variants = sorted({shoporders.variant_of(line) for line in raw.get("lines") or ()})
        answers = await all_of(self._sku(store, *variant) for variant in variants)
        skus = dict(zip(variants, answers, strict=True))
        document = shoporders.read(raw, store=store, skus=skus)
        if self._vat_field:
            document |= await self._vat_number(store, document)
        return Found(ref, document)

    async def _sku(self, store: str, product: str, variant: str) -> str | None:
        key = (store, product, variant)
        known = self._skus.get(key)
        if known is not None and self._monotonic() < known.until:
            self._skus.move_to_end(key)
            return known.value
        sku = await self._asked_sku(store, product, variant)
        believed = VARIANT_BELIEVED_S if sku else GONE_BELIEVED_S
        self._skus[key] = _Sku(sku, self._monotonic() + believed)
        while len(self._skus) > VARIANTS_KEPT:
            self._skus.popitem(last=False)
        return sku

    async def _asked_sku(self, store: str, product: str, variant: str) -> str | None:
        if not product or not variant:
            return None
        try:
            answer = await self._api.get(
                f"{path_of(store)}/products/{segment(product)}/variants/{segment(variant)}",
                operation="variant.get",
                params={"fields": "sku"},
            )
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None
        return str(answer.get("sku") or "").strip() or None

    async def _vat_number(self, store: str, document: Mapping[str, Any]) -> Document:
        """The merge field of the buyer's contact, in the audience that the store belongs to."""
        email = str((document.get("customer") or {}).get("email_address") or "")
        if not email:
            return {}
        try:
            audience = await self._audience(store)
            member = await self._api.get(
                f"/lists/{segment(audience)}/members/{member_hash(email)}",
                operation="member.get",
                params={"fields": "merge_fields"},
            )
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return {}
        number = str((member.get("merge_fields") or {}).get(self._vat_field) or "").strip()
        return {"vat_number": number} if number else {}

    async def _audience(self, store: str) -> str:
        if store not in self._audiences:  # a store stays with its audience for ever (mailchimp.md §3.1)
            answer = await self._api.get(path_of(store), operation="store.get", params={"fields": "list_id"})
            self._audiences[store] = str(answer.get("list_id") or "")
        return self._audiences[store]

    # --- looking at everything ----------------------------------------------------------------------------------------

    async def scan(self, places: Sequence[str]) -> AsyncIterator[Sequence[Glimpse]]:
        """Every order of these stores, a call for each thousand. Raises AdministratorError for a store that cannot be read."""
        for store in places:
            if store == self._own_store:
                raise own_store(store, records="orders")
            async for page in self._pages(store):
                yield page

    async def scan_recent(
        self, places: Sequence[str], *, since: datetime, most: int
    ) -> AsyncIterator[Sequence[Glimpse]]:
        """The orders of contacts who changed since then; nothing where more than ``most`` did."""
        answer = await self._api.get(
            f"{self._list_path}/members",
            operation="members.get",
            params={
                "fields": "members.email_address",
                "count": most + 1,
                "since_last_changed": since.isoformat(),
            },
        )
        emails = [str(member.get("email_address") or "") for member in answer.get("members") or ()]
        for email in emails if len(emails) <= most else ():
            for store in places:
                if store == self._own_store or not email:
                    continue
                for customer in await self._customers(store, email):
                    async for page in self._pages(store, customer):
                        yield page

    async def _customers(self, store: str, email: str) -> list[str]:
        answer = await self._api.get(
            f"{path_of(store)}/customers",
            operation="customers.get",
            params={"fields": "customers.id", "email_address": email},
        )
        return [str(each["id"]) for each in answer.get("customers") or () if each.get("id")]

    async def _pages(self, store: str, customer: str | None = None) -> AsyncIterator[Sequence[Glimpse]]:
        offset = 0
        while True:
            params: dict[str, str | int] = {
                "fields": f"{_SHOWN},total_items",
                "count": PER_PAGE,
                "offset": offset,
            }
            if customer is not None:
                params["customer_id"] = customer
            try:
                answer = await self._api.get(
                    f"{path_of(store)}/orders", operation="orders.get", params=params
                )
            except RecordRefused as refused:
                raise no_such_store(store) if refused.code == "not_found" else refused from None
            listed = answer.get("orders") or ()
            yield [seen for raw in listed if (seen := shoporders.glimpse(store, raw)) is not None]
            offset += len(listed)
            if not listed or offset >= int(answer.get("total_items") or 0):
                return
