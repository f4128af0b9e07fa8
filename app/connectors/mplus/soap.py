"""SOAP 1.1 as the till speaks it: one envelope in, one answer or fault out (mplus.md §1.1, §1.2).

Bytes from outside are hostile until read: a document type or an entity is refused before anything is looked at, the
parser loads nothing from anywhere and gives up on absurd depth. Only local names count, prefixes differ by release.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from app.connectors.mplus.codec import NAMESPACE, OPERATIONS, Element, decode, encode
from app.connectors.mplus.encodings import Malformed

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
CONTENT_TYPE = "text/xml; charset=utf-8"


class NotSoap(ValueError):
    """Bytes that are no answer of the till. ``kind`` says what they are instead."""

    def __init__(
        self, kind: Literal["html", "empty", "xml", "entities", "envelope", "answer"], sentence: str
    ):
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that could not be handled at all. ``code`` is without its prefix: ``Client.Authentication``."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The response element of one operation, not decoded yet: its records are read one by one."""

    operation: str
    element: Element

    def document(self) -> dict[str, Any]:
        """The whole answer as plain data. Raises Malformed."""
        return decode(OPERATIONS[self.operation][1], self.element)

    def elements(self, path: str) -> Iterator[Element]:
        """The elements at a path such as ``relationList/relation``."""
        yield from _below(self.element, path.split("/"))


def rows(body: bytes, operation: str, name: str) -> Iterator[Element]:
    """The answer's own children of that name, one by one, each gone when the next is asked for.

    For the one call without a limit, stock, whose answer may hold every article: a tree of it would not fit. Raises
    NotSoap; a fault, which is never large, is for :func:`answer`.
    """
    expected = OPERATIONS[operation][1].lower()
    depth = 0
    try:
        for event, element in etree.iterparse(io.BytesIO(body), events=("start", "end"), **_SAFE):
            if event == "start":
                depth += 1
                if depth == 1 and element.getroottree().docinfo.internalDTD is not None:
                    raise NotSoap(
                        "entities", "The answer brings its own document type; it is refused unread."
                    )
                if depth == 3 and local_name(element).lower() not in (expected, ""):
                    raise NotSoap("answer", f"The answer to {operation} is not a {OPERATIONS[operation][1]}.")
                continue
            if depth == 4:
                if local_name(element) == name:
                    yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
            depth -= 1
    except etree.XMLSyntaxError:
        raise NotSoap("xml", "The answer is not well-formed XML.") from None


def request(operation: str, arguments: Mapping[str, Any]) -> bytes:
    """The envelope of one call. Raises Malformed for a value that its type cannot hold."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"SOAP-ENV": ENVELOPE, "ns1": NAMESPACE})
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Header")
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    encode(etree.SubElement(body, f"{{{NAMESPACE}}}{operation}"), OPERATIONS[operation][0], arguments)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def answer(body: bytes, operation: str) -> Answer | Fault:
    """What came back. Raises NotSoap for anything that is neither the operation's answer nor a fault."""
    content = _content(_parsed(body))
    if local_name(content) == "Fault":
        return _fault(content)
    expected = OPERATIONS[operation][1]
    # Answers are named irregularly, and an old service may differ in the case of a letter: that is no reason to stop.
    if local_name(content).lower() != expected.lower():
        raise NotSoap("answer", f"The answer to {operation} is not a {expected}.")
    return Answer(operation, content)


def local_name(element: Element) -> str:
    """``relation`` of ``{urn:mplusqapi}relation``."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def number_of(element: Element, name: str) -> int | None:
    """One whole number of a record that may be broken elsewhere: what names it in an error."""
    for child in element:
        if local_name(child) == name:
            try:
                return int((child.text or "").strip()[:20])
            except ValueError:
                return None
    return None


def _parsed(body: bytes) -> Element:
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise NotSoap("empty", "The answer is empty.")
    if start[:14].lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise NotSoap("html", "A web page came back instead of an answer of the till.")
    try:
        root = etree.fromstring(body, etree.XMLParser(**_SAFE))
    except (etree.XMLSyntaxError, ValueError, AssertionError):
        raise NotSoap("xml", "The answer is not well-formed XML.") from None
    if root is None:
        raise NotSoap("xml", "The answer is not well-formed XML.")
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotSoap("entities", "The answer brings its own document type; it is refused unread.")
    if local_name(root) == "html":
        raise NotSoap("html", "A web page came back instead of an answer of the till.")
    return root


def _content(root: Element) -> Element:
    body = next((child for child in root if local_name(child) == "Body"), None)
    if local_name(root) != "Envelope" or body is None:
        raise NotSoap("envelope", "The answer is XML, but not a SOAP envelope.")
    content = next((child for child in body if local_name(child)), None)
    if content is None:
        raise NotSoap("envelope", "The answer is a SOAP envelope with nothing inside.")
    return content


def _fault(element: Element) -> Fault:
    parts = {local_name(child): (child.text or "").strip() for child in element}
    code = parts.get("faultcode", "")
    return Fault(code=code.rpartition(":")[2] or "Unknown", text=parts.get("faultstring", ""))


def _below(element: Element, names: list[str]) -> Iterator[Element]:
    for child in element:
        if local_name(child) == names[0]:
            if len(names) == 1:
                yield child
            else:
                yield from _below(child, names[1:])


__all__ = [
    "CONTENT_TYPE",
    "Answer",
    "Fault",
    "Malformed",
    "NotSoap",
    "answer",
    "local_name",
    "number_of",
    "request",
    "rows",
]
