"""The panel's view of the catalogue: products and articles, and what a person in the back office can do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.marked import Row
from app.sandbox.mplus.part import Part
from app.sandbox.mplus.schema import Unreadable, plain

if TYPE_CHECKING:
    from app.sandbox.mplus.catalogue import Catalogue


class CataloguePanel(Part):
    """Keeps nothing itself."""

    @property
    def catalogue(self) -> Catalogue:
        return self.till.catalogue

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "products",
                "Products",
                ("description", "groupNumbers", "articles", "syncMarker"),
                lambda: Shown(self.catalogue.products.rows, _shown_product),
                {"groupNumbers": "groups", "articles": "articles"},
            ),
            Shelf(
                "articles",
                "Articles",
                (
                    "description",
                    "colour",
                    "size",
                    "barcode",
                    "priceIncl",
                    "active",
                    "webshop",
                    "product",
                    "syncMarker",
                ),
                lambda: Shown({number: number for number in self.catalogue.product_of}, self._shown_article),
                {"product": "products", "supplierRelationNumber": "relations"},
            ),
        ]

    def _shown_article(self, number: int) -> dict[str, Any]:
        return {**plain(self.catalogue.article(number) or {}), "product": self.catalogue.product_of[number]}

    def actions(self) -> Sequence[Action]:
        return [
            Action(
                "edit_article",
                "Edit an article",
                (
                    ("articleNumber", "10001"),
                    ("priceIncl", "cents"),
                    ("description", ""),
                    ("active", "true or false"),
                ),
                self._edit_article,
            ),
            Action(
                "edit_product",
                "Edit a product",
                (("productNumber", "1"), ("description", ""), ("extraText", "")),
                self._edit_product,
            ),
        ]

    async def _edit_article(self, fields: Mapping[str, Any]) -> Any:
        changes = self._plain("Article", fields)
        return plain(self.catalogue.edit_article(changes.pop("articleNumber"), **changes))

    async def _edit_product(self, fields: Mapping[str, Any]) -> Any:
        changes = self._plain("Product", fields)
        return plain(self.catalogue.edit_product(changes.pop("productNumber"), **changes))

    def _plain(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.till.schema.from_plain(kind, fields)
        except Unreadable as mistake:
            raise RefusedError(str(mistake)) from None


def _shown_product(row: Row) -> dict[str, Any]:
    return {**plain(row), "articles": [one["articleNumber"] for one in row["articleList"]]}
