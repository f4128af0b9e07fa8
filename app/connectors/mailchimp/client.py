"""One open connection to an audience of Mailchimp."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from app.connectors.base import (
    Change,
    Diagnosis,
    Document,
    Fields,
    Glimpse,
    Mails,
    MissingField,
    Page,
    SoldThere,
    Source,
    Target,
    Way,
    WebhookRegistration,
    wrong_kind,
)
from app.connectors.mailchimp import (
    check,
    contacts,
    customers,
    fields,
    hooks,
    memberchanges,
    offered,
    orders,
    products,
    shoporders,
    shopproducts,
    stock,
)
from app.connectors.mailchimp.audience import Definition
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.contactreader import WINDOW_S, ContactReader
from app.connectors.mailchimp.members import MemberTarget
from app.connectors.mailchimp.orderchanges import TagBuyer
from app.connectors.mailchimp.orderreader import OrderReader
from app.connectors.mailchimp.orderwriter import OrderTarget
from app.connectors.mailchimp.overview import LOOKED, Overview
from app.connectors.mailchimp.productwriter import ProductTarget, QuantityTarget
from app.connectors.mailchimp.shopproductreader import ShopProductReader
from app.connectors.mailchimp.stores import Storefront
from app.connectors.mailchimp.storesettings import StoreSettings


class MailchimpClient:
    """Writes and reads members of one audience, writes what its store holds, and reads orders and products of the account's
    other stores. ``account`` names whose limits count; a check knows the login behind the key.

    Positions of contacts are seconds since 1970. ``marks`` has nothing to tell: where the newest contact is deleted for
    good the newest moment falls, and that is no alarm. Orders and products are found by looking at all.
    """

    scanned = frozenset({shoporders.KIND, shopproducts.KIND})
    looked = LOOKED
    window = WINDOW_S

    def __init__(
        self,
        api: Api,
        *,
        list_id: str,
        account: str,
        store: StoreSettings | None = None,
        webhook_url: str | None = None,
        keyed_hash: Callable[..., str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self.account = account
        self.api = api
        self._list_path = f"/lists/{segment(list_id)}"
        self._webhook_url = webhook_url
        self._definition = Definition(api, self._list_path, monotonic=monotonic)
        self.storefront = Storefront(api, store or StoreSettings(), list_id=list_id, monotonic=monotonic)
        self.own_places = frozenset({self.storefront.id})
        items = ProductTarget(api, self.storefront, monotonic=monotonic)
        sales = OrderTarget(api, self.storefront, monotonic=monotonic)
        self._shop: Mapping[str, Target] = {
            products.KIND: items,
            products.VARIANT: items,
            stock.KIND: QuantityTarget(api, self.storefront),
            orders.KIND: sales,
            orders.REFUND: sales,
        }
        self._members = MemberTarget(api, self._list_path, self._definition, monotonic=monotonic)
        self._overview = Overview(api, self._list_path, self.storefront)
        self._others: Mapping[str, OrderReader | ShopProductReader] = {
            shoporders.KIND: OrderReader(
                api, own_store=self.storefront.id, list_path=self._list_path, monotonic=monotonic
            ),
            shopproducts.KIND: ShopProductReader(api, own_store=self.storefront.id),
        }
        self._contacts = ContactReader(
            api, self._list_path, keyed_hash=keyed_hash or _hash_of_this_process(secrets.token_bytes(32))
        )

    async def check(self) -> Diagnosis:
        """What stands in the way, or what is there: account, audience, store, webhook."""
        return await check.diagnose(
            self.api, self._list_path, self._definition, self.storefront, webhook_url=self._webhook_url
        )

    async def marks(self) -> Mapping[str, int]:
        """No kind of record tells its newest position."""
        return {}

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        """Contacts that changed in the second ``since`` or later; of orders and products nobody tells what changed."""
        if kind == contacts.KIND:
            return await self._contacts.changes(since=since, limit=limit)
        if kind in self.scanned:
            return Page((), since - 1, more=False)
        raise wrong_kind("Mailchimp", kind)

    def source(self, kind: str) -> Source:
        """Reads contacts by their id, and orders and products of other stores by reference."""
        if kind == contacts.KIND:
            return self._contacts
        if kind in self._others:
            return self._others[kind]
        raise wrong_kind("Mailchimp", kind)

    async def look_up(self, kind: str, *, email: str | None = None, sku: str | None = None) -> str | None:  # noqa: ARG002
        """The id of the contact with exactly this address."""
        return await self._contacts.look_up(email) if email and kind == contacts.KIND else None

    def scan(self, kind: str, places: Sequence[str]) -> AsyncIterator[Sequence[Glimpse]]:
        """See :meth:`OrderReader.scan` and :meth:`ShopProductReader.scan`."""
        if kind not in self._others:
            raise wrong_kind("Mailchimp", kind)
        return self._others[kind].scan(places)

    def scan_recent(
        self, kind: str, places: Sequence[str], *, since: datetime, most: int
    ) -> AsyncIterator[Sequence[Glimpse]]:
        """See :meth:`OrderReader.scan_recent`."""
        if kind not in self._others:
            raise wrong_kind("Mailchimp", kind)
        return self._others[kind].scan_recent(places, since=since, most=most)

    def target(self, kind: str) -> Target:
        """Writes members of the audience, and products, their quantities and orders in its store."""
        if kind == customers.KIND:
            return self._members
        if kind in self._shop:
            return self._shop[kind]
        raise wrong_kind("Mailchimp", kind)

    def look_at_all(self, kind: str) -> AsyncIterator[tuple[str, Document]]:
        """See :class:`Overview`."""
        if kind not in self.looked:
            raise wrong_kind("Mailchimp", kind)
        return self._overview.look_at_all(kind)

    def sales_there(self) -> AsyncIterator[SoldThere]:
        """See :meth:`Overview.sales_there`."""
        return self._overview.sales_there()

    def place_of_sale(
        self, kind: str, natural: str, lines: Sequence[str], *, credits: str | None
    ) -> tuple[str, tuple[str, ...]]:
        """See :func:`orders.place_of_sale`."""
        return orders.place_of_sale(kind, natural, lines, credits=credits)

    async def hold_automations(self, held: bool) -> bool:
        """Mark the store as importing: Mailchimp sends nothing for what changes in it meanwhile (mailchimp.md §3.6)."""
        return await self.storefront.hold(held)

    async def ensure_webhook(
        self, url: str, *, remote_id: str | None, secret_known: bool
    ) -> WebhookRegistration:
        """See :func:`hooks.ensure`."""
        return await hooks.ensure(
            self.api, self._list_path, url, remote_id=remote_id, secret_known=secret_known
        )

    async def remove_webhook(self, url: str) -> bool:
        """See :func:`hooks.remove`."""
        return await hooks.remove(self.api, self._list_path, url)

    async def contacts(self, kind: str) -> int | None:
        """The audience's contacts as Mailchimp counts them now, of every status."""
        if kind != customers.KIND:
            return None
        self._definition.doubt()
        return (await self._definition.look()).contacts

    def mails(self, change: Change) -> Mails:
        """See :func:`memberchanges.mails`; the tags of a sale's buyer are counted as if all of them were new."""
        if isinstance(change, TagBuyer):
            return Mails(tags=change.tags, tag_mails=0 if change.quiet else len(change.tags))
        return memberchanges.mails(change)

    async def fields(self, kind: str, way: Way) -> Fields:
        """The audience's own fields, groups and tags, and what every member has; of all else, all there is."""
        if (kind, way) not in ((customers.KIND, "in"), (contacts.KIND, "out")):
            return (offered.OUT_FIELDS if way == "out" else offered.IN_FIELDS).get(kind, {})
        merge_fields = await self._definition.merge_fields()
        groups, tags = await self._definition.groups(), await self._definition.tags()
        if way == "out":
            return fields.readable(merge_fields, groups, tags, always=contacts.FIELDS)
        return fields.writable(merge_fields, groups, tags)

    async def missing_fields(self, kind: str, targets: Iterable[str]) -> Sequence[MissingField]:
        """See :func:`fields.missing_fields`."""
        if kind != customers.KIND:
            return ()
        known = {each.tag: each for each in await self._definition.merge_fields()}
        return fields.missing_fields(targets, known)

    async def make_field(self, kind: str, field: MissingField) -> None:
        """A new merge field, which the sign-up form does not show."""
        if kind != customers.KIND:
            raise wrong_kind("Mailchimp", kind)
        await self._definition.create(
            tag=field.path.removeprefix("merge_fields."), name=field.title, type=field.type
        )


def _hash_of_this_process(key: bytes) -> Callable[..., str]:
    """Keyed hashes for a client that nobody gave the installation's: good for as long as it is open."""
    return lambda *parts: hmac.digest(key, "\0".join(parts).encode(), "sha256").hex()[:32]
