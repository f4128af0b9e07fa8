"""Products and their articles: the product only groups, the article is what is sold (mplus.md §4.3).

Articles and products draw their markers from one sequence. A poll answers products with only their changed articles,
unless it asks for all; its limit counts articles. Nothing is deleted: articles become inactive or discontinued.

``cataloguepanel.py`` has the panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.control import RefusedError
from app.sandbox.mplus.articlechoice import Chosen
from app.sandbox.mplus.articleseed import seed_catalogue
from app.sandbox.mplus.cards import ARTICLE_CATEGORIES, merged_fields
from app.sandbox.mplus.finance import excluding, including, percentage_of
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import Raw, plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

HIGHEST = "highestMarker"  # of a product and its articles: what it is found by; never on the wire
SERVER_FILLS = frozenset(
    {"syncMarker", "createTimestamp", "changeTimestamp", "averagePurchasePrice", "imageList"}
)


class Catalogue(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.products: Marked[int] = Marked(mark=HIGHEST)
        self.product_of: dict[int, int] = {}
        self.by_plu: dict[str, int] = {}

    def operations(self) -> Mapping[str, Handler]:
        return {"getProducts": self.get_products, "createProduct": self.create, "updateProduct": self.update}

    def markers(self) -> Mapping[str, int]:
        return {"articleSyncMarker": self.products.visible}

    def clear(self) -> None:
        self.products.clear()
        self.product_of.clear()
        self.by_plu.clear()

    def seed_articles(self, *, articles: int, seed: int) -> None:
        seed_catalogue(self.till, articles=articles, seed=seed)

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "products":
            self.products.hold(changes)
        return kind == "products"

    def release(self) -> int:
        return self.products.release()

    def state(self) -> Mapping[str, Any]:
        return {"products": plain({str(number): row for number, row in self.products.rows.items()})}

    # looking

    def article(self, number: int) -> dict[str, Any] | None:
        product = self.products.rows.get(self.product_of.get(number, -1))
        if product is None:
            return None
        return next((one for one in product["articleList"] if one["articleNumber"] == number), None)

    def article_numbers(self, product: int) -> list[int]:
        row = self.products.rows.get(product)
        return [one["articleNumber"] for one in row["articleList"]] if row is not None else []

    # reading over the wire

    def get_products(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        if not self.allowed("articles"):
            return {"productList": []}
        chosen = Chosen(asked)
        cap = self.till.settings.page_cap
        found = self.products.page(
            since=chosen.since,
            limit=min(asked.get("syncMarkerLimit") or cap, cap),
            fits=chosen.fits,
            weigh=lambda row: len(chosen.articles(row)),
        )
        return {"productList": [self._told(row, chosen) for row in found]}

    def _told(self, row: Row, chosen: Chosen) -> Raw | dict[str, Any]:
        articles = chosen.articles(row)
        if len(articles) == len(row["articleList"]):
            return Raw(self.products.text(row["productNumber"], self._render))
        return self.whole({**row, "articleList": articles})

    def whole(self, row: Row) -> dict[str, Any]:
        """As it goes over the wire: VAT percentages and pictures filled in."""
        return {
            **row,
            "articleList": [
                {
                    **one,
                    "vatPercentage": self._percentage(one),
                    "imageList": self.till.images.of("PRODUCT", one["articleNumber"]),
                }
                for one in row["articleList"]
            ],
        }

    def _percentage(self, article: Row) -> int:
        return self.till.finance.scaled(percentage_of(article.get("vatCode", 0)) or Decimal(0))

    def _render(self, row: Row) -> str:
        return self.till.schema.rendered("product", "Product", self.whole(row))

    # writing

    def create(self, arguments: Arguments) -> Values:
        given = arguments["product"]
        number = given.get("productNumber") or max(self.products.rows, default=0) + 1
        refusal = {"result": "CREATE-PRODUCT-RESULT-FAILED", "productNumber": 0}
        if self.products.newest(number) is not None:
            taken = f"{refusal['result']}-PRODUCT-NUMBER-ALREADY-TAKEN"
            return {**refusal, "result": taken, "errorMessage": f"Product number {number} is already taken"}
        for article in given.get("articleList", ()):
            if article.get("articleNumber") in self.product_of:
                taken = f"{refusal['result']}-ARTICLE-NUMBER-ALREADY-TAKEN"
                return {
                    **refusal,
                    "result": taken,
                    "errorMessage": f"Article {article['articleNumber']} exists already",
                }
        blank: dict[str, Any] = {
            "productNumber": number,
            "description": "",
            "extraText": "",
            "articleList": [],
            "groupNumbers": [],
        }
        try:
            row, _, new = self.changed(blank, given)
        except ValueError as mistake:
            return {**refusal, "errorMessage": str(mistake)}
        marker = self.put(row)
        return {
            "result": "CREATE-PRODUCT-RESULT-OK",
            "productNumber": number,
            "articleNumbers": new,
            "changeTimestamp": self.till.now(),
            "syncMarker": marker,
        }

    def update(self, arguments: Arguments) -> Values:
        given = arguments["product"]
        now = self.products.newest(given.get("productNumber", 0))
        if now is None or not self.allowed("articles"):
            return {"result": "UPDATE-PRODUCT-RESULT-NOT-FOUND", "errorMessage": "Product not found"}
        for article in given.get("articleList", ()):
            owner = self.product_of.get(article.get("articleNumber", -1), now["productNumber"])
            if owner != now["productNumber"]:
                return {
                    "result": "UPDATE-PRODUCT-RESULT-FAILED-ARTICLE-NUMBER-ALREADY-TAKEN",
                    "errorMessage": f"Article {article['articleNumber']} belongs to another product",
                }
        try:
            row, existing, new = self.changed(now, given)
        except ValueError as mistake:
            return {"result": "UPDATE-PRODUCT-RESULT-FAILED", "errorMessage": str(mistake)}
        marker = self.put(row)
        return {
            "result": "UPDATE-PRODUCT-RESULT-OK",
            "existingArticleNumbers": existing,
            "newArticleNumbers": new,
            "changeTimestamp": self.till.now(),
            "syncMarker": marker,
        }

    def changed(self, now: Row, given: Row) -> tuple[dict[str, Any], list[int], list[int]]:
        """Only what is given changes; known articles are updated, others added, left-out ones stay. Returns the row with
        new markers in it, the numbers that existed and the new ones. ValueError with the till's sentence."""
        own = {name: value for name, value in given.items() if name not in ("articleList", "syncMarker")}
        for group in own.get("groupNumbers", ()):
            if self.till.groups.alive(group) is None:
                raise ValueError(f"Article group {group} does not exist")
        row = {**now, **own}
        articles = {one["articleNumber"]: one for one in now["articleList"]}
        existing: list[int] = []
        new: list[int] = []
        for one in given.get("articleList", ()):
            number = one.get("articleNumber") or max([*self.product_of, *articles, 10_000]) + 1
            before = articles.get(number)
            articles[number] = self.changed_article(before or self._blank(number), one)
            (existing if before is not None else new).append(number)
        for number in [*existing, *new]:
            articles[number] = {**articles[number], "syncMarker": self.products.next_mark()}
        if "syncMarker" not in now or any(now.get(name) != value for name, value in own.items()):
            row["syncMarker"] = self.products.next_mark()
        row["articleList"] = list(articles.values())
        return row, existing, new

    def _blank(self, number: int) -> dict[str, Any]:
        return {
            "articleNumber": number,
            "createTimestamp": self.till.now(),
            "active": True,
            "stockArticle": True,
        }

    def changed_article(self, now: Row, given: Row) -> dict[str, Any]:
        if not 0 <= given.get("turnoverGroup", 0) <= 999:
            raise ValueError("turnoverGroup must be between 0 and 999")
        code = given.get("vatCode", now.get("vatCode", 0))
        percentage = percentage_of(code)
        if percentage is None:
            raise ValueError(f"VAT code {code} does not exist")
        row = {**now, **{name: value for name, value in given.items() if name not in SERVER_FILLS}}
        if "categoryId" in row:
            category = row.pop("categoryId")
            row.setdefault("categoryIds", [category] if category else [])
        unknown = [number for number in row.get("categoryIds", ()) if number not in ARTICLE_CATEGORIES]
        if unknown:
            raise ValueError(f"Category {unknown[0]} does not exist")
        if "priceIncl" in given and "priceExcl" not in given:
            row["priceExcl"] = excluding(given["priceIncl"], percentage)
        elif "priceExcl" in given and "priceIncl" not in given:
            row["priceIncl"] = including(given["priceExcl"], percentage)
        if "customFieldList" in given:
            row["customFieldList"] = merged_fields(
                self.till.cards.article_fields, now.get("customFieldList", ()), given["customFieldList"]
            )
        row.pop("vatPercentage", None)
        row["changeTimestamp"] = self.till.now()
        return row

    def put(self, row: Row) -> int:
        """Store a product whose articles carry their new markers already."""
        number = row["productNumber"]
        for one in row["articleList"]:
            self.product_of[one["articleNumber"]] = number
            if one.get("pluNumber"):
                self.by_plu[one["pluNumber"]] = one["articleNumber"]
        before = self.products.newest(number)
        highest: int = max([row["syncMarker"], *(one["syncMarker"] for one in row["articleList"])])
        self.products.put(number, row, mark=highest)
        groups_before = set(before["groupNumbers"]) if before is not None else set()
        for group in set(row["groupNumbers"]) ^ groups_before:
            members = [n for n in self.till.groups.cards.rows[group]["productNumbers"] if n != number]
            self.till.groups.cards.amend(
                group, productNumbers=[*members, number] if group in row["groupNumbers"] else members
            )
        return highest

    # what others cause

    def images_changed(self, article: int) -> None:
        if article in self.product_of:
            self.edit_article(article)

    def regroup(self, group: int, *, joined: set[int], left: set[int]) -> None:
        """Products that joined or left a group count as changed."""
        for number in sorted(joined | left):
            row = self.products.newest(number)
            if row is not None:
                groups = [one for one in row["groupNumbers"] if one != group]
                changed = {**row, "groupNumbers": [*groups, group] if number in joined else groups}
                self.put({**changed, "syncMarker": self.products.next_mark()})

    def leave_group(self, group: int) -> None:
        self.regroup(group, joined=set(), left=set(self.till.groups.cards.rows[group]["productNumbers"]))

    # what a person in the back office does

    def edit_article(self, number: int, **changes: Any) -> dict[str, Any]:
        """RefusedError where the till would refuse."""
        product = self.products.newest(self.product_of.get(number, -1))
        if product is None:
            raise RefusedError(f"there is no article {number}")
        self.edit_product(product["productNumber"], articleList=[{"articleNumber": number, **changes}])
        found = self.article(number)
        assert found is not None
        return found

    def edit_product(self, number: int, **changes: Any) -> dict[str, Any]:
        now = self.products.newest(number)
        if now is None:
            raise RefusedError(f"there is no product {number}")
        try:
            row, _, _ = self.changed(now, changes)
        except ValueError as mistake:
            raise RefusedError(str(mistake)) from None
        self.put(row)
        return row

    def lose_article(self, number: int) -> None:
        """The article is not there any more, nor its product where it was the last: as after a backup was put back."""
        product = self.product_of.pop(number)
        row = self.products.rows[product]
        left = [one for one in row["articleList"] if one["articleNumber"] != number]
        if left:
            self.products.amend(product, articleList=left)
        else:
            self.products.lose(product)

    def add(self, **fields: Any) -> dict[str, Any]:
        answer = self.create({"product": fields})
        if answer["result"] != "CREATE-PRODUCT-RESULT-OK":
            raise RefusedError(str(answer["errorMessage"]))
        newest = self.products.newest(answer["productNumber"])
        assert newest is not None
        return newest
