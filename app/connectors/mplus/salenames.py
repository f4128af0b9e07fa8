"""What sales name, looked up in the till before anything is written: articles, turnover groups by account, relations.

A SKU is an article number where it is one; else, by setting, a PLU or a barcode. The till has no search by barcode
(mplus.md §4.3), so all of them are read once when the first is needed, and from then on what changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.connectors.allof import all_of
from app.connectors.base import Document, Existing, Found, Intent
from app.connectors.mplus import customers, products, readers
from app.connectors.mplus.calls import Till
from app.connectors.mplus.saledocument import ACCOUNT, ARTICLE, RELATION, name_of, relation_of
from app.connectors.mplus.shelf import MAX_PAGE
from app.errors import AppError, RecordRefused
from app.values.gtin import gtin_digits

Names = dict[tuple[str, str], Existing]

CHUNK = 100
BELIEVED_S = 300.0
MOST_DIGITS = 15


class SaleNames:
    """Look-ups of one till. ``find_relation`` is the client's, which knows the till's version."""

    def __init__(
        self,
        till: Till,
        find_relation: Callable[..., Any],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._till = till
        self._find_relation = find_relation
        self._monotonic = monotonic
        self._groups: Mapping[str, str] = {}
        self._groups_until = 0.0
        self._barcodes = Barcodes(till)

    async def of(self, intents: Sequence[Intent]) -> list[Names | AppError]:
        """What stands there of all that these sales name; articles are asked for together."""
        wanted = {name: _match(intent) for intent in intents for name in _articles(intent)}
        articles = await self._known_articles(wanted)
        groups = await self._groups_by_account() if any(_accounts(intent) for intent in intents) else {}
        buyers = await all_of(self._relation(intent) for intent in intents)
        found: list[Names | AppError] = []
        for intent, buyer in zip(intents, buyers, strict=True):
            if isinstance(buyer, AppError):
                found.append(buyer)
                continue
            names = {(ARTICLE, name): articles[name] for name in _articles(intent) if name in articles}
            names |= {(ACCOUNT, name): Existing(groups[name]) for name in _accounts(intent) if name in groups}
            found.append(names | buyer)
        return found

    # --- articles --------------------------------------------------------------------------------------------------

    async def _known_articles(self, wanted: Mapping[str, frozenset[str]]) -> dict[str, Existing]:
        found: dict[str, Existing] = {}
        by_number = {
            name: int(name)
            for name, match in wanted.items()
            if "article_number" in match and _is_number(name)
        }
        there = await self._by_numbers(sorted(set(by_number.values())))
        found |= {name: _existing(number) for name, number in by_number.items() if number in there}
        plus = [name for name, match in wanted.items() if "plu" in match and name not in found]
        if plus:
            found |= {name: _existing(number) for name, number in (await self._by_plus(plus)).items()}
        codes = {
            name: code
            for name, match in wanted.items()
            if "barcode" in match and name not in found and (code := gtin_digits(name)) is not None
        }
        if codes:
            by_code = await self._barcodes.find(codes.values())
            found |= {name: _existing(by_code[code]) for name, code in codes.items() if code in by_code}
        return found

    async def _by_numbers(self, numbers: Sequence[int]) -> set[int]:
        there: set[int] = set()
        for start in range(0, len(numbers), CHUNK):
            arguments = products.by_articles(numbers[start : start + CHUNK])
            there |= {article["articleNumber"] for article in await self._articles(arguments)}
        return there

    async def _by_plus(self, plus: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(plus), CHUNK):
            texts = [{"text": name} for name in plus[start : start + CHUNK]]
            for article in await self._articles({"request": {"pluNumbers": texts}}):
                if article.get("pluNumber") in plus:
                    found.setdefault(article["pluNumber"], article["articleNumber"])
        return found

    async def _articles(self, arguments: Mapping[str, Any]) -> Iterable[Document]:
        answer = await self._till.document("getProducts", arguments)
        return [
            article
            for product in answer.get("productList", ())
            for article in product.get("articleList", ())
            if "articleNumber" in article
        ]

    # --- accounts and relations ------------------------------------------------------------------------------------

    async def _groups_by_account(self) -> Mapping[str, str]:
        if self._monotonic() >= self._groups_until:
            answer = await self._till.document("getTurnoverGroups", {"request": {"onlyActive": True}})
            groups: dict[str, str] = {}
            for group in answer.get("turnoverGroupList", ()):
                account = group.get("accountNumber") or group.get("defaultAccountNumber")
                if account and "turnoverGroup" in group:
                    groups.setdefault(str(account), str(group["turnoverGroup"]))
            self._groups, self._groups_until = groups, self._monotonic() + BELIEVED_S
        return self._groups

    async def _relation(self, intent: Intent) -> Names | AppError:
        relation = relation_of(intent.document)
        if relation is None:
            return {}
        email = str(relation["email"])
        try:
            found = await self._find_relation(email, external=external_of(intent))
        except RecordRefused as refused:
            return refused
        return {} if found is None else {(RELATION, email): customers.existing_relation(found)}


def external_of(intent: Intent) -> str | None:
    """The mark that a relation made for this sale gets, by which an older till finds it again."""
    key = intent.options.get("relation_key")
    return customers.external_id(str(key)) if key else None


def _articles(intent: Intent) -> list[str]:
    names = [name_of(line) for line in intent.document.get("lineList", ())]
    if intent.options.get("placeholder_article"):
        names.append(str(intent.options["placeholder_article"]))
    return [name for name in dict.fromkeys(names) if name]


def _accounts(intent: Intent) -> set[str]:
    lines = intent.document.get("lineList", ())
    return {str(line["accountNumber"]) for line in lines if line.get("accountNumber") is not None}


def _match(intent: Intent) -> frozenset[str]:
    return frozenset(intent.options.get("match_by") or ("article_number",))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= MOST_DIGITS


def _existing(number: int) -> Existing:
    return Existing(remote_id=str(number))


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
        """Article numbers of these barcodes, as the till has them now."""
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
