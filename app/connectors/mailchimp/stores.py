"""The store at Mailchimp that products, stock and sales go to: what is configured of it, and how it is looked at or made.

A store belongs to one audience for ever, and its domain is unique in the account (mailchimp.md §3.1). It is made right
before something is first written to it, or adopted where one with its id is there already; looking makes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.connectors.base import Document
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.storesettings import StoreSettings
from app.errors import MisdirectedConnection, RecordRefused

BELIEVED_S = 300.0
_FIELDS = "id,list_id,name,domain,platform,currency_code,is_syncing,list_is_active"


@dataclass(frozen=True, slots=True)
class Store:
    """A store as it stands at Mailchimp."""

    id: str
    list_id: str = ""
    name: str = ""
    domain: str = ""
    platform: str = ""
    currency: str = ""
    is_syncing: bool = False
    list_is_active: bool = True


def store_of(raw: Document) -> Store:
    """Out of an answer."""
    return Store(
        id=str(raw.get("id", "")),
        list_id=str(raw.get("list_id", "")),
        name=str(raw.get("name", "")),
        domain=str(raw.get("domain", "")),
        platform=str(raw.get("platform", "")),
        currency=str(raw.get("currency_code", "")),
        is_syncing=raw.get("is_syncing") is True,
        list_is_active=raw.get("list_is_active") is not False,
    )


class Storefront:
    """The store of one connection, asked for now and then."""

    def __init__(
        self, api: Api, settings: StoreSettings, *, list_id: str, monotonic: Callable[[], float]
    ) -> None:
        self._api = api
        self._settings = settings
        self.list_id = list_id
        self._monotonic = monotonic
        self._asked_at: float | None = None
        self._lock = asyncio.Lock()
        self.id = settings.id or f"till-{list_id}"
        self.path = f"/ecommerce/stores/{segment(self.id)}"
        self.wanted_domain = settings.domain
        self.there = False
        self._as_made = Store(self.id, list_id=list_id, currency=settings.currency)
        self.known = self._as_made

    async def look(self, *, within: float = BELIEVED_S) -> Store:
        """The store as it is, or as it will be made; nothing is written. ``within``: how old a look may be, in seconds.

        MisdirectedConnection where it cannot be ours.
        """
        async with self._lock:
            if self._asked_at is None or self._monotonic() - self._asked_at > within:
                started = self._monotonic()
                found = await self._find()
                self.there = found is not None
                self.known = self._ours(found) if found is not None else self._as_made
                self._asked_at = started
            return self.known

    async def ensure(self) -> Store:
        """The store, made where it is not there: right before something is written to it."""
        await self.look()
        async with self._lock:
            if not self.there:
                self.known = self._ours(await self._make())
                self.there = True
            return self.known

    def doubt(self) -> None:
        """What was known of it proved to be old."""
        self._asked_at = None

    async def find(self) -> Store | None:
        """The store as it is now, or None; nothing is made."""
        return await self._find()

    async def check(self) -> Store | None:
        """The store as it is now, or None where it is still to be made, and can be.

        MisdirectedConnection where it cannot be ours, or its domain belongs to another store.
        """
        found = await self._find()
        if found is not None:
            return self._ours(found)
        other = await self._with_our_domain()
        if other is not None:
            raise self._domain_taken(f"The domain {self._settings.domain} is another store's.", other)
        return None

    async def hold(self, held: bool) -> bool:
        """Hold its automations back during an import, or let them go; whether that changed anything.

        To be held it is made; where there is no store, there is nothing to let go.
        """
        if held:
            await self.ensure()
        found = await self._find()
        if found is None or found.is_syncing == held:
            return False
        answer = await self._api.call("PATCH", self.path, operation="store.patch", body={"is_syncing": held})
        self.known = store_of(answer)
        return True

    async def _find(self) -> Store | None:
        try:
            return store_of(await self._api.get(self.path, operation="store.get", params={"fields": _FIELDS}))
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None

    async def _make(self) -> Store:
        settings = self._settings
        body: Document = {
            "id": self.id,
            "list_id": self.list_id,
            "name": settings.name,
            "currency_code": settings.currency,
            "platform": settings.platform,
        }
        if settings.domain:
            body["domain"] = settings.domain
        try:
            return store_of(await self._api.call("POST", "/ecommerce/stores", operation="store.post", body=body))  # fmt: skip
        except RecordRefused as refused:
            if refused.code == "already_exists":  # another worker was quicker, or an answer was lost
                found = await self._find()
                if found is not None:
                    return found
            if refused.code == "domain_taken":
                raise self._domain_taken(refused.detail, await self._with_our_domain()) from None
            raise MisdirectedConnection(
                f"The store {self.id} could not be made: {refused.detail}",
                advice=refused.advice or "Correct the store's settings at the connection.",
                field="store",
                code="store_refused",
            ) from None

    async def _with_our_domain(self) -> str | None:
        """The id of the store of this account that has the domain which ours is to have."""
        domain = place(self._settings.domain or "")
        if not domain:
            return None
        listed = await self._api.get(
            "/ecommerce/stores",
            operation="stores.get",
            params={"count": 1000, "fields": "stores.id,stores.domain"},
        )
        stores = listed.get("stores") or ()
        return next(
            (str(each["id"]) for each in stores if place(str(each.get("domain", ""))) == domain), None
        )

    def _domain_taken(self, said: str, other: str | None) -> MisdirectedConnection:
        return MisdirectedConnection(
            f"{said} It is the store {other!r}." if other is not None else said,
            advice="Enter that store's id at the connection to adopt it, or another domain, or none.",
            field="store.domain",
            code="domain_taken",
        )

    def _ours(self, store: Store) -> Store:
        """The store, if it may be written to."""
        if store.list_id and store.list_id != self.list_id:
            raise MisdirectedConnection(
                f"The store {store.id} belongs to another audience, and a store stays with its audience for ever.",
                advice="Enter another store id at the connection, or choose that audience.",
                field="store.id",
                code="store_of_other_audience",
            )
        if store.currency and store.currency != self._settings.currency:
            raise MisdirectedConnection(
                f"The store {store.id} keeps its prices in {store.currency}, the connection says {self._settings.currency}.",
                advice="Enter the store's own currency at the connection, or another store id.",
                field="store.currency",
                code="store_currency",
            )
        if not store.list_is_active:
            raise MisdirectedConnection(
                f"The audience of the store {store.id} was deleted in Mailchimp.",
                advice="Choose an audience that is there, and another store id.",
                field="store.id",
                code="store_without_audience",
            )
        return store


def place(domain: str) -> str:
    """A domain as it is compared: without scheme, case and closing slash."""
    bare = domain.strip().lower().rstrip("/")
    return bare.partition("://")[2] or bare
