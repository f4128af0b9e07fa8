"""Which fields the till's records have, for whoever writes mapping rows: told from the wire's tables, as the readers decode them.

Custom fields are this till's own: any name may stand under ``customFields`` until the till was asked (:func:`with_custom`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.connectors.base import FieldKind, Fields, RemoteField, Way
from app.connectors.mplus import codec, customers, orders, products, stock
from app.connectors.mplus.catalogue import CustomField
from app.values.text import spoken

Table = dict[str, RemoteField]

MOMENT = "2026-11-24T09:30:00+01:00"
_KINDS: Mapping[str, tuple[FieldKind, str, str]] = {
    "string": ("text", "", ""),
    "int": ("number", "17", ""),
    "decimal": ("number", "2.5", ""),
    "cents": ("number", "12.50", "In euros."),
    "percent": ("number", "21", "Per cent."),
    "bool": ("yes/no", "true", ""),
    "day": ("date", "2026-11-24", "A day."),
    "moment": ("date", MOMENT, "A moment with its zone."),
}
_EXAMPLES = {
    "name": "Anna de Vries",
    "personName": "Anna de Vries",
    "contact": "Anna de Vries",
    "companyName": "De Voorbeeldwinkel",
    "email": "anna@winkel.nl",
    "telephone": "030 123 45 67",
    "mobile": "06 12 34 56 78",
    "address": "Oudegracht 12 A",
    "zipcode": "3511 AB",
    "city": "Utrecht",
    "country": "Nederland",
    "vatNumber": "NL123456789B01",
    "commerceNumber": "30123456",
    "website": "www.winkel.nl",
    "barcode": "8710000000017",
    "description": "Wollen sjaal",
    "colour": "Blauw",
    "size": "M",
    "method": "PIN",
    "reference": "WEB-118",
    "siUnit": "kg",
}
"""What stands there in a shop, by the last name of the path."""


def known(kind: str, *, note: str = "", example: str = "") -> RemoteField:
    """A field of one of the wire's kinds."""
    said, shown, unit = _KINDS.get(kind, ("anything", "", ""))
    return RemoteField(kind=said, example=example or shown, note=note or unit)


def told(table: str, *, but: Collection[str] = ()) -> Table:
    """The fields of a table of the wire, those of nested ones with their whole path. A table inside itself is not followed."""
    found: Table = {}
    listed = codec.fields(codec.TYPES[table])
    places = {field.places for field in listed if field.places}
    for field in listed:
        if field.name in but or field.name in places:
            continue
        many, nested = field.repeated or field.item is not None, field.kind in codec.TYPES
        if many or nested:
            found[field.name] = RemoteField(kind="list" if many else "object")
        else:
            decimal = "decimal" if field.places else field.kind
            found[field.name] = known(decimal, example=_EXAMPLES.get(field.name, ""))
        if nested and field.kind != table:
            inside = told(field.kind)
            found |= within(field.name, inside) if many else below(field.name, inside)
    return found


def within(name: str, fields: Fields) -> Table:
    """The fields of a list's elements."""
    return {f"{name}[].{path}": field for path, field in fields.items()}


def below(name: str, fields: Fields) -> Table:
    """The fields of an object."""
    return {f"{name}.{path}": field for path, field in fields.items()}


def titled(fields: Fields) -> Table:
    """Every field with a title for people: its own, or the last name of its path in words."""
    return {
        path: field if field.title else replace(field, title=spoken(path.removesuffix(".*")))
        for path, field in fields.items()
    }


CUSTOM: Fields = {
    "customFields": RemoteField("Custom fields", "object", note="By name, as an administrator of the till named them."),
    "customFields.*": RemoteField("Any custom field", "anything", origin="custom_field"),
}  # fmt: skip
IMAGE = told("Image")


PURCHASES: Fields = {
    "count": known("int", note="Receipts and invoices since that day, credits left out."),
    "total": known("cents", note="What they come to in euros, credits taken off."),
    "last": known("day", note="The day of the last one."),
    "groups": RemoteField(kind="list", note="Numbers of the turnover groups of what was bought."),
}


def relation_fields() -> Table:
    """What a relation's document may hold, its contacts included."""
    own = told("Relation", but=("customFieldList", "contactList")) | {
        "purchases": RemoteField(
            kind="object", note="Only where the flow's settings name a day for purchases."
        ),
        **below("purchases", PURCHASES),
        "personName": RemoteField(
            example=_EXAMPLES["personName"],
            note="Whom one would address: a company's contact, else the name.",
        ),
        "personIsCompany": RemoteField(kind="yes/no", note="personName is a company's, which nobody splits."),
        **CUSTOM,
    }
    return own | {"contactList": RemoteField("Contacts", "list")} | within("contactList", own)


def product_fields() -> Table:
    """What a product's document may hold: its articles with their pictures, prices by group and stock, and its groups."""
    articles = told("Article", but=("customFieldList", "priceGroupList")) | {
        "priceGroups": RemoteField(kind="object", note="Prices incl. VAT by the number of the price group."),
        "priceGroups.*": known("cents"),
        **CUSTOM,
        "stock": RemoteField(
            kind="list", note="Only where the flow reads the stock along; a row per branch."
        ),
        **within("stock", told("ArticleStock")),
    }
    return told("Product", but=("articleList",)) | {
        "articleList": RemoteField("Articles", "list"),
        **within("articleList", articles),
        "images": RemoteField(kind="list", note="Every picture of the product once."),
        **within("images", IMAGE | {"articleNumbers": RemoteField(kind="list")}),
        "groups": RemoteField(kind="list", note="The article groups it stands in."),
        **within("groups", {"groupNumber": known("int"), "name": RemoteField(), "path": RemoteField(kind="list", note="Names from the root to the group.")}),
    }  # fmt: skip


def stock_fields() -> Table:
    """What the stock of an article may hold: a row per branch."""
    own = {
        "articleNumber": known("int"),
        "stockArticle": known("bool"),
        "isDayStockArticle": known("bool"),
        "branches": RemoteField(kind="list"),
    }
    return own | within("branches", told("ArticleStock"))


LINE = told("Line", but=("data", "preparationList")) | told("LineData")


def sale_fields() -> Table:
    """What a sale's document may hold: the words of orders, invoices and receipts, and what is said the same way of all."""
    kinds = ("Order", "Invoice", "Receipt")
    lists = ("lineList", "paymentList", "webhookSessionData")
    common: Table = {}
    for table in reversed(kinds):
        common |= told(table, but=lists)
    lines = LINE | {
        "role": RemoteField(
            choices=("product", "shipping", "discount", "deposit", "gift_card", "payment", "text")
        ),
        "unitPrice": known("cents", note="What one piece cost after all, in euros."),
        "discount": known("cents", note="What came off the line, in euros."),
        "preparationList": RemoteField(kind="list", note="Components and preparations, as lines."),
        "productNumber": known("int", note="The product that the article belongs to, where the till tells."),
    }
    return common | {
        "kind": RemoteField(choices=("order", "invoice", "receipt")),
        "id": RemoteField(note="The till's own id of it."),
        "number": RemoteField(example="2026.123", note="As people read it on paper."),
        "financial": RemoteField(
            note="Paid or not, in one set of words for all three kinds.", example="paid"
        ),
        "fulfilment": RemoteField(note="Delivered or not.", example="shipped"),
        "paid": known("cents"),
        "isRevenue": RemoteField(kind="yes/no", note="No: money moved without a sale."),
        "pricesIncludeVat": known("bool"),
        "relatedIds": RemoteField(kind="list", note="The same sale under its other kinds."),
        "creditOf": RemoteField(note="The sale that this one credits."),
        "creditRelatedIds": RemoteField(kind="list"),
        "discountTotal": known("cents"),
        "taxTotal": known("cents"),
        "lineList": RemoteField("Lines", "list"),
        **within("lineList", lines),
        "paymentList": RemoteField("Payments", "list"),
        **within("paymentList", told("Payment")),
        "relation": RemoteField("The relation it belongs to", "object"),
        **below("relation", relation_fields()),
    }


# --- what may be written --------------------------------------------------------------------------------------------

_TILLS_OWN = frozenset({
    "relationNumber", "syncMarker", "createTimestamp", "changeTimestamp", "personIsCompany", "cantRedeemPointsReason",
    "cardNumbers", "customFieldList", "contactList", "invoiceCredit", "accountBalance", "balance", "points", "extRelationId",
})  # fmt: skip
"""Fields of a relation that the till, or this service, fills in."""


_MADE_BY_THE_TILL = frozenset({
    "orderId", "invoiceId", "extOrderId", "extInvoiceId", "orderIds", "invoiceIds", "extOrderIds", "extInvoiceIds",
    "orderNumber", "orderNumbers", "invoiceNumber", "invoiceNumbers", "branchOrderNumber", "packingSlipIds",
    "packingSlipNumbers", "transactionString", "syncMarker", "orderBarcode", "invoiceBarcode", "employeeName",
    "relationName", "relationCategoryId", "relationVatNumber", "totalExclAmount", "vatGroupList", "changeCounter",
    "versionNumber", "paidAmount", "prepaidAmount", "fullyPaid", "state", "finalized", "finalizedTimestamp",
    "deliveryState", "cancelState", "completeState", "creditedInvoiceId", "creditedReason", "invoiceReminder",
    "targetInvoiceReminder", "mailedTimestamp", "sessionId", "webhookSessionData", "orderCategoryDescription",
    "salesCategoryDescription", "lineList", "paymentList", "orderType", "invoiceType",
})  # fmt: skip
"""Elements of a sale that the till, or this service, fills in, and the lists that are told apart."""


def relation_targets() -> Table:
    """What rows may write of a relation: the till's fields, and the two general ones (:mod:`placing`)."""
    own = {
        path: field for path, field in told("Relation").items() if path.partition("[")[0] not in _TILLS_OWN
    }
    return own | {
        "personName": RemoteField(example=_EXAMPLES["personName"], note="Goes to the contact of a company, else to the name."),
        "categories": RemoteField("Relation categories", "object", note="Numbers with yes or no; others stay as they are."),
        "categories.*": RemoteField("Any relation category, by its number", "yes/no", example="true"),
        "phoneNumber": RemoteField(example="+31612345678", note="Goes to the number that the relation has, mobile first."),
        **CUSTOM,
    }  # fmt: skip


def sale_targets() -> Table:
    """What rows may write of an order or an invoice: flat lines that name articles as the shop does (:mod:`saledocument`)."""
    head: Table = {}
    for table in ("Invoice", "Order"):
        head |= told(table, but=_MADE_BY_THE_TILL)
    lines = LINE | {
        "articleNumber": RemoteField("Article", note="The article's number, PLU or barcode.", required=True),
        "lineTotal": known("cents", note="What the line must come to; price and discount follow from it."),
        "accountNumber": RemoteField(
            note="The revenue account; becomes the turnover group that books on it."
        ),
    }
    return head | {
        "employeeNumber": known("int", example="999999"),
        "totalInclAmount": known("cents", note="What the sale must come to."),
        "lineList": RemoteField("Lines", "list", required=True),
        **within("lineList", lines),
        "paymentList": RemoteField("Payments", "list"),
        **within("paymentList", told("Payment")),
        "relation": RemoteField("The buyer", "object", note="Looked up by address, and made where it is not there."),
        **below("relation", relation_targets()),
    }  # fmt: skip


_ARTICLES_OWN = frozenset({
    "articleNumber", "syncMarker", "changeTimestamp", "createTimestamp", "vatPercentage", "vatPercentageAlternative",
    "averagePurchasePrice", "supplierRelationName", "articleDiscountGroupName", "imageList", "customFieldList",
    "salesPriceList", "priceGroupList", "componentArticleList", "barcodeList", "categoryIds",
})  # fmt: skip
"""Elements of an article that the till, or this service, fills in, and lists of its own."""


def product_targets() -> Table:
    """What rows may write of a product and its articles, which a shop names by their SKUs (:mod:`productsteps`)."""
    articles = told("Article", but=_ARTICLES_OWN) | {
        "sku": RemoteField("SKU", required=True, note="How the shop knows the article. It becomes its external id."),
        "articleNumber": known("int", note="Where the SKU or the table says it; else one of the range."),
    }  # fmt: skip
    return told("Product", but=("productNumber", "syncMarker", "articleList", "sortOrderGroupList")) | {
        "articleList": RemoteField("Articles", "list", required=True),
        **within("articleList", articles),
        "images": RemoteField(kind="list", note="Fetched by the till."),
        **within(
            "images",
            {
                "id": RemoteField(required=True),
                "url": RemoteField(note="Its public address."),
                "skus": RemoteField(kind="list", note="The articles that it shows; none: all of them."),
            },
        ),
    }


OUT_FIELDS: Mapping[str, Fields] = {
    customers.KIND: titled(relation_fields()),
    products.KIND: titled(product_fields()),
    stock.KIND: titled(stock_fields()),
    orders.KIND: titled(sale_fields()),
}
"""Kind of record that is read: its fields by path."""

_WRITTEN = titled(relation_targets())
IN_FIELDS: Mapping[str, Fields] = {
    customers.KIND: _WRITTEN,
    "contact": _WRITTEN,
    products.KIND: titled(product_targets()),
    orders.KIND: titled(sale_targets()),
}
"""Kind of record that is written: its fields by path."""

CUSTOM_OF = {
    customers.KIND: customers.KIND,
    "contact": customers.KIND,
    products.KIND: products.KIND,
    orders.KIND: customers.KIND,
}
"""Whose custom fields a kind of record carries."""


_EXAMPLE_OF = {
    "whole number": "17",
    "number": "2.5",
    "yes or no": "true",
    "day": "2026-11-24",
    "moment": MOMENT,
}


def with_custom(fields: Fields, custom: Iterable[CustomField], *, way: Way) -> Table:
    """The same with this till's own custom fields by name: no other name is one any more. One with a sign in its name that
    separates paths (``Tel. privé``) can be read, and is no target of a row."""
    found: Table = {}
    own = [each for each in custom if way == "out" or _SEPARATORS.isdisjoint(each.name)]
    for path, field in fields.items():
        if not path.endswith("customFields.*"):
            found[path] = field
            continue
        for each in own:
            found[path.removesuffix("*") + each.name] = RemoteField(
                each.name,
                each.kind,
                example=_EXAMPLE_OF.get(each.holds, ""),
                note=f"A custom field of this till: {each.holds}.{' Cashiers must fill it in.' if each.required else ''}",
                origin="custom_field",
                expression=path.removesuffix("customFields.*") + each.path,
            )
    return found


_SEPARATORS = frozenset('.[]"')
