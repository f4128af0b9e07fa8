"""SOAP 1.1 as the till speaks it: one envelope in, one envelope or one fault out (mplus.md §1.1, §1.2)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from lxml import etree

from app.sandbox.mplus.schema import NAMESPACE, local

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:ns="{NAMESPACE}"><SOAP-ENV:Body>'
)
TAIL = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
NAMED = re.compile(rb"<(?:[\w.-]+:)?Body(?:\s[^>]*)?>\s*<(?:[\w.-]+:)?(\w+)")


class SoapFault(Exception):
    """A call that could not be handled at all."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def operation_name(body: bytes) -> str:
    """The operation for the log, without parsing; empty where it cannot be told."""
    match = NAMED.search(body, 0, 4_000)
    return match[1].decode("ascii", "replace") if match is not None else ""


def opened(body: bytes) -> etree._Element:
    """The operation's element. Raises SoapFault ``Client``."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as mistake:
        raise SoapFault("Client", f"XML parse error: {mistake}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFault("Client", "XML parse error: a document type is not allowed")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise SoapFault("Client", "This is not a SOAP envelope")
    inside = root.find(f"{{{SOAP}}}Body")
    if inside is None or len(inside) != 1:
        raise SoapFault("Client", "The SOAP body must hold exactly one operation")
    operation = inside[0]
    if etree.QName(operation).namespace != NAMESPACE:
        raise SoapFault(
            "Client", f"Method '{local(operation)}' not implemented: method name or namespace not recognized"
        )
    for element in operation.iter():
        if etree.QName(element).namespace != NAMESPACE:
            raise SoapFault("Client", f"{local(element)}: not in the namespace {NAMESPACE}")
    return operation


def answered(inner: str) -> bytes:
    return f"{HEAD}{inner}{TAIL}".encode()


def faulted(code: str, text: str) -> bytes:
    return answered(
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{escape(code)}</faultcode><faultstring>{escape(text)}</faultstring>"
        "<faultactor/><detail/></SOAP-ENV:Fault>"
    )
