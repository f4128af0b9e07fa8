"""Products of the till: a product only groups articles, the article is what is sold (mplus.md §4.3).

Sizes and colours are articles under one product; the till's own "article variant" is a packaging and is not read.
A poll may return a product with only its changed articles, so all of them are always asked for. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Document
from app.connectors.mplus import fields
from app.connectors.mplus.shelf import Shelf

KIND = "product"


def read(product: Mapping[str, Any]) -> Document:
    """The product in the till's words, with all of its articles; custom fields by name, empty texts left out."""
    document = fields.filled(product, but=("articleList",))
    document["articleList"] = [read_article(article) for article in product.get("articleList", ())]
    document["images"] = images(document["articleList"])
    return document


def read_article(article: Mapping[str, Any]) -> Document:
    """One article. Money is in euros, quantities are Decimals."""
    document = fields.filled(article, but=("customFieldList", "priceGroupList"))
    prices = {
        str(group["priceGroupNumber"]): price
        for group in article.get("priceGroupList", ())
        if (price := group.get("priceIncl")) is not None and "priceGroupNumber" in group
    }
    if prices:
        document["priceGroups"] = prices
    document["customFields"] = fields.custom_fields(article.get("customFieldList", ()))
    document["imageList"] = [fields.filled(image) for image in article.get("imageList", ())]
    return document


def images(articles: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Every picture of the product once, in the order of the articles, with the articles that it shows."""
    found: dict[int, Document] = {}
    for article in articles:
        for image in article.get("imageList", ()):
            shown = found.setdefault(image.get("imageId", 0), {**image, "articleNumbers": []})
            if "articleNumber" in article:
                shown["articleNumbers"].append(article["articleNumber"])
    return list(found.values())


def with_groups(document: Document, groups: Mapping[int, Mapping[str, Any]]) -> Document:
    """The product with the names of its groups; ``groups`` are the tree's, by number."""
    standing = [groups[number] for number in document.get("groupNumbers", ()) if number in groups]
    return document | {
        "groups": [{"groupNumber": g["groupNumber"], "name": g["name"], "path": g["path"]} for g in standing]
    }


def with_stock(document: Document, stocks: Mapping[int, Sequence[Document]]) -> Document:
    """The product with the stock of its articles, a row per branch; those that keep none have no such field."""
    articles = [
        article | {"stock": list(rows)} if (rows := stocks.get(article.get("articleNumber", 0))) else article
        for article in document["articleList"]
    ]
    return document | {"articleList": articles}


def markers(product: Mapping[str, Any]) -> Sequence[int]:
    """The markers of the articles and the product's own: any of them may be what moved."""
    own = [product, *product.get("articleList", ())]
    return [marker for each in own if (marker := each.get("syncMarker")) is not None]


def by_mark(since: int, limit: int) -> Document:
    """Changed products. Never filtered: a filter would hide the article that has just left it (mplus.md §3.1)."""
    return {
        "request": {
            "pluNumbers": [],
            "syncMarker": since,
            "syncMarkerLimit": limit,
            "includeAllArticlesOfSelectedProducts": True,
        }
    }


def by_refs(refs: Sequence[str]) -> Document:
    """These products, by number, whole."""
    return {
        "request": {
            "pluNumbers": [],
            "includeAllArticlesOfSelectedProducts": True,
            "productNumbers": [int(ref) for ref in refs],
        }
    }


def by_articles(numbers: Sequence[int]) -> Document:
    """The products of these articles, with only these articles."""
    return {"request": {"articleNumbers": list(numbers), "pluNumbers": []}}


SHELF = Shelf(
    kind=KIND,
    operation="getProducts",
    path="productList/product",
    type="Product",
    number="productNumber",
    mark="articleSyncMarker",
    markers=markers,
    by_mark=by_mark,
    by_refs=by_refs,
    read=read,
    bundled=True,
    chunk=100,
)
