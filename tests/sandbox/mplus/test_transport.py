"""How the till speaks: envelopes, faults, versions, credentials; each against what the reference says (mplus.md §1)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.sandbox.faults import soap_fault
from app.sandbox.mplus.till import Till
from app.sandbox.serving import serving
from tests.sandbox.mplus.talk import SOAP, Fault, Talk, envelope, nested


def body(inside: str, *, head: str = "") -> bytes:
    return f'{head}<s:Envelope xmlns:s="{SOAP}" xmlns="urn:mplusqapi"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [
        (b"", "Client", "XML parse error"),
        (b"<html><p>no", "Client", "XML parse error"),
        (b'{"operation": "getApiVersion"}', "Client", "XML parse error"),
        (b"<a/>", "Client", "This is not a SOAP envelope"),
        (body(""), "Client", "exactly one operation"),
        (body("<getApiVersion/><getBranches/>"), "Client", "exactly one operation"),
        (body("<eatLunch/>"), "Client", "Method 'ns:eatLunch' not implemented"),
        (body('<getApiVersion xmlns="urn:other"/>'), "Client", "Method 'getApiVersion' not implemented"),
        (body("<getRelation/>"), "Client", "getRelation/relationNumber: missing"),
        (body("<getRelation><relationNumber>one</relationNumber></getRelation>"), "Client", "'one' is not a long"),
        (body("<getRelation><relationNumber>99999999999999999999</relationNumber></getRelation>"), "Client", "not a long"),
        (body("<getRelation><relationNumber/></getRelation>"), "Client", "'' is not a long"),
        (
            body("<updateRelation><relation><relationNumber>1</relationNumber><active/></relation></updateRelation>"),
            "Client",
            "updateRelation/relation/active: '' is not a boolean",
        ),
        (
            body("<updateRelation><relation><name>A</name><relationNumber>1</relationNumber></relation></updateRelation>"),
            "Client",
            "updateRelation/relation/relationNumber: out of order",
        ),
        (
            body("<updateRelation><relation><relationNumber>1</relationNumber><firstName>A</firstName></relation></updateRelation>"),
            "Client",
            "updateRelation/relation/firstName: unknown element",
        ),
        (
            body("<createRelation><relation><defaultVatMethod>VAT-METHOD-HALF</defaultVatMethod></relation></createRelation>"),
            "Client",
            "'VAT-METHOD-HALF' is not a VatMethod",
        ),
        (
            body("<createRelation><relation><birthDate><day>31</day><mon>2</mon><year>1990</year></birthDate></relation></createRelation>"),
            "Client",
            "birthDate: there is no such day",
        ),
        (
            body("<getApiVersion/>", head='<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'),
            "Client",
            "a document type is not allowed",
        ),
        (body("<a>" * 400 + "</a>" * 400), "Client", "XML parse error"),
    ],
)  # fmt: skip
async def test_what_cannot_be_handled_is_a_client_fault(
    talk: Talk, sent: bytes, code: str, text: str
) -> None:
    response = await talk.client.post("/", params=talk.query, content=sent)
    with pytest.raises(Fault) as caught:
        talk.read(response)

    assert (500, f"SOAP-ENV:{code}") == (caught.value.status, caught.value.code)
    assert text in caught.value.text
    assert "text/xml; charset=utf-8" == response.headers["content-type"]


@pytest.mark.parametrize("value", ["1", "true"])
async def test_booleans_come_as_words_or_as_numbers(till: Till, talk: Talk, value: str) -> None:
    await talk("updateRelation", relation={"relationNumber": 1, "alwaysEmailReceipt": value})

    assert till.relations.cards.rows[1]["alwaysEmailReceipt"] is True


@pytest.mark.parametrize(
    "query", [{}, {"ident": "sandbox"}, {"ident": "sandbox", "secret": "wrong"}, {"secret": "sandbox-secret"}]
)
async def test_wrong_credentials(till: Till, talk: Talk, query: dict[str, str]) -> None:
    response = await talk.client.post("/", params=query, content=envelope("getApiVersion", {}))
    till.settings.bare_401 = True
    bare = await talk.client.post("/", params=query, content=envelope("getApiVersion", {}))

    with pytest.raises(Fault, match=r"500 SOAP-ENV:Client\.Authentication"):
        talk.read(response)
    assert (401, b"Unauthorized") == (bare.status_code, bare.content)


async def test_the_secret_is_not_kept_in_the_log(till: Till, talk: Talk) -> None:
    await talk("getApiVersion")

    assert [{"ident": "sandbox", "secret": "***"}] == [entry.query for entry in till.log.entries]
    assert "sandbox-secret" not in (await talk.client.get("/_sandbox/requests")).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 405),
        ("PUT", "/", 405),
        ("GET", "/?wsdl", 200),
        ("GET", "/?WSDL", 200),
        ("POST", "/other", 404),
    ],
)
async def test_other_methods_and_paths(talk: Talk, method: str, path: str, status: int) -> None:
    assert status == (await talk.client.request(method, path)).status_code


async def test_the_wsdl_names_the_operations_that_are_there(talk: Talk) -> None:
    told = (await talk.client.get("/?wsdl")).text

    assert '<operation name="getRelations"><input message="tns:getRelations"/>' in told
    assert "eatLunch" not in told


async def test_answers_tell_the_service_version_and_echo_nothing(till: Till, talk: Talk) -> None:
    till.settings.service_major, till.settings.service_minor, till.settings.service_revision = 59, 2, 0
    response = await talk.client.post(
        "/", params=talk.query, content=envelope("getApiVersion", {}), headers={"X-Request-Id": "r-1"}
    )
    told = talk.read(response)

    assert ("59.2.0", "1", "0", "59", "false") == (
        response.headers["mplus-service-version"],
        told["majorNumber"],
        told["minorNumber"],
        told["serviceMajorNumber"],
        told["inDebugMode"],
    )
    assert "x-request-id" not in response.headers
    assert response.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<SOAP-ENV:Envelope ')
    assert b"<ns:getApiVersionResponse>" in response.content


@pytest.mark.parametrize(
    ("operation", "arguments", "major", "there"),
    [
        ("findRelationV2", {"request": {"relation": {"email": "x"}, "exactMatch": True}}, 57, False),
        ("findRelationV2", {"request": {"relation": {"email": "x"}, "exactMatch": True}}, 59, True),
        ("findRelation", {"relation": {"email": "x"}}, 57, True),
        (
            "getCardCategoriesV2",
            {"request": {"workplaceKey": {"branchNumber": 1, "workplaceNumber": 1}}},
            59,
            False,
        ),
        (
            "getCardCategoriesV2",
            {"request": {"workplaceKey": {"branchNumber": 1, "workplaceNumber": 1}}},
            67,
            True,
        ),
    ],
)
async def test_older_services_lack_younger_operations(
    till: Till, talk: Talk, operation: str, arguments: dict[str, Any], major: int, there: bool
) -> None:
    till.settings.service_major = major
    if there:
        await talk(operation, **arguments)
    else:
        with pytest.raises(Fault, match=f"Method 'ns:{operation}' not implemented"):
            await talk(operation, **arguments)


@pytest.mark.parametrize(
    ("operation", "element"),
    [
        ("getApiVersion", "getApiVersionResponse"),
        ("getCurrentSyncMarkers", "getCurrentSyncMarkersResponse"),
        ("getBranches", "getBranchesResponse"),
        ("getAvailableTerminalList", "getAvailableTerminalListResponse"),
        ("getEmployees", "GetEmployeesResponse"),
        ("getCustomFieldLists", "GetCustomFieldListsResponse"),
        ("getRelations", "GetRelationsResponse"),
    ],
)
async def test_answers_are_named_irregularly(talk: Talk, operation: str, element: str) -> None:
    await talk(operation)

    assert element == talk.name


async def test_injected_soap_faults_and_lost_answers(till: Till) -> None:
    till.faults.add(soap_fault(code="Server", text="deadlock", operation="updateRelation"))
    till.faults.fail_next(kind="reset_after", operation="updateRelation")
    change = {"relationNumber": 1, "name": "Na een verloren antwoord"}
    async with serving(till) as url, httpx.AsyncClient(base_url=url) as client:
        talk = Talk(client)
        with pytest.raises(Fault, match="500 SOAP-ENV:Server: deadlock"):
            await talk("updateRelation", relation=change)
        untouched = till.relations.cards.rows[1]["name"]
        with pytest.raises(httpx.ReadError):
            await talk("updateRelation", relation=change)
        told = await talk("getRelation", relationNumber=1)

    assert untouched != "Na een verloren antwoord" == told["relation"]["name"]


async def test_markers_asked_one_by_one(talk: Talk) -> None:
    asked = await talk(
        "getCurrentSyncMarkersV2", request={"includeRelationSyncMarker": True, "includeStockId": False}
    )
    every = await talk("getCurrentSyncMarkers")

    assert {"relationSyncMarker": "20"} == asked
    assert ("20", "4") == (every["relationSyncMarker"], every["employeeSyncMarker"])


def test_nested_reads_repeats_as_lists() -> None:
    from lxml import etree

    read = nested(etree.fromstring(b'<a xmlns="u"><b>1</b><b>2</b><c><d/></c></a>'))

    assert {"b": ["1", "2"], "c": {"d": ""}} == read
