"""Looking articles up in the till: by number, by PLU, by barcode.

The till has no search by barcode (mplus.md §4.3), so all of them are read once when the first is needed, and from then on
what changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.connectors.base import Document, Found
from app.connectors.mplus import products, readers
from app.connectors.mplus.calls import Till
from app.connectors.mplus.shelf import MAX_PAGE
from app.values.gtin import gtin_digits

CHUNK = 100
WHOLE = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands: its number and its product's; its PLU and its external id, where it has them."""

    number: int
    product: int
    plu: str | None = None
    external: str | None = None


class Articles:
    """Look-ups of one till; many names go in one call."""

    def __init__(self, till: Till):
        self._till = till
        self._barcodes = Barcodes(till)

    async def by_numbers(self, numbers: Iterable[int]) -> dict[int, Place]:
        """The articles of these numbers, as far as there are any."""
        wanted, found = sorted(set(numbers)), dict[int, Place]()
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            found |= {place.number: place for place in await self._places(products.by_articles(part))}
        return found

    async def by_plus(self, plus: Iterable[str]) -> dict[str, Place]:
        """The articles of these PLUs. Of several with one PLU the first that the till tells."""
        wanted, found = list(dict.fromkeys(plus)), dict[str, Place]()
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            for place in await self._places({"request": {"pluNumbers": [{"text": text} for text in part]}}):
                if place.plu in part:
                    found.setdefault(place.plu, place)
        return found

    async def by_barcodes(self, codes: Iterable[str]) -> dict[str, int]:
        """The numbers of the articles with these barcodes. See :class:`Barcodes`."""
        wanted = list(codes)
        return await self._barcodes.find(wanted) if wanted else {}

    async def products(self, numbers: Iterable[int]) -> dict[int, Document]:
        """These products with all of their articles. An answer that was full before all were told is asked on."""
        wanted, found = sorted(set(numbers)), dict[int, Document]()
        for start in range(0, len(wanted), WHOLE):
            part = wanted[start : start + WHOLE]
            found |= await self._whole(part)
            for number in part if len(part) > 1 else ():
                if number not in found:
                    found |= await self._whole([number])
        return found

    async def standing(self, numbers: Iterable[int]) -> dict[int, tuple[Document, Document]]:
        """The articles of these numbers as they are now, each with the product that it stands in, which lists only those."""
        wanted, found = sorted(set(numbers)), dict[int, tuple[Document, Document]]()
        for start in range(0, len(wanted), CHUNK):
            answer = await self._till.document(
                "getProducts", products.by_articles(wanted[start : start + CHUNK])
            )
            for product in map(products.read, answer.get("productList", ())):
                for article in product["articleList"]:
                    if "articleNumber" in article:
                        found[article["articleNumber"]] = (product, article)
        return found

    async def _whole(self, numbers: Sequence[int]) -> dict[int, Document]:
        answer = await self._till.document(
            "getProducts", products.by_refs([str(number) for number in numbers])
        )
        told = map(products.read, answer.get("productList", ()))
        return {each["productNumber"]: each for each in told if "productNumber" in each}

    async def _places(self, asked: Mapping[str, Any]) -> Sequence[Place]:
        answer = await self._till.document("getProducts", asked)
        return [
            Place(
                article["articleNumber"],
                product["productNumber"],
                article.get("pluNumber"),
                article.get("extArticleId"),
            )
            for product in answer.get("productList", ())
            for article in product.get("articleList", ())
            if "articleNumber" in article and "productNumber" in product
        ]


class Barcodes:
    """Articles by barcode: everything once, then what changed since. Codes of articles that are not sold any more are left
    out, so that a successor is found by the same code."""

    def __init__(self, till: Till):
        self._reader = readers.ShelfReader(till, products.SHELF, {})
        self._articles: dict[str, int] = {}
        self._codes: dict[int, tuple[str, ...]] = {}
        self._since = 1
        self._lock = asyncio.Lock()

    async def find(self, codes: Iterable[str]) -> dict[str, int]:
        """Article numbers of these barcodes, as the till has them now. One at a time reads on, the others wait for it."""
        async with self._lock:
            while True:
                page = await self._reader.changes(since=self._since, limit=MAX_PAGE)
                for record in page.found:
                    if isinstance(record, Found):
                        for article in record.document["articleList"]:
                            self._take(article)
                if page.position < self._since:
                    break
                self._since = page.position + 1
                if not page.more:
                    break
            return {code: self._articles[code] for code in codes if code in self._articles}

    def _take(self, article: Mapping[str, Any]) -> None:
        number = article.get("articleNumber")
        if number is None:
            return
        for code in self._codes.pop(number, ()):
            if self._articles.get(code) == number:
                del self._articles[code]
        if not article.get("active", True) or article.get("discontinued"):
            return
        texts: list[Any] = [
            article.get("barcode"),
            *(each.get("barcode") for each in article.get("barcodeList", ())),
        ]
        codes = tuple(dict.fromkeys(digits for text in texts if (digits := gtin_digits(text)) is not None))
        if codes:
            self._codes[number] = codes
            for each in codes:
                self._articles.setdefault(each, number)
