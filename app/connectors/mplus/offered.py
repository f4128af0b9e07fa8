"""Which fields the till's records have, for whoever writes mapping rows: paths and kinds, told from the wire's tables.

Custom fields are this till's own, so any name may stand there. Kinds without a table here are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.connectors.mplus import codec, customers, products, stock

_KINDS = {
    "string": "text",
    "int": "number",
    "decimal": "number",
    "cents": "number",
    "percent": "number",
    "bool": "yes/no",
    "day": "date",
    "moment": "date",
}
_REPLACED = ("customFieldList", "contactList")
_MADE = {"personName": "text", "personIsCompany": "yes/no", "customFields": "object", "customFields.*": "anything"}  # fmt: skip


def relation_fields() -> dict[str, str]:
    """What a relation's document may hold, its contacts included."""
    own = {
        field.name: "list" if field.repeated or field.item else _KINDS.get(field.kind, "anything")
        for field in codec.fields(codec.TYPES["Relation"])
        if field.name not in _REPLACED
    } | _MADE
    contacts = {f"contactList[].{name}": kind for name, kind in own.items()}
    return own | {"contactList": "list"} | contacts


def product_fields() -> dict[str, str]:
    """What a product's document may hold: its articles with their pictures, prices by group and stock, and its groups."""
    own = _told("Product", but=("articleList",))
    images = _told("Image")
    articles = _told("Article", but=("customFieldList", "priceGroupList")) | {
        "priceGroups": "object",
        "priceGroups.*": "number",
        "customFields": "object",
        "customFields.*": "anything",
        "stock": "list",
        **_inside("stock", _told("ArticleStock")),
    }
    return own | {
        "articleList": "list",
        **_inside("articleList", articles),
        "images": "list",
        **_inside("images", images | {"articleNumbers": "list"}),
        "groups": "list",
        **_inside("groups", {"groupNumber": "number", "name": "text", "path": "text"}),
    }


def stock_fields() -> dict[str, str]:
    """What the stock of an article may hold: a row per branch."""
    own = {
        "articleNumber": "number",
        "stockArticle": "yes/no",
        "isDayStockArticle": "yes/no",
        "branches": "list",
    }
    return own | _inside("branches", _told("ArticleStock"))


def _told(table: str, *, but: Sequence[str] = ()) -> dict[str, str]:
    """The fields of a table, those of nested ones with their whole path. A table inside itself is not followed."""
    found: dict[str, str] = {}
    for field in codec.fields(codec.TYPES[table]):
        if field.name in but:
            continue
        many, nested = field.repeated or field.item is not None, field.kind in codec.TYPES
        found[field.name] = "list" if many else "object" if nested else _KINDS.get(field.kind, "anything")
        if nested and field.kind != table:
            inside = _told(field.kind)
            found |= (
                _inside(field.name, inside)
                if many
                else {f"{field.name}.{name}": kind for name, kind in inside.items()}
            )
    return found


def _inside(name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a list's elements."""
    return {f"{name}[].{path}": kind for path, kind in fields.items()}


FIELDS: Mapping[str, Mapping[str, str]] = {
    customers.KIND: relation_fields(),
    products.KIND: product_fields(),
    stock.KIND: stock_fields(),
}
"""Kind of record: its fields by path, as text, number, yes/no, date, list, object or anything."""
