"""Our tables and messages against the vendor's own description: the sandbox must not be the only witness."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from app.connectors.mplus import codec, soap

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "mplus"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's description is not at hand (../shared/specs/mplus)"
)

XSD = "{http://www.w3.org/2001/XMLSchema}"
WHOLE = {"long", "int", "short", "unsignedInt"}
ASSUMED = {("Relation", "balance"): "cents", ("Relation", "creditLimit"): "cents"}  # mplus.md §1.5, [INF]


@cache
def description() -> dict[str, Any]:
    return json.loads((SPECS / "mplus-operations.json").read_text())


@cache
def schema() -> etree.XMLSchema:
    """The XSD inside the WSDL, with the four base64 elements freed from an import that needs the internet."""
    text = (
        (SPECS / "mplusqapi.wsdl")
        .read_bytes()
        .decode("utf-8-sig")
        .replace("SOAP-ENC:base64", "xsd:base64Binary")
    )
    wsdl = etree.fromstring(text.encode())
    [found] = wsdl.iter(f"{XSD}schema")
    for imported in found.findall(f"{XSD}import"):
        found.remove(imported)
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


def described_fields(name: str) -> list[dict[str, Any]]:
    of_type = description()["types"][name]
    return (described_fields(of_type["base"]) if "base" in of_type else []) + of_type["fields"]


def kind_of(field: dict[str, Any]) -> str:
    """The kind that our notation has for a described field."""
    spec, name = description(), field["type"]
    repeated = "*" if field["max"] is None else ""
    if name in spec["types"] and spec["types"][name].get("list_of"):
        [item] = spec["types"][name]["fields"]
        return f"{kind_of({**item, 'max': 1})}[{item['name']}]"
    if name in WHOLE:
        if field["name"].startswith("vatPercentage"):
            return "percent"
        scale = f"int^{field['scaleField']}" if "scaleField" in field else "int"
        return ("cents" if field.get("scale") == 2 else scale) + repeated
    known = {"boolean": "bool", "decimal": "decimal", "SoapMplusDate": "day", "SoapMplusDateTime": "moment"}
    return known.get(name, name if name in spec["types"] else "string") + repeated


def ours(table: str) -> list[tuple[str, str]]:
    return [
        (
            field.name,
            f"{field.kind}[{field.item}]"
            if field.item
            else field.kind + (f"^{field.places}" if field.places else "") + ("*" if field.repeated else ""),
        )
        for field in codec.fields(table)
    ]


@pytest.mark.parametrize("name", sorted(codec.TYPES))
def test_types(name):
    described = [
        (field["name"], ASSUMED.get((name, field["name"]), kind_of(field)))
        for field in described_fields(name)
    ]
    wanted = [field for field, _ in ours(codec.TYPES[name])]

    assert [pair for pair in described if pair[0] in wanted] == ours(codec.TYPES[name])


@pytest.mark.parametrize("operation", sorted(codec.OPERATIONS))
def test_operations(operation):
    described = description()["operations"][operation]
    table, answer = codec.OPERATIONS[operation]

    assert (operation, answer) == (described["request"]["element"], described["response"]["element"])
    assert [(field["name"], kind_of(field)) for field in described["request"]["fields"]] == ours(table)


def value_of(kind: str, depth: int) -> Any:
    simple = {
        "string": "text",
        "int": 7,
        "bool": True,
        "decimal": Decimal("1.25"),
        "cents": Decimal("12.50"),
        "percent": Decimal(21),
        "day": "2026-05-01",
        "moment": "2026-07-01T10:00:00+00:00",
    }
    return simple[kind] if kind in simple else filled(codec.TYPES[kind], depth + 1)


def filled(table: str, depth: int = 0) -> dict[str, Any]:
    """A value in every element that we would ever send; enumerations are left to the vendor's words below."""
    siblings = {field.places for field in codec.fields(table) if field.places}
    data: dict[str, Any] = {}
    for field in codec.fields(table):
        if field.name in siblings or field.name in WORDS_OR_ABSENT or field.kind == "percent":
            continue
        if field.kind in codec.TYPES and depth > 3:
            continue
        value = value_of(field.kind, depth)
        data[field.name] = [value] if field.repeated or field.item else value
    return data | {
        name: word for name, word in WORDS.items() if name in {field.name for field in codec.fields(table)}
    }


# Enumerated elements of requests: with one of the vendor's words, or left out like what only the till fills in.
WORDS = {
    "dataType": "DATA-TYPE-STRING",
    "vatMethod": "VAT-METHOD-INCLUSIVE",
    "defaultVatMethod": "VAT-METHOD-SHIFTED",
    "orderType": "ORDER-TYPE-SALES-ORDER",
    "turnoverType": "DELIVER-ORDER-TURNOVER-TYPE-INVOICE",
    "cardType": "PRODUCT",
    "lineType": "LINE-TYPE-NONE",
}
WORDS_OR_ABSENT = {
    *WORDS, "vatChange", "deliveryState", "cancelState", "completeState", "paymentMethodType", "discountType", "priceType",
    "turnoverGroupType", "lineKind", "vatGroupList", "imageList", "state", "invoiceType", "specialPrice", "specialBehaviour", "orderTypeList", "imageData",
}  # fmt: skip


def body_of(envelope: bytes) -> etree._Element:
    [content] = etree.fromstring(envelope).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    return etree.fromstring(etree.tostring(content))


@pytest.mark.parametrize("operation", sorted(codec.OPERATIONS))
def test_a_filled_request_is_valid_to_the_vendors_schema(operation):
    arguments = filled(codec.OPERATIONS[operation][0])
    if operation == "createImage":
        arguments["request"]["imageData"] = "aGFsbG8="
    message = body_of(soap.request(operation, arguments))

    assert schema().validate(message), schema().error_log
