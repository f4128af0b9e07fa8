"""Reading each kind of record: what changed since a marker, and what a reference holds now.

Most kinds stand on one shelf and need one call. Categories need the whole tree, stock needs the branches, and products
borrow the names of their groups from the tree, which is read again only when the groups' own marker has moved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Protocol

from app.connectors.base import Changed, Document, Fetched, Found, Gone, Page, Source, wrong_kind
from app.connectors.mplus import categories, customers, orders, products, stock
from app.connectors.mplus.calls import Till
from app.connectors.mplus.shelf import MAX_PAGE, Shelf
from app.connectors.mplus.sifted import sifted
from app.errors import AdministratorError

PRODUCT_CATEGORY = "product_category"
"""The sequence of products whose category changed."""
LINKS = "links"
"""The part of a sale that follows its links: what the sales that it names are as well."""
PRODUCTS = "products"
"""The part of a sale that names the product of each line's article: a line itself names the article alone."""
MOST_REMEMBERED = 20_000


class Reader(Protocol):
    """Reads one sequence of records."""

    async def changes(self, *, since: int, limit: int) -> Page: ...

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]: ...


class ShelfReader:
    """A kind that stands on one shelf. ``marks`` are the newest markers that a light call has told, by their element."""

    def __init__(self, till: Till, shelf: Shelf, marks: Mapping[str, int]):
        self._till = till
        self._shelf = shelf
        self._marks = marks

    async def changes(self, *, since: int, limit: int) -> Page:
        """One page, in one call."""
        wanted = max(1, min(limit, MAX_PAGE))
        answer = await self._till.call(self._shelf.operation, self._shelf.by_mark(max(since, 0), wanted))
        return self._shelf.page(answer, since=since, limit=wanted, mark=self._marks.get(self._shelf.mark))

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once, in lists. One that this till could never have given is gone."""
        shelf = self._shelf
        numbers = {ref: number for ref in dict.fromkeys(refs) if (number := shelf.known(ref)) is not None}
        fetched: list[Fetched] = [Gone(ref) for ref in dict.fromkeys(refs) if ref not in numbers]
        asked = list(numbers)
        for start in range(0, len(asked), shelf.chunk):
            chunk = asked[start : start + shelf.chunk]
            answer = await self._till.call(shelf.operation, shelf.by_refs([numbers[ref] for ref in chunk]))
            fetched += shelf.fetched(answer, chunk)
        return fetched


class Tree:
    """The article groups, read when they are first needed and again when their marker has moved."""

    def __init__(self, till: Till, marks: Mapping[str, int]):
        self._till = till
        self._marks = marks
        self._groups: Mapping[int, Document] | None = None
        self._read_at: int | None = None

    async def groups(self, *, anew: bool = False) -> Mapping[int, Document]:
        """All groups by number."""
        mark = self._marks.get(categories.MARK)
        if anew or self._groups is None or mark != self._read_at:
            answer = await self._till.document("getArticleGroups", categories.whole_tree())
            self._groups = categories.flatten(answer.get("articleGroupList", ()))
            self._read_at = mark
        return self._groups


class CategoryReader:
    """Article groups."""

    def __init__(self, till: Till, tree: Tree):
        self._till = till
        self._tree = tree

    async def changes(self, *, since: int, limit: int) -> Page:
        """Changed groups and all below them. The tree is read only when something changed."""
        wanted = max(1, min(limit, MAX_PAGE))
        answer = await self._till.document(
            "getArticleGroupChanges", categories.by_mark(max(since, 0), wanted)
        )
        changed = answer.get("changedArticleGroupList", ())
        groups = await self._tree.groups(anew=True) if changed else {}
        return categories.page(changed, groups, since=since, limit=wanted)

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Out of the tree as it is now."""
        return tuple(categories.fetched(refs, await self._tree.groups(anew=True)))


class ProductsByCategory:
    """Products whose category changed: renamed, moved or deleted, itself or one above it."""

    def __init__(self, till: Till, tree: Tree):
        self._till = till
        self._tree = tree

    async def changes(self, *, since: int, limit: int) -> Page:
        """The products of changed groups, by the groups' own sequence."""
        wanted = max(1, min(limit, MAX_PAGE))
        answer = await self._till.document(
            "getArticleGroupChanges", categories.by_mark(max(since, 0), wanted)
        )
        changed = answer.get("changedArticleGroupList", ())
        groups = await self._tree.groups(anew=True) if changed else {}
        return Page(
            changed=tuple(
                Changed(products.KIND, number, dedupe=f"group {why}:{number}")
                for number, why in categories.products_of(changed, groups).items()
            ),
            position=max((group.get("syncMarker", 0) for group in changed), default=since - 1),
            more=len(changed) >= wanted,
        )

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:  # noqa: ARG002 - the protocol's
        """Products are read as products."""
        raise wrong_kind("MplusKASSA", PRODUCT_CATEGORY)


class ProductReader:
    """Products, with the names of their groups."""

    def __init__(
        self,
        till: Till,
        tree: Tree,
        stocks: StockReader,
        marks: Mapping[str, int],
        *,
        ask_marks: Callable[[], Awaitable[object]],
    ):
        self._shelf = ShelfReader(till, products.SHELF, marks)
        self._tree = tree
        self._stock = stocks
        self._ask_marks = ask_marks

    async def changes(self, *, since: int, limit: int) -> Page:
        """One page; ``limit`` counts articles, as the till does (mplus.md §3.1).

        A product that fills a page alone would be read again for each of its articles: then a larger page is asked.
        """
        page = await self._shelf.changes(since=since, limit=limit)
        while page.more and limit < MAX_PAGE and _fills_alone(page, limit):
            limit *= 4
            page = await self._shelf.changes(since=since, limit=limit)
        return replace(page, found=tuple(await self._with_groups(page.found)))

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Whole products by number. The markers are asked first: another process may have noticed that a group changed."""
        await self._ask_marks()
        return await self._with_groups(await self._shelf.fetch_many(refs))

    def including(self, parts: frozenset[str]) -> Source:
        """With the stock of every article, where that is wanted."""
        return StockedProductReader(self, self._stock) if stock.KIND in parts else self

    async def _with_groups(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        found = [record for record in fetched if isinstance(record, Found)]
        if not any(record.document.get("groupNumbers") for record in found):
            return fetched
        groups = await self._tree.groups()
        return [
            replace(record, document=products.with_groups(record.document, groups))
            if isinstance(record, Found)
            else record
            for record in fetched
        ]


def _fills_alone(page: Page, limit: int) -> bool:
    if len(page.found) != 1 or not isinstance(page.found[0], Found):
        return False
    return len(page.found[0].document.get("articleList", ())) >= limit


class StockedProductReader:
    """Products with the stock of their articles."""

    def __init__(self, products: ProductReader, stocks: StockReader):
        self._products = products
        self._stock = stocks

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Whole products by number; the stock of all of them is asked for together."""
        fetched = await self._products.fetch_many(refs)
        stocks = await self._stock.rows(
            [
                article["articleNumber"]
                for record in fetched
                if isinstance(record, Found)
                for article in record.document["articleList"]
                if article.get("stockArticle") and "articleNumber" in article
            ]
        )
        return [
            replace(record, document=products.with_stock(record.document, stocks))
            if isinstance(record, Found)
            else record
            for record in fetched
        ]


class StockReader:
    """Stock of every branch."""

    def __init__(self, till: Till):
        self._till = till
        self._branches: tuple[int, ...] = ()

    async def changes(self, *, since: int, limit: int) -> Page:
        """Articles whose stock moved anywhere; one call per branch, since each answer holds everything that is left."""
        moved: list[tuple[int, int]] = []
        for branch in await self._all_branches(anew=True):
            arguments = stock.by_mark(max(since, 0), branch)
            moved += await self._till.picked("getStock", arguments, row="articleStocks", pick=stock.moved)
        return stock.page(moved, since=since, limit=limit)

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each article with all its branches; one that keeps no stock is found without any."""
        branches = await self._all_branches()
        numbers = {ref: int(ref) for ref in dict.fromkeys(refs) if products.SHELF.known(ref) is not None}
        fetched: list[Fetched] = [Gone(ref) for ref in dict.fromkeys(refs) if ref not in numbers]
        asked = list(numbers)
        for start in range(0, len(asked), stock.CHUNK):
            chunk = asked[start : start + stock.CHUNK]
            answer = await self._till.document(
                "getStock", stock.by_refs([numbers[ref] for ref in chunk], branches)
            )
            rows = answer.get("articleStocks", ())
            seen = {row.get("articleNumber") for row in rows}
            absent = [numbers[ref] for ref in chunk if numbers[ref] not in seen]
            fetched += stock.fetched(chunk, rows, await self._existing(absent))
        return fetched

    async def rows(self, numbers: Sequence[int]) -> Mapping[int, Sequence[Document]]:
        """The rows of these articles, per branch; an article without stock has none."""
        found: dict[int, list[Document]] = {}
        branches = await self._all_branches() if numbers else ()
        for start in range(0, len(numbers), stock.CHUNK):
            asked = stock.by_refs(numbers[start : start + stock.CHUNK], branches)
            answer = await self._till.document("getStock", asked)
            for row in answer.get("articleStocks", ()):
                found.setdefault(row.get("articleNumber", 0), []).append(row)
        return found

    async def _existing(self, numbers: Sequence[int]) -> set[int]:
        if not numbers:
            return set()
        answer = await self._till.document("getProducts", products.by_articles(numbers))
        articles = (
            article for product in answer.get("productList", ()) for article in product.get("articleList", ())
        )
        return {article.get("articleNumber", 0) for article in articles}

    async def _all_branches(self, *, anew: bool = False) -> tuple[int, ...]:
        if anew or not self._branches:
            answer = await self._till.document("getBranches")
            self._branches = tuple(
                sorted(branch.get("branchNumber", 0) for branch in answer.get("branches", ()))
            )
        if not self._branches:
            raise AdministratorError(
                "The till shows no branch, so its stock cannot be asked for.",
                advice="The right to read branches may be missing for this ident.",
                code="missing_rights",
            )
        return self._branches


class SaleReader:
    """Orders, invoices or receipts since a marker, and any of the three by reference, with the relation of each."""

    def __init__(self, till: Till, shelf: Shelf, marks: Mapping[str, int]):
        self._till = till
        self._sequence = ShelfReader(till, shelf, marks)
        self._shelves = [(each, ShelfReader(till, each, marks)) for each in orders.SHELVES.values()]
        self._relations = ShelfReader(till, customers.SHELF, marks)
        self._till = till
        self._products: dict[int, int] = {}

    async def changes(self, *, since: int, limit: int) -> Page:
        """One page of one sequence."""
        page = await self._sequence.changes(since=since, limit=limit)
        return replace(page, found=tuple(await self._completed(page.found)))

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once, asked where it stands."""
        return await self._completed(await self._bare(refs))

    async def between(self, first: date, last: date) -> AsyncIterator[Sequence[Fetched]]:
        """Sales of all kinds by their financial day, page after page."""
        days = {"fromFinancialDate": first, "throughFinancialDate": last}
        for shelf, _ in self._shelves:
            async for page in sifted(self._till, shelf, days):
                yield await self._completed(page.found)

    def including(self, parts: frozenset[str]) -> Source:
        """With the invoices of a receipt's orders, and with the products of lines, where that is wanted."""
        return CompletedSaleReader(self, parts) if parts & {LINKS, PRODUCTS} else self

    async def with_products(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        """Sales whose lines name their products; what is not known yet of all of them is asked for together."""
        named = {
            number
            for record in fetched
            if isinstance(record, Found)
            for number in orders.articles_of(record.document)
        }
        await self._learn_products(sorted(named - self._products.keys()))
        return [
            replace(record, document=orders.with_products(record.document, self._products))
            if isinstance(record, Found)
            else record
            for record in fetched
        ]

    async def _learn_products(self, articles: Sequence[int]) -> None:
        if len(self._products) + len(articles) > MOST_REMEMBERED:
            self._products.clear()
        for start in range(0, len(articles), products.SHELF.chunk):
            asked = products.by_articles(articles[start : start + products.SHELF.chunk])
            answer = await self._till.document("getProducts", asked)
            for product in answer.get("productList", ()):
                for article in product.get("articleList", ()):
                    if "articleNumber" in article and "productNumber" in product:
                        self._products[article["articleNumber"]] = product["productNumber"]

    async def through_orders(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        """Receipts with what their orders are as well; all of those are asked for together."""
        named = {
            str(ref)
            for record in fetched
            if isinstance(record, Found) and record.ref.startswith(orders.RECEIPTS.prefix)
            for ref in record.document["relatedIds"]
        }
        return await self._beside(fetched, named, orders.with_links)

    async def _beside(
        self,
        fetched: Sequence[Fetched],
        refs: Set[str],
        completed: Callable[[Document, Mapping[str, Document]], Document],
    ) -> Sequence[Fetched]:
        """Every sale completed by those that it names; all of those are asked for together."""
        if not refs:
            return fetched
        named = await self._bare(sorted(refs))
        sales = {record.ref: record.document for record in named if isinstance(record, Found)}
        return [
            replace(record, document=completed(record.document, sales))
            if isinstance(record, Found)
            else record
            for record in fetched
        ]

    async def _bare(self, refs: Sequence[str]) -> list[Fetched]:
        fetched: list[Fetched] = []
        left = list(dict.fromkeys(refs))
        for shelf, reader in self._shelves:
            own = [ref for ref in left if shelf.known(ref) is not None]
            fetched += await reader.fetch_many(own) if own else ()
            left = [ref for ref in left if ref not in set(own)]
        return [*fetched, *(Gone(ref) for ref in left)]

    async def _completed(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        return await self._with_credited(await self._with_relations(fetched))

    async def _with_credited(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        """A credit names the paper that it credits; which order that belongs to, is asked once for all of them."""
        credited = {
            str(of)
            for record in fetched
            if isinstance(record, Found) and (of := record.document.get("creditOf"))
        }
        return await self._beside(fetched, credited, orders.with_credited)

    async def _with_relations(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        """A sale names its relation by number only; who that is, is asked once for all of them."""
        numbers = {
            str(number)
            for record in fetched
            if isinstance(record, Found) and (number := record.document.get("relationNumber"))
        }
        if not numbers:
            return fetched
        relations = {
            int(record.ref): record.document
            for record in await self._relations.fetch_many(sorted(numbers))
            if isinstance(record, Found)
        }
        return [
            replace(record, document=orders.with_relation(record.document, relations))
            if isinstance(record, Found)
            else record
            for record in fetched
        ]


class CompletedSaleReader:
    """Sales with more than they tell themselves: their links followed (a receipt names its orders, and they their invoices),
    their lines with the products of the articles."""

    def __init__(self, sales: SaleReader, parts: frozenset[str]):
        self._sales, self._parts = sales, parts

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once."""
        fetched = await self._sales.fetch_many(refs)
        if LINKS in self._parts:
            fetched = await self._sales.through_orders(fetched)
        return await self._sales.with_products(fetched) if PRODUCTS in self._parts else fetched


MARKS: Mapping[str, str] = {
    customers.KIND: customers.SHELF.mark,
    products.KIND: products.SHELF.mark,
    categories.KIND: categories.MARK,
    PRODUCT_CATEGORY: categories.MARK,
    stock.KIND: stock.MARK,
} | {name: shelf.mark for name, shelf in orders.SHELVES.items()}
"""Sequence of changes: its element in ``getCurrentSyncMarkers``."""
