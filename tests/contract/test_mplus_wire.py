"""Our tables and messages against the vendor's own description: the sandbox must not be the only witness."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from pydantic import SecretStr

from app.connectors.base import Desired, Intent, Opening, Wanted
from app.connectors.mplus import codec, soap
from app.connectors.mplus.catalogue import LISTS
from app.connectors.mplus.connector import open_client
from app.connectors.mplus.customers import UpdateRelation
from app.connectors.mplus.models import MplusCredentials, MplusSettings
from app.errors import AppError
from app.records.decision import Carried
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "mplus"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's description is not at hand (../shared/specs/mplus)"
)

XSD = "{http://www.w3.org/2001/XMLSchema}"
WHOLE = {"long", "int", "short", "unsignedInt"}
ASSUMED = {("Relation", "balance"): "cents", ("Relation", "creditLimit"): "cents"}  # mplus.md §1.5, [INF]


@cache
def description() -> dict[str, Any]:
    """The operations by name; those that the extract leaves out, as the WSDL itself has them."""
    found = json.loads((SPECS / "mplus-operations.json").read_text())
    found["types"] = {
        name: {"fields": in_wsdl(name)} for name in codec.TYPES if name not in found["types"]
    } | found["types"]
    for name in codec.OPERATIONS.keys() - found["operations"].keys():
        answer = name[0].upper() + name[1:] + "Response"
        found["operations"][name] = {
            "request": {"element": name, "fields": in_wsdl(name)},
            "response": {"element": answer, "fields": in_wsdl(answer)},
        }
    return found


def in_wsdl(name: str) -> list[dict[str, Any]]:
    """The fields of a type or message."""
    [place] = [
        each
        for each in definitions().iter(f"{XSD}complexType", f"{XSD}element")
        if each.get("name") == name and each.find(f".//{XSD}sequence") is not None
    ][-1:]
    return [
        {
            "name": each.get("name"),
            "type": each.get("type", "").rpartition(":")[2],
            "max": None if each.get("maxOccurs") == "unbounded" else 1,
        }
        for each in place.iter(f"{XSD}element")
        if each is not place
    ]


@cache
def definitions() -> etree._Element:
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
    return etree.fromstring(etree.tostring(found))


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(definitions())


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


class OpenGate:
    """Lets everybody through."""

    @asynccontextmanager
    async def slot(self):
        yield


async def bring_a_product(target: Any, url: str, *, first: int) -> None:
    """Made with two articles and a picture, changed, and one article put away."""
    names = [str(first + 1), str(first + 2)]
    carries = tuple(Carried("article", name, found_by=(("article_number", name), ("plu", name))) for name in names)  # fmt: skip
    wanted = Wanted("product", "p", "webshop/1", None, carries=carries)
    for price in (Decimal("9.95"), Decimal(12)):
        articles = [
            {"sku": name, "articleNumber": name, "description": "Trui", "colour": "rood", "size": "M",
             "priceIncl": price, "vatCode": "2", "turnoverGroup": "1", "webshop": True, "barcode": "8712345678906"}
            for name in names
        ]  # fmt: skip
        document = {"description": "Trui", "extraText": "Warm", "groupNumbers": [1], "articleList": articles, "images": [{"id": "1", "url": url}]}  # fmt: skip
        wish = Intent("product", "p", "webshop/1", None, Desired(document), document)
        for change in target.steps(wish, (await target.fetch_many([wanted])).get("p")):
            await target.apply(change)
    away = Wanted("article", "a", None, (await target.fetch_many([wanted]))["p"].carries[names[0]])
    found = await target.fetch_many([away])
    for change in target.steps(Intent("article", "a", None, away.remote_id, None), found["a"]):
        await target.apply(change)


async def test_every_message_of_a_working_day_is_valid_to_the_vendors_schema():
    """Check, poll, fetch, find, create, update, at a recent and at an older service: what really crosses the wire."""
    shop = create_till(size=12, seed=2)
    async with serving(shop) as base, httpx.AsyncClient() as http:
        settings = MplusSettings(base_url=base)
        credentials = MplusCredentials(ident="sandbox", secret=SecretStr("sandbox-secret"))
        for major in (67, 57):
            shop.settings.service_major = major
            client = open_client(Opening(settings, credentials, http, OpenGate(), "https://x.nl/hook"))
            await client.check()
            for name in await client.marks():
                with suppress(AppError):
                    await client.changes(name, since=1, limit=10)
            for kind in ("customer", "product", "category", "stock", "order"):
                with suppress(AppError):
                    await client.source(kind).fetch_many(["1", "2", "order:a", "receipt:b", "invoice:c"])
            target = client.target("customer")
            wanted = Wanted("customer", f"key{major}", f"jan{major}@klant-voorbeeld.nl", None)
            document = {
                "name": "Jan",
                "email": wanted.natural,
                "customFields": {"Nieuwsbrief": True},
                "birthDate": "1980-01-02",
            }
            wish = Intent("customer", wanted.key, wanted.natural, None, Desired(document), document)
            [create] = target.steps(wish, (await target.fetch_many([wanted])).get(wanted.key))
            made = await target.apply(create)
            await target.apply(
                UpdateRelation(number=int(made.remote_id or 0), fields={"city": "Zeist", "active": False})
            )
            await client.custom_fields("customer")
            await bring_a_product(client.target("product"), "http://127.0.0.1:9/none.png", first=major * 1000)
            for name in LISTS:
                with suppress(AppError):
                    await client.options(name)

    wrong = {}
    for entry in shop.log.entries:
        message = body_of(entry.body)
        if not schema().validate(message):
            wrong[entry.operation] = str(schema().error_log)

    assert wrong == {}
    assert {
        "findRelationV2",
        "findRelation",
        "getProducts",
        "getOrders",
        "getStock",
        "createRelation",
        "updateRelation",
        "createProduct",
        "updateProduct",
        "createImageFromUrl",
    } <= {entry.operation for entry in shop.log.entries}
