"""One open connection to a till: what changed, what a record says now, and looking people up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.connectors.base import (
    Asked,
    Diagnosis,
    Document,
    Fetched,
    Fields,
    FirstSale,
    Found,
    Page,
    Source,
    Target,
    Way,
    wrong_kind,
)
from app.connectors.mplus import (
    booking,
    catalogue,
    categories,
    check,
    customers,
    dating,
    firstsales,
    loyalty,
    offered,
    orders,
    products,
    productsteps,
    readers,
    refusals,
    stock,
    writers,
)
from app.connectors.mplus.articles import Articles
from app.connectors.mplus.calls import Till
from app.connectors.mplus.inspection import KINDS as INSPECTED
from app.connectors.mplus.inspection import Inspection
from app.connectors.mplus.models import Version
from app.connectors.mplus.productwriter import ProductTarget
from app.connectors.mplus.salenames import SaleNames
from app.connectors.mplus.salewriter import SaleTarget
from app.errors import RecordRefused

LONGEST_NUMBER = 18
"""Digits of an article number at most."""
_MARKS = {**readers.MARKS, **loyalty.MARKS}
_NO_KINDS = frozenset({readers.PRODUCT_CATEGORY, *loyalty.MARKS})
"""Sequences of changes that tell of another kind's records, and are not read as such."""


def account(host: str, port: int) -> str:
    """Whose limits count: a till's service counts per host and port, whoever asks."""
    return f"mplus:{host}:{port}"


class MplusClient:
    """Reads and writes of one till. ``account`` names whom its limits count: the till's host and port."""

    looked = frozenset({customers.KIND})
    shown = INSPECTED

    def __init__(self, till: Till, *, webhook_url: str | None = None):
        self.till = till
        self.account = account(till.host, till.port)
        self._webhook_url = webhook_url
        self._absent: set[str] = set()
        self._marks: dict[str, int] = {}
        tree = readers.Tree(till, self._marks)
        stocks = readers.StockReader(till)
        self._readers: dict[str, readers.Reader] = {
            customers.KIND: loyalty.RelationReader(till, self._marks),
            loyalty.POINTS: loyalty.PointsReader(till),
            products.KIND: readers.ProductReader(till, tree, stocks, self._marks, ask_marks=self.marks),
            readers.PRODUCT_CATEGORY: readers.ProductsByCategory(till, tree),
            categories.KIND: readers.CategoryReader(till, tree),
            stock.KIND: stocks,
        }
        self._articles = Articles(till)
        self._names = SaleNames(till, self.find_relation, self._articles)
        self._inspection = Inspection(till, self._articles)
        for name, shelf in loyalty.BUYERS.items():
            self._readers[name] = loyalty.BuyerReader(till, shelf, self._marks)
        self._sales = readers.SaleReader(till, orders.ORDERS, self._marks)
        for name, shelf in orders.SHELVES.items():
            self._readers[name] = readers.SaleReader(till, shelf, self._marks)

    async def check(self) -> Diagnosis:
        """What stands in the way, or what is there: version, branches, webhooks."""
        return await check.diagnose(self.till, webhook_url=self._webhook_url)

    async def marks(self) -> Mapping[str, int]:
        """The newest position of every sequence, in one light call. Sales have three: order, invoice, receipt."""
        answer = await self.till.document("getCurrentSyncMarkers")
        self._marks.update({mark: answer[mark] for mark in _MARKS.values() if mark in answer})
        return {kind: answer[mark] for kind, mark in _MARKS.items() if mark in answer}

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        """Records of the sequence whose marker is ``since`` or later."""
        reader = self._readers.get(kind)
        if reader is None:
            raise wrong_kind("MplusKASSA", kind)
        return await reader.changes(since=since, limit=limit)

    async def position_before(self, kind: str, moment: datetime, *, newest: int) -> int | None:
        """The marker below everything that changed at the moment or later; only relations tell when they changed."""
        if kind != customers.KIND:
            return None

        async def ask(marker: int) -> tuple[int, datetime | None] | None:
            page = await self.changes(kind, since=marker, limit=1)
            found = next((each for each in page.found if isinstance(each, Found)), None)
            if found is None or found.position is None:
                return None
            changed = found.document.get("changeTimestamp")
            return found.position, None if changed is None else datetime.fromisoformat(changed)

        return await dating.position_before(ask, moment, newest=newest)

    async def look_up(self, kind: str, *, email: str | None = None, sku: str | None = None) -> str | None:
        """The number of the relation with exactly this address, or of the product that has this article."""
        if email and kind == customers.KIND:
            found = await self.find_relation(email)
            return _number(found, "relationNumber")
        if (
            sku
            and sku.isascii()
            and sku.isdigit()
            and len(sku) <= LONGEST_NUMBER
            and kind in (products.KIND, stock.KIND)
        ):
            answer = await self.till.document("getProducts", products.by_articles([int(sku)]))
            product = next(iter(answer.get("productList", ())), None)
            return _number(product, "productNumber") if kind == products.KIND else product and str(int(sku))
        return None

    def source(self, kind: str) -> Source:
        """Reads one kind by reference."""
        sequence = kind in _NO_KINDS or (kind in orders.SHELVES and kind != orders.KIND)
        if kind not in self._readers or sequence:
            raise wrong_kind("MplusKASSA", kind)
        return self._readers[kind]

    def target(self, kind: str) -> Target:
        """Writes one kind."""
        if kind == customers.KIND:
            return writers.RelationTarget(self.till, self)
        if kind == booking.ORDER:
            return SaleTarget(self.till, self, self._names, "order")
        if kind == booking.INVOICE:
            return SaleTarget(self.till, self, self._names, "invoice")
        if kind in (productsteps.PRODUCT, productsteps.ARTICLE):
            return ProductTarget(self.till, self._articles)
        raise wrong_kind("MplusKASSA", kind)

    async def sold_between(
        self, first: date, last: date, *, parts: frozenset[str]
    ) -> AsyncIterator[Sequence[Fetched]]:
        """Orders, invoices and receipts of these financial days."""
        async for page in self._sales.between(first, last):
            yield await self._sales.through_orders(page) if readers.LINKS in parts else page

    async def first_sales(self, buyers: Sequence[str]) -> Mapping[str, FirstSale]:
        """Where each of these relations first bought something."""
        return await firstsales.first_sales(self.till, buyers)

    async def accounts(self) -> Mapping[str, str]:
        """The ledger account of each turnover group, and of each branch that books a group on one of its own."""
        answer = await self.till.document("getTurnoverGroups", {"request": {"onlyActive": False}})
        return catalogue.accounts(answer)

    async def look_at_all(self, kind: str) -> AsyncIterator[tuple[str, Document]]:
        """Every relation as it stands, page after page; one that is inactive counts as not there."""
        if kind not in self.looked:
            raise wrong_kind("MplusKASSA", kind)
        since = 1
        while True:
            page = await self.changes(kind, since=since, limit=500)
            for each in page.found:
                if isinstance(each, Found):
                    relation = customers.existing_relation(each.document)
                    if relation.state == "present":
                        yield relation.remote_id, relation.document
            if not page.more or page.position < since:
                return
            since = page.position + 1

    async def show(self, kind: str, asked: Sequence[Asked]) -> Mapping[str, Document]:
        """See :class:`Inspection`."""
        if kind not in self.shown:
            raise wrong_kind("MplusKASSA", kind)
        return await self._inspection.show(kind, asked)

    async def options(self, name: str) -> tuple[catalogue.Option, ...]:
        """One of the till's own lists: see :data:`catalogue.LISTS`."""
        listing = catalogue.LISTS[name]
        return tuple(listing.options(await self.till.document(listing.operation, listing.arguments)))

    async def custom_fields(self, kind: str) -> tuple[catalogue.CustomField, ...]:
        """The custom fields that an administrator of this till defined for customers or products."""
        return catalogue.custom_fields(kind, await self.till.document("getCustomFieldLists"))

    async def fields(self, kind: str, way: Way) -> Fields:
        """The till's fields, with its custom fields by name."""
        fields = (offered.OUT_FIELDS if way == "out" else offered.IN_FIELDS).get(kind, {})
        of = offered.CUSTOM_OF.get(kind)
        return fields if of is None else offered.with_custom(fields, await self.custom_fields(of), way=way)

    async def version(self) -> Version:
        """The service's build: known from any answer of a recent service, asked of an older one."""
        if not self.till.version.known:
            self.till.version = Version.of_answer(await self.till.document("getApiVersion"))
        return self.till.version

    async def newest(
        self, *choices: tuple[str, Mapping[str, Any]], writing: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """The answer of the newest operation that this till has, and which one it was. Choices come newest first.

        The version decides; a till that refuses an operation it should have is asked the older way, and not again.
        """
        version = await self.version()
        last = len(choices) - 1
        refused: dict[str, RecordRefused] = {}
        for number, (operation, arguments) in enumerate(choices):
            if number != last and (operation in self._absent or not version.has(operation)):
                continue
            try:
                answer = await self.till.document(operation, arguments, writing=writing)
            except RecordRefused as error:
                if error.code != "client_fault" or number == last:
                    raise next(iter(refused.values()), error) from None
                refused[operation] = error
                continue
            if not writing:  # a write may have been refused for what it holds
                self._absent.update(refused)
            return operation, answer
        raise AssertionError("the last choice either answers or raises")

    async def find_relation(self, email: str, *, external: str | None = None) -> Document | None:
        """The relation with exactly this address (any case), or None.

        The older look-up matches parts of addresses and answers one relation only, so what it finds is compared; when
        it found somebody else, a namesake may hide the one that was meant. One that we made ourselves is then found by
        its ``external`` number, of which parts never match.
        """
        wanted: Document = {"email": email}
        operation, relation = await self._found(
            ("findRelationV2", {"request": {"relation": wanted, "exactMatch": True}}),
            ("findRelation", {"relation": wanted}),
        )
        if _has_address(relation, email):
            return customers.read(relation or {})
        if operation == "findRelation" and relation is not None and external:
            _, relation = await self._found(("findRelation", {"relation": {"extRelationId": external}}))
            if relation is not None and relation.get("extRelationId") == external:
                return customers.read(relation)
        return None

    async def _found(self, *choices: tuple[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any] | None]:
        operation, answer = await self.newest(*choices)
        refused = refusals.of_result(answer, operation=operation)
        if refused is not None:
            if refused.code == "not_found":
                return operation, None
            raise refused
        return operation, answer.get("relation")


def _number(record: Mapping[str, Any] | None, name: str) -> str | None:
    number = None if record is None else record.get(name)
    return None if number is None else str(number)


def _has_address(relation: Mapping[str, Any] | None, email: str) -> bool:
    return (
        relation is not None and str(relation.get("email", "")).strip().casefold() == email.strip().casefold()
    )
