"""The sandbox till against the vendor's own description: our tables word for word, and every kind of answer by its XSD.

The description is read from ``../shared/specs`` beside the checkout and mended in memory (its import of the SOAP encoding
needs the internet). Without it these tests are left out: the only ones that may be.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from app.sandbox.mplus.ids import named as made
from app.sandbox.mplus.till import Till, create_till
from tests.sandbox.mplus.talk import Talk

SPECS = next(
    (
        found
        for parent in Path(__file__).resolve().parents
        if (found := parent / "shared" / "specs" / "mplus").is_dir()
    ),
    None,
)
pytestmark = pytest.mark.skipif(
    SPECS is None, reason="the vendor's description is not at hand (../shared/specs/mplus)"
)
XSD = "{http://www.w3.org/2001/XMLSchema}"
SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="


@cache
def described() -> etree._Element:
    """The ``schema`` element of the WSDL, mended."""
    assert SPECS is not None
    text = (SPECS / "mplusqapi.wsdl").read_text("utf-8-sig").replace("SOAP-ENC:base64", "xsd:base64Binary")
    [schema] = etree.fromstring(text.encode()).iter(f"{XSD}schema")
    for imported in schema.findall(f"{XSD}import"):
        schema.remove(imported)
    return etree.fromstring(etree.tostring(schema))


@cache
def validator() -> etree.XMLSchema:
    return etree.XMLSchema(described())


def mistakes(element: etree._Element) -> list[str]:
    """What the vendor's schema finds wrong with a message, with the message's own words."""
    schema = validator()
    schema.validate(element)
    return [f"{error.path}: {error.message}" for error in schema.error_log]


@cache
def listed_types() -> dict[str, Any]:
    assert SPECS is not None
    found: dict[str, Any] = json.loads((SPECS / "mplus-operations.json").read_text())
    return found


def fields_described(name: str) -> list[tuple[str, str, bool, bool]]:
    """(name, type, required, repeated), those of the base type first."""
    kind = listed_types()["types"][name]
    before = fields_described(kind["base"]) if "base" in kind else []
    return before + [(f["name"], f["type"], f["min"] == 1, f["max"] is None) for f in kind["fields"]]


def test_our_tables_say_what_the_description_says() -> None:
    schema, spec = create_till(size=0).schema, listed_types()
    differences = []
    for name, shape in schema.shapes.items():
        if name not in spec["types"]:
            continue
        theirs = fields_described(name)
        ours = [
            (field.name, kind if field.type == "any" else field.type, field.required, field.repeated)
            for field, (_, kind, _, _) in zip(shape.fields, theirs, strict=False)
        ]
        if ours != theirs or shape.child != spec["types"][name].get("list_of"):
            differences.append(name)
    for name, values in schema.enums.items():
        if name in spec["enums"] and values != set(spec["enums"][name]):
            differences.append(name)
    for name, signature in schema.operations.items():
        if name not in spec["operations"]:
            continue
        theirs_op = spec["operations"][name]
        if signature.response != theirs_op["response"]["element"] or [f.name for f in signature.fields] != [
            f["name"] for f in theirs_op["request"]["fields"]
        ]:
            differences.append(name)

    assert [] == differences


def test_every_operation_that_is_there_is_one_of_the_vendors() -> None:
    till = create_till(size=0)
    names = {element.get("name") for element in described().findall(f"{XSD}element")}

    assert set() == set(till.handlers) - names
    assert set() == set(till.handlers) - set(till.schema.operations)
    assert set() == {signature.response for signature in till.schema.operations.values()} - names


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    till = create_till(size=60, seed=1, sales=0, now=lambda: datetime(2025, 3, 5, 11, 30, tzinfo=UTC))
    prepare(till)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(till), base_url="http://till") as client:
        yield Talk(client)
    await till.close()


def prepare(till: Till) -> None:
    till.sessions.subscribe(endpoint_url="https://example.net/hook", secret=SECRET)
    till.stock.move(1, 10001, physical=Decimal("-0.5"), kind="STOCK-HISTORY-TYPE-API")
    till.images.link("RELATION", 4, [(1, ())])
    sales(till)


def sales(till: Till) -> None:
    """Order 1 is open, 2 has left, 3 was turned over as a receipt; every kind of receipt is there."""
    given = {"relationNumber": 4, "employeeNumber": 1, "deliveryAddress": ADDRESS, "lineList": [ONE]}
    till.orders.create({**given, "extOrderId": "made-1"})
    till.orders.deliver(till.orders.create({**given, "extOrderId": "made-2"}))
    till.orders.receipted(till.orders.deliver(till.orders.create({**given, "extOrderId": "made-3"})))
    till.invoices.create({**given, "extInvoiceId": "made-1"})
    till.counter.cash(5_000, "wisselgeld")
    till.counter.cash(-1_000, "bloemen")
    till.counter.transfer(2_000, source="CONTANT", to="PIN")
    till.counter.top_up(2_500, "9000123456", relation=4)
    till.counter.deposit(25)
    lines = [
        {"articleNumber": 10001, "discountPercentage": 10, "promotion": "VOORJAAR"},
        {"articleNumber": 10018},
    ]
    session = till.sessions.open(4, lines)
    session.payments = [{"method": "PIN", "amount": 12.5}]
    till.counter.sold(session)
    till.counter.credited(session)


RELATION = {
    "relationNumber": 900,
    "extRelationId": "x-1",
    "name": "Zoë & Ömer",
    "birthDate": date(1980, 2, 29),
    "categoryIds": {"category": [1, 5]},
    "customFieldList": {
        "customField": [{"fieldName": "Nieuwsbrief", "dataType": "DATA-TYPE-BOOL", "boolValue": True}]
    },
    "contactList": {"relation": [{"name": "Tweede", "email": "t@klant-voorbeeld.nl"}]},
}
PRODUCT = {
    "description": "Jas & sjaal",
    "articleList": {
        "article": [
            {
                "articleNumber": 77001,
                "active": True,
                "colour": "rood",
                "size": "S",
                "vatCode": 2,
                "priceIncl": 1999,
            },
            {"colour": "rood", "size": "M", "vatCode": 2, "priceExcl": 1999},
        ]
    },
    "groupNumbers": [2],
}
CORRECTIONS = {
    "branchNumber": 1,
    "employeeNumber": 1,
    "reference": "telling",
    "stockCorrectionList": {"correction": [{"articleNumber": 10001, "amount": 4, "decimalPlaces": 0}]},
}
WORKPLACE = {"branchNumber": 1, "workplaceNumber": 1}
ONE = {"articleNumber": 10001, "data": {"quantity": 1, "decimalPlaces": 0}}
ADDRESS = {
    "name": "Zoë & Ömer",
    "address": "Singel 1",
    "zipcode": "3511 AB",
    "city": "Utrecht",
    "country": "Nederland",
}
ORDER = {
    "orderId": "",
    "extOrderId": "shop-1",
    "orderType": "ORDER-TYPE-EXTERNAL-SALES-ORDER",
    "employeeNumber": 999999,
    "relationNumber": 4,
    "deliveryAddress": ADDRESS,
    "invoiceAddress": ADDRESS,
    "financialDate": date(2025, 3, 1),
    "reference": "#1001",
    "vatMethod": "VAT-METHOD-EXCLUSIVE",
    "deliveryMethod": "BEZORGEN",
    "orderCategoryNumber": 1,
    "lineList": {
        "line": [
            {"articleNumber": 10001, "text": "a", "data": {"quantity": 15, "decimalPlaces": 1, "price": 999, "discountPercentage": 15}},
            {"articleNumber": 10012, "data": {"quantity": 1, "decimalPlaces": 0}},
        ]
    },
}  # fmt: skip
INVOICE = {
    "extInvoiceId": "shop-1",
    "employeeNumber": 999999,
    "relationNumber": 4,
    "reference": "#1001",
    "lineList": {"line": ONE},
}
PAID = {
    "payment": [
        {"method": "PIN", "amount": 1},
        {"method": "CADEAUKAART", "amount": 5, "giftcardNumber": "9000"},
    ]
}
INPUT = {
    "employeeNumber": 999999,
    "relationNumber": 4,
    "financialDate": "2025-03-04",
    "financialBranchNumber": 1,
    "entryBranchNumber": 1,
    "lineList": {"line": {"articleNumber": 10001, "data": {"quantity": "1.5", "price": "9.99"}}},
}
MARKED = {"syncMarker": 1, "syncMarkerLimit": 50, "articlePluNumbers": "", "articleBarcodes": ""}
HEADERS = {"articlePluNumbers": "", "articleBarcodes": "", "includeLineList": False}
LOCK = {"changeCounter": 1, "versionNumber": 1}


def keyed(**request: Any) -> dict[str, Any]:
    return {"request": {"idempotencyKey": "k", **request}}


SALES: list[tuple[str, dict[str, Any]]] = [
    ("getOrders", {"request": MARKED}),
    ("getOrders", {"request": HEADERS}),
    ("getOrder", {"orderId": made("order", 1)}),
    ("getOrder", {"orderId": "none"}),
    ("findOrder", {"extOrderId": "made-2"}),
    ("getOrdersByExtOrderIds", {"request": {"extOrderIds": {"id": ["made-1", "made-2"]}}}),
    ("createOrder", {"order": ORDER}),
    ("createOrder", {"order": {"orderId": "", "extOrderId": "made-1"}}),
    ("createOrderV2", {"request": {"order": ORDER, "applySalesPrices": True}}),
    ("createOrderV2", {"request": {"order": {**ORDER, "extOrderId": "made-1"}}}),
    ("createOrderV3", keyed(order=ORDER, prepay=True, paymentList=PAID)),
    ("createOrderV3", keyed(order=ORDER, prepay=False, paymentList=PAID)),
    ("createOrderV3", keyed(order={**ORDER, "extOrderId": "made-1"})),
    ("updateOrder", {"order": {"orderId": made("order", 1), "reference": "x", **LOCK}}),
    ("updateOrder", {"order": {"orderId": made("order", 1), **LOCK}}),
    ("updateOrderV2", {"request": {"order": {"orderId": made("order", 1), "reference": "x", **LOCK}}}),
    ("updateOrderV2", {"request": {"order": {"orderId": made("order", 1)}}}),
    ("saveOrder", {"order": ORDER}),
    ("saveOrder", {"order": {"orderId": made("order", 1), "reference": "x", **LOCK}}),
    ("processOrder", keyed(order=INPUT, processorContext="")),
    ("processOrder", keyed(order=INPUT, processorContext={"dryRun": True})),
    ("processOrder", keyed(order={"orderId": "none", **INPUT}, processorContext="")),
    ("cancelOrder", {"orderId": made("order", 1)}),
    ("cancelOrder", {"orderId": made("order", 1), "request": {"branchNumber": 1}}),
    ("cancelOrderV2", {"request": {"workplace": WORKPLACE, "employee": {"employeeNumber": 1}, "orderId": made("order", 1)}}),
    ("payOrder", {"request": {"orderId": made("order", 1), "prepay": True, "paymentList": PAID}}),
    ("payOrder", {"request": {"orderId": "none", "prepay": True, "paymentList": PAID}}),
    ("payOrderV2", keyed(orderId=made("order", 1), prepay=False, paymentList={"payment": {"method": "PIN", "amount": 9_999_999}})),
    ("deliverOrder", {"request": {"orderId": made("order", 1), "turnoverType": "DELIVER-ORDER-TURNOVER-TYPE-INVOICE"}}),
    ("deliverOrder", {"request": {"orderId": "none"}}),
    ("deliverOrderV2", {"request": {"orderDelivery": {"orderId": made("order", 1), "lineList": {"line": {"lineId": made("order line", 1), "quantity": 1, "decimalPlaces": 0}}}}}),
    ("getPackingSlips", {"request": {"syncMarker": 1}}),
    ("getPackingSlips", {"request": {"includeLineList": False}}),
    ("getPackingSlipsByOrder", {"request": {"orderId": made("order", 2)}}),
    ("cancelPackingSlip", keyed(packingSlipId=made("packing slip", 1), workplaceKey=WORKPLACE)),
    ("createInvoiceFromPackingSlips", keyed(packingSlipIds=[made("packing slip", 1)], financialDate="2025-03-05", branchNumber=1)),
    ("createInvoiceFromPackingSlips", keyed(packingSlipIds=["none"], financialDate="2025-03-05", branchNumber=1)),
    ("getInvoices", {"request": MARKED}),
    ("getInvoices", {"request": {**HEADERS}}),
    ("getInvoice", {"invoiceId": made("invoice", 1)}),
    ("findInvoice", {"extInvoiceId": "made-1"}),
    ("findInvoice", {"extInvoiceId": "none"}),
    ("saveInvoice", {"invoice": INVOICE}),
    ("saveInvoice", {"invoice": {**INVOICE, "extInvoiceId": "made-1"}}),
    ("saveInvoice", {"invoice": {"invoiceId": made("invoice", 1), "reference": "x", **LOCK}}),
    ("processInvoice", keyed(invoice=INPUT, processorContext="")),
    ("payInvoice", {"request": {"invoiceId": made("invoice", 1), "paymentList": PAID}}),
    ("payInvoice", {"request": {"invoiceId": made("invoice", 1), "paymentList": {"payment": {"method": "PIN", "amount": 9_999_999}}}}),
    ("creditInvoice", {"invoiceId": made("invoice", 1)}),
    ("creditInvoiceV2", {"request": {"invoiceId": made("invoice", 1), "explanation": "x"}}),
    ("getReceipts", {"request": {**MARKED, "includeOrderReferences": True}}),
    ("getReceipts", {"request": HEADERS}),
    ("getReceipt", {"receiptId": made("receipt", 1)}),
    ("getReceipt", {"receiptId": "none"}),
    ("getReceiptsByOrder", {"orderId": made("order", 3)}),
]  # fmt: skip
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("getApiVersion", {}),
    ("getDatabaseVersion", {}),
    ("getLicenseInformation", {}),
    ("getCurrentSyncMarkers", {}),
    ("getCurrentSyncMarkersV2", {"request": {"includeRelationSyncMarker": True}}),
    ("getConfiguration", {"request": {}}),
    ("getConfigurationTree", {"request": {}}),
    ("getConfigurationValues", {"request": {"configurationKeys": ["general.currency"]}}),
    ("getBranches", {}),
    ("getBranchInformation", {"request": {"branchNumber": 2}}),
    ("getBranchInformation", {"request": {"branchNumber": 99}}),
    ("getAvailableTerminalList", {}),
    ("getEmployees", {}),
    ("getEmployees", {"request": {"employeeNumbers": [1], "syncMarker": 1}}),
    ("getEmployee", {"employeeNumber": 999999}),
    ("getEmployee", {"employeeNumber": 5}),
    ("getCustomFieldLists", {}),
    ("getCardCategories", {}),
    ("getCardCategoriesV2", {"request": {"workplaceKey": WORKPLACE}}),
    ("getWebhookConsumers", {"request": {"workplace": WORKPLACE}}),
    ("getRelations", {}),
    ("getRelations", {"request": {"relationNumbers": [1, 2], "syncMarker": 1, "syncMarkerLimit": 10}}),
    ("getRelation", {"relationNumber": 4}),
    ("findRelation", {"relation": {"name": "a"}}),
    ("findRelation", {"relation": {"name": "nobody at all"}}),
    ("findRelationV2", {"request": {"relation": {"email": "x"}, "exactMatch": True}}),
    ("createRelation", {"relation": RELATION}),
    ("createRelation", {"relation": {"relationNumber": 1}}),
    ("updateRelation", {"relation": {"relationNumber": 1, "email": "u@klant-voorbeeld.nl"}}),
    ("updateRelation", {"relation": {"relationNumber": 99, "email": "u@klant-voorbeeld.nl"}}),
    ("getRelationPoints", {"request": {"syncMarker": 1}}),
    ("adjustPoints", {"request": {"relationNumber": 1, "pointsAdjustment": 4}}),
    ("adjustPoints", {"request": {"relationNumber": 99, "pointsAdjustment": 4}}),
    ("getVatGroupList", {}),
    ("getTurnoverGroups", {"request": {}}),
    ("getPaymentMethods", {}),
    ("getPaymentMethodsV2", {"request": {"paymentMethodTypes": ["PAYMENT-METHOD-TYPE-EFT"]}}),
    ("getAvailablePaymentMethods", {}),
    ("getPriceGroupList", {}),
    ("getSalesPriceList", {}),
    ("getCostCenters", {"request": ""}),
    ("getOrderCategories", {}),
    ("getDeliveryMethods", {}),
    ("getDeliveryMethodsV2", {"request": {"onlyEnabled": True}}),
    ("getProducts", {"request": {"pluNumbers": ""}}),
    ("getProducts", {"request": {"articleNumbers": [10001], "pluNumbers": ""}}),
    ("createProduct", {"product": PRODUCT}),
    ("createProduct", {"product": {"productNumber": 1}}),
    ("updateProduct", {"product": {"productNumber": 1, "articleList": {"article": {"vatCode": 2}}}}),
    ("updateProduct", {"product": {"productNumber": 99}}),
    ("getArticleGroups", {"request": {"retrieveArticleNumbers": True}}),
    ("getArticleGroupChanges", {"request": {"syncMarker": 1}}),
    ("newArticleGroup", {"request": {"parentGroupNumber": 1, "name": "x", "text": ""}}),
    ("updateArticleGroup", {"request": {"groupNumber": 1, "name": "x"}}),
    ("deleteArticleGroup", {"request": {"groupNumber": 1}}),
    ("addProductsToArticleGroup", {"request": {"groupNumber": 2, "productNumbers": {"number": [2]}}}),
    ("replaceProductsOfArticleGroup", {"request": {"groupNumber": 2, "productNumbers": {"number": [2]}}}),
    ("deleteProductsFromArticleGroup", {"request": {"groupNumber": 2, "removeAll": True}}),
    ("getImages", {"request": {"imageIds": [1, 2], "includeImageData": True, "includeThumbData": True}}),
    ("createImage", {"request": {"imageName": "a", "mimeType": "image/png", "imageData": "QUJD"}}),
    ("createImage", {"request": {"imageName": "a", "mimeType": "text/plain", "imageData": "QUJD"}}),
    ("createImageFromUrl", {"request": {"imageName": "a", "mimeType": "image/png", "imageUrl": "nowhere"}}),
    ("getCardImages", {"request": {"cardType": "PRODUCT", "cardNumbers": [10001]}}),
    (
        "saveCardImages",
        {
            "request": {
                "cardType": "PRODUCT",
                "cards": {"cardNumber": 1, "images": {"imageId": 1, "labels": ""}},
            }
        },
    ),
    ("getCardImageLabels", {"request": {"cardType": "PRODUCT"}}),
    ("getStock", {"request": {"branchNumber": 1, "articleNumbers": ""}}),
    ("getStock", {"request": {"branchNumber": 1, "articleNumbers": {"articleNumbers": [10018]}}}),
    ("getStockHistory", {"request": {"branchNumber": 1}}),
    ("getStockHistoryV2", {"request": {"branchNumbers": [1], "sinceStockId": 1}}),
    ("updateStock", {"request": {"branchNumber": 1, "articleNumber": 10001, "amountChanged": 1}}),
    ("setStock", {"request": {"branchNumber": 1, "articleNumber": 1, "amount": 1}}),
    ("saveStockCorrections", {"request": CORRECTIONS}),
    *SALES,
]


@pytest.mark.parametrize(("operation", "arguments"), CALLS, ids=[name for name, _ in CALLS])
async def test_answers_are_as_described(talk: Talk, operation: str, arguments: dict[str, Any]) -> None:
    await talk(operation, **arguments)
    assert talk.sent is not None
    assert talk.element is not None

    assert ([], []) == (mistakes(talk.sent), mistakes(talk.element))


async def test_the_one_known_difference_relation_missing_when_not_found(talk: Talk) -> None:
    """The description demands a relation even then; the reference says that it is left out (mplus.md §4.6)."""
    await talk("getRelation", relationNumber=99)
    assert talk.element is not None

    [mistake] = mistakes(talk.element)
    assert "Expected is ( {urn:mplusqapi}relation )" in mistake


async def test_zero_dates_and_every_relation_of_a_seed_are_as_described(talk: Talk) -> None:
    till = create_till(size=200, seed=2)
    till.schema.empty_dates_as_zero = True
    async with httpx.AsyncClient(transport=httpx.ASGITransport(till), base_url="http://till") as client:
        other = Talk(client)
        await other("getRelations")
    assert other.element is not None

    assert [] == mistakes(other.element)


def test_every_operation_has_a_call_here() -> None:
    assert set() == set(create_till(size=0).handlers) - {operation for operation, _ in CALLS}
