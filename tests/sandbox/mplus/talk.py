"""A caller that knows nothing of the sandbox's tables: builds envelopes from plain data and reads answers as nested dicts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

import httpx
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class Fault(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status, self.code, self.text = status, code, text


class Talk:
    """``answer = await talk("getRelations", request={"syncMarker": 1})``; the last answer's element is in ``element``."""

    def __init__(
        self, client: httpx.AsyncClient, *, ident: str = "sandbox", secret: str = "sandbox-secret"
    ) -> None:
        self.client = client
        self.query = {"ident": ident, "secret": secret}
        self.sent: etree._Element | None = None
        self.element: etree._Element | None = None
        self.name = ""
        self.headers = httpx.Headers()

    async def __call__(self, operation: str, **arguments: Any) -> dict[str, Any]:
        body = envelope(operation, arguments)
        self.sent = inside(body)
        response = await self.client.post("/", params=self.query, content=body)
        return self.read(response)

    def read(self, response: httpx.Response) -> dict[str, Any]:
        self.headers = response.headers
        self.element = inside(response.content)
        self.name = etree.QName(self.element).localname
        found = nested(self.element)
        if self.name == "Fault":
            raise Fault(response.status_code, found["faultcode"], found["faultstring"])
        assert response.status_code == 200
        return found if isinstance(found, dict) else {}


def envelope(operation: str, arguments: dict[str, Any]) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}" xmlns:m="urn:mplusqapi"><soap:Header/>'
        f"<soap:Body><m:{operation}>{children(arguments)}</m:{operation}></soap:Body></soap:Envelope>"
    ).encode()


def children(values: dict[str, Any]) -> str:
    return "".join(
        f"<m:{name}>{text(one)}</m:{name}>"
        for name, value in values.items()
        for one in (value if isinstance(value, list) else [value])
    )


def text(value: Any) -> str:
    if isinstance(value, dict):
        return children(value)
    if isinstance(value, datetime):
        return children(
            {
                "sec": value.second,
                "min": value.minute,
                "hour": value.hour,
                "day": value.day,
                "mon": value.month,
                "year": value.year,
                "isdst": False,
                "timezone": 0,
            }
        )
    if isinstance(value, date):
        return children({"day": value.day, "mon": value.month, "year": value.year})
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def inside(body: bytes) -> etree._Element:
    """The one element in the body, cut loose."""
    found = etree.fromstring(body).find(f"{{{SOAP}}}Body")
    assert found is not None
    [element] = found
    return etree.fromstring(etree.tostring(element))


def nested(element: etree._Element) -> Any:
    """Text for a leaf, a dict otherwise; a child that repeats becomes a list."""
    if len(element) == 0:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name = etree.QName(child).localname
        value = nested(child)
        if name in found:
            kept = found[name]
            found[name] = [*kept, value] if isinstance(kept, list) else [kept, value]
        else:
            found[name] = value
    return found


def listed(value: Any) -> list[Any]:
    """What repeats may come once or not at all."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]
