"""Elements of the till to plain data and back, driven by the tables in ``wire/``.

A table lists a type's elements in the order of the wire, each as ``name:kind``; no kind means text:

    int bool decimal    as they are                     day moment      ``SoapMplusDate``, ``SoapMplusDateTime``
    cents               money in hundredths             percent         a VAT rate of unstated scale
    int^places          an integer, decimals in the sibling ``places``: one Decimal in the data, the sibling vanishes
    Type                a nested element                kind*           repeated
    kind[item]          a wrapper around repeated <item>

Elements that no table names are ignored: newer services send more (mplus.md §1.4). Absent and empty optional values
have no key; an empty text keeps its key, because the till says "empty" so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree

from app.connectors.mplus import encodings
from app.connectors.mplus.encodings import Malformed
from app.connectors.mplus.wire import articles, relations, sales, service

NAMESPACE = "urn:mplusqapi"

TYPES: Mapping[str, str] = service.TYPES | relations.TYPES | articles.TYPES | sales.TYPES
OPERATIONS: Mapping[str, tuple[str, str]] = (
    service.OPERATIONS | relations.OPERATIONS | articles.OPERATIONS | sales.OPERATIONS
)

Element = etree._Element
Read = Callable[[Element], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a type. ``places`` names the sibling with its decimals; ``item`` the child of a wrapper."""

    name: str
    kind: str
    repeated: bool = False
    item: str | None = None
    places: str | None = None


@cache
def fields(table: str) -> tuple[Field, ...]:
    """The fields of a table's text, such as ``relationNumber:int cardNumbers:string*``."""
    return tuple(_field(word) for word in table.split())


def _field(word: str) -> Field:
    name, _, kind = word.partition(":")
    kind = kind or "string"
    if kind.endswith("*"):
        return Field(name, kind[:-1], repeated=True)
    if kind.endswith("]"):
        kind, _, item = kind[:-1].partition("[")
        return Field(name, kind, item=item)
    kind, _, places = kind.partition("^")
    return Field(name, kind, places=places or None)


# --- reading ------------------------------------------------------------------------------------------------------


def _text(element: Element) -> str:
    return element.text or ""


def _integers(element: Element) -> dict[str, int | None]:
    parts: dict[str, int | None] = {}
    for child in element:
        name = _local(child.tag)
        if name != "isdst":
            parts[name] = encodings.read_integer(child.text)
    return parts


def _day(element: Element) -> str | None:
    parts = _integers(element)
    return encodings.read_day(year=parts.get("year"), month=parts.get("mon"), day=parts.get("day"))


_READERS: Mapping[str, Read] = {
    "string": _text,
    "int": lambda element: encodings.read_integer(element.text),
    "bool": lambda element: encodings.read_boolean(element.text),
    "decimal": lambda element: encodings.read_decimal(element.text),
    "cents": lambda element: encodings.read_cents(element.text),
    "percent": lambda element: encodings.read_percent(element.text),
    "day": _day,
    "moment": lambda element: encodings.read_moment(_integers(element)),
}


@cache
def reader(kind: str) -> Read:
    """The function that reads an element of this kind: a primitive's, or a type's."""
    return _READERS.get(kind) or _type_reader(kind)


def _type_reader(kind: str) -> Read:
    known: dict[str, tuple[Field, Read]] = {}
    scaled: list[tuple[str, str]] = []

    def prepare() -> None:
        for field in fields(TYPES[kind]):
            read = _wrapped(field) if field.item else _lazy(field.kind)
            known[f"{{{NAMESPACE}}}{field.name}"] = known[field.name] = (field, read)
            if field.places:
                scaled.append((field.name, field.places))

    def read_type(element: Element) -> dict[str, Any]:
        if not known:
            prepare()
        data: dict[str, Any] = {}
        for child in element:
            entry = known.get(child.tag)
            if entry is None:
                continue
            field, read = entry
            try:
                value = read(child)
            except Malformed as fault:
                raise fault.within(field.name) from None
            if value is None:
                continue
            if field.repeated:
                data.setdefault(field.name, []).append(value)
            else:
                data[field.name] = value
        for name, places in scaled:
            decimals = data.pop(places, 0)  # a missing one counts as 0 (mplus.md §1.5)
            if name in data:
                try:
                    data[name] = encodings.scaled(data[name], decimals)
                except Malformed as fault:
                    raise fault.within(places) from None
        return data

    return read_type


def _lazy(kind: str) -> Read:
    """Types refer to themselves (a relation's contacts are relations), so theirs is looked up when it is used."""
    return _READERS.get(kind) or (lambda element: reader(kind)(element))


def _wrapped(field: Field) -> Read:
    read = _lazy(field.kind)
    item = field.item

    def read_list(element: Element) -> list[Any]:
        values = (read(child) for child in element if _local(child.tag) == item)
        return [value for value in values if value is not None]

    return read_list


def decode(kind: str, element: Element) -> dict[str, Any]:
    """An element of a type as plain data. Raises Malformed, naming the field."""
    data: dict[str, Any] = reader(kind)(element)
    return data


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


# --- writing ------------------------------------------------------------------------------------------------------

_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "string": encodings.write_text,
    "int": encodings.write_integer,
    "bool": encodings.write_boolean,
    "decimal": encodings.write_decimal,
    "cents": encodings.write_cents,
}


def encode(parent: Element, table: str, data: Mapping[str, Any]) -> None:
    """Append the data's values to ``parent`` in the table's order. None means: leave the element out.

    A name that the table does not know raises like a wrong value: nothing is left out in silence.
    """
    listed = fields(table)
    unknown = data.keys() - {field.name for field in listed}
    if unknown:
        raise Malformed("a field that the till knows", min(unknown))
    decimals: dict[str, int] = {}
    for field in listed:
        try:
            if field.name in decimals:
                _sub(parent, field.name).text = str(decimals[field.name])
            elif (value := data.get(field.name)) is not None:
                if field.places:
                    number, decimals[field.places] = encodings.unscaled(value)
                    _sub(parent, field.name).text = str(number)
                else:
                    _write(parent, field, value)
        except Malformed as fault:
            raise fault.within(field.name) from None


def _write(parent: Element, field: Field, value: Any) -> None:
    if field.repeated:
        for each in _each(value):
            _write_one(_sub(parent, field.name), field.kind, each)
    elif field.item:
        wrapper = _sub(parent, field.name)
        for each in _each(value):
            _write_one(_sub(wrapper, field.item), field.kind, each)
    else:
        _write_one(_sub(parent, field.name), field.kind, value)


def _write_one(element: Element, kind: str, value: Any) -> None:
    if kind == "day":
        for name, number in zip(("day", "mon", "year"), encodings.write_day(value), strict=True):
            _sub(element, name).text = str(number)
    elif kind == "moment":
        for name, text in encodings.write_moment(value).items():
            _sub(element, name).text = text
    elif kind in _WRITERS:
        element.text = _WRITERS[kind](value)
    elif isinstance(value, Mapping):
        encode(element, TYPES[kind], value)
    else:
        raise Malformed("object")


def _each(value: Any) -> Iterable[Any]:
    if isinstance(value, str | bytes | Mapping | Decimal) or not isinstance(value, Iterable):
        raise Malformed("list")
    return value


def _sub(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
