"""What may stand in a message of the till, from the short tables in ``wire/``: decode a request, encode an answer.

A table's line reads ``Name = field?:type other*:type``; ``?`` is optional, ``*`` repeats, no type means string, ``any``
is taken in and thrown away. ``Name[child]`` is a pure list: it becomes a Python list and its wrapper appears only on the
wire. Dates and times become ``date`` and aware ``datetime`` (Europe/Amsterdam); a date of zeros becomes None.

Decoding is strict about names, order, types and enum values, because a connector is to be told of its mistakes here
rather than by a real till. A missing string or list is taken as empty: the vendor's ``required`` is not meant
strictly (specs/mplus/README, rule 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree

ZONE = ZoneInfo("Europe/Amsterdam")
NAMESPACE = "urn:mplusqapi"
WHOLE = {"int": 31, "short": 15, "long": 63, "unsignedInt": 32}
SCALARS = frozenset({"string", "boolean", "decimal", "date", "dateTime", "base64", *WHOLE})
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE = re.compile(r"(\w+)(?:\[(\w+)\])? =(.*)")
FIELD = re.compile(r"(\w+)([?*]?)(?::(\w+))?$")
OPERATION = re.compile(r"(\w+)\((.*)\) -> (\w+)$")


class Unreadable(Exception):
    """A request that cannot be understood: becomes a ``Client`` fault with this sentence."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str = "string"
    required: bool = True
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One complex type; ``child`` is set where it is a pure list."""

    name: str
    fields: tuple[Field, ...]
    child: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    fields: tuple[Field, ...]
    response: str


class Schema:
    """All tables together."""

    def __init__(self, *tables: ModuleType, empty_dates_as_zero: bool = False) -> None:
        self.shapes: dict[str, Shape] = {}
        self.enums: dict[str, frozenset[str]] = {}
        self.operations: dict[str, Signature] = {}
        self.empty_dates_as_zero = empty_dates_as_zero
        for table in tables:
            self._take(table)

    def _take(self, table: ModuleType) -> None:
        for name, child, rest in entries(table.TYPES):
            self.shapes[name] = Shape(name, fields_of(rest), child)
        for name, _, rest in entries(table.ENUMS):
            self.enums[name] = frozenset(rest.split())
        for line in getattr(table, "OPERATIONS", "").split("\n"):
            match = OPERATION.match(line)
            if match is not None:
                self.operations[match[1]] = Signature(match[1], fields_of(match[2]), match[3])

    # reading

    def request(self, element: etree._Element) -> tuple[Signature, dict[str, Any]]:
        """The operation's element -> its signature and arguments. KeyError for an unknown operation."""
        signature = self.operations[local(element)]
        return signature, self._fields(signature.name, signature.fields, element)

    def _fields(self, where: str, fields: tuple[Field, ...], element: etree._Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        at = 0
        for child in element:
            if not isinstance(child.tag, str):
                continue
            name = local(child)
            while at < len(fields) and fields[at].name != name:
                at += 1
            if at == len(fields):
                known = any(field.name == name for field in fields)
                raise Unreadable(f"{where}/{name}: {'out of order' if known else 'unknown element'}")
            field = fields[at]
            if field.type == "any":
                continue
            value = self._value(f"{where}/{name}", field.type, child)
            if field.repeated:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise Unreadable(f"{where}/{name}: given twice")
            else:
                found[name] = value
        for field in fields:
            if field.required and field.name not in found:
                shape = self.shapes.get(field.type)
                if field.type == "string":
                    found[field.name] = ""
                elif shape is not None and shape.child is not None:
                    found[field.name] = []
                elif field.type not in ("any", "base64"):
                    raise Unreadable(f"{where}/{field.name}: missing")
        return found

    def _value(self, where: str, kind: str, element: etree._Element) -> Any:
        if kind in SCALARS or kind in self.enums:
            return self.scalar(where, kind, element.text or "")
        shape = self.shapes[kind]
        if shape.child is not None:
            return self._fields(where, shape.fields, element).get(shape.child, [])
        found = self._fields(where, shape.fields, element)
        if kind == "SoapMplusDate":
            return day(where, found)
        if kind == "SoapMplusDateTime":
            return moment(where, found)
        return found

    def scalar(self, where: str, kind: str, text: str) -> Any:
        if kind in ("string", "base64"):
            return text
        if kind in self.enums:
            if text not in self.enums[kind]:
                raise Unreadable(f"{where}: {text!r} is not a {kind}")
            return text
        text = text.strip()
        try:
            if kind == "boolean":
                return {"true": True, "1": True, "false": False, "0": False}[text]
            if kind in WHOLE:
                number = int(text)
                if not -(2 ** WHOLE[kind]) <= number < 2 ** WHOLE[kind] or "_" in text:
                    raise ValueError
                return number
            if kind == "decimal":
                amount = Decimal(text)
                if not amount.is_finite() or "e" in text.lower() or "_" in text:
                    raise ValueError
                return amount
            if kind == "date":
                return date.fromisoformat(text[:10])
            found = datetime.fromisoformat(text)
            return found.astimezone(ZONE) if found.tzinfo is not None else found.replace(tzinfo=ZONE)
        except (KeyError, ValueError, InvalidOperation):
            raise Unreadable(f"{where}: {text!r} is not a {kind}") from None

    # writing

    def answer(self, response: str, values: Mapping[str, Any]) -> str:
        parts: list[str] = []
        self._write(response, response, values, parts)
        return "".join(parts)

    def rendered(self, name: str, kind: str, value: Any) -> str:
        """One element as text, to be kept and given to ``Raw`` again and again."""
        parts: list[str] = []
        self._write(name, kind, value, parts)
        return "".join(parts)

    def _write(self, name: str, kind: str, value: Any, parts: list[str]) -> None:
        if isinstance(value, Raw):
            parts.append(value.text)
            return
        shape = self.shapes.get(kind)
        if shape is None:
            parts.append(f"<ns:{name}>{scalar_text(kind, value)}</ns:{name}>")
            return
        if kind == "SoapMplusDate":
            parts.append(f"<ns:{name}>{day_text(value)}</ns:{name}>")
            return
        if kind == "SoapMplusDateTime":
            parts.append(f"<ns:{name}>{moment_text(value)}</ns:{name}>")
            return
        parts.append(f"<ns:{name}>")
        if shape.child is not None:
            inner = shape.fields[0]
            for one in value:
                self._write(inner.name, inner.type, one, parts)
        else:
            for field in shape.fields:
                self._write_field(shape, field, value.get(field.name), parts)
        parts.append(f"</ns:{name}>")

    def _write_field(self, shape: Shape, field: Field, value: Any, parts: list[str]) -> None:
        if field.repeated:
            for one in value or ():
                self._write(field.name, field.type, one, parts)
        elif value is not None:
            self._write(field.name, field.type, value, parts)
        elif field.type in ("SoapMplusDate", "SoapMplusDateTime"):
            if field.required or self.empty_dates_as_zero:
                self._write(field.name, field.type, None, parts)
        elif field.required:
            inner = self.shapes.get(field.type)
            if field.type in ("string", "base64") or (inner is not None and inner.child is not None):
                parts.append(f"<ns:{field.name}/>")
            elif inner is None:
                raise AssertionError(f"the answer {shape.name} needs {field.name}")

    # plain data, for the panel

    def from_plain(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """A record as JSON has it -> as the till keeps it. Raises Unreadable for unknown names and wrong values."""
        shape = self.shapes[kind]
        known = {field.name: field for field in shape.fields}
        unknown = set(values) - set(known)
        if unknown:
            raise Unreadable(f"a {kind} has no {', '.join(sorted(unknown))}")
        return {name: self._from_plain(known[name], value) for name, value in values.items()}

    def _from_plain(self, field: Field, value: Any) -> Any:
        if field.repeated and isinstance(value, list):
            return [self._plain_value(field, one) for one in value]
        return self._plain_value(field, value)

    def _plain_value(self, field: Field, value: Any) -> Any:
        if value is None:
            return None
        shape = self.shapes.get(field.type)
        if field.type in ("SoapMplusDate", "SoapMplusDateTime"):
            return (
                self.scalar(field.name, "date" if field.type == "SoapMplusDate" else "dateTime", str(value))
                if value
                else None
            )
        if shape is not None and shape.child is not None:
            return [self._plain_value(shape.fields[0], one) for one in value]
        if shape is not None:
            return self.from_plain(field.type, value)
        text = "true" if value is True else "false" if value is False else str(value)
        return self.scalar(field.name, field.type, text)


@dataclass(frozen=True, slots=True)
class Raw:
    """An element that is written already."""

    text: str


def entries(table: str) -> Iterable[tuple[str, str | None, str]]:
    joined = re.sub(r"\n +", " ", table)
    for line in joined.split("\n"):
        match = LINE.match(line)
        if match is not None:
            yield match[1], match[2], match[3]


def fields_of(text: str) -> tuple[Field, ...]:
    found = []
    for word in text.split():
        match = FIELD.match(word)
        if match is None:
            raise ValueError(f"this is no field: {word!r}")
        found.append(Field(match[1], match[3] or "string", required=match[2] == "", repeated=match[2] == "*"))
    return tuple(found)


def local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def day(where: str, found: Mapping[str, int]) -> date | None:
    if 0 in (found["day"], found["mon"], found["year"]):
        return None
    try:
        return date(found["year"], found["mon"], found["day"])
    except ValueError:
        raise Unreadable(f"{where}: there is no such day") from None


def moment(where: str, found: Mapping[str, int]) -> datetime | None:
    """The wall clock of Amsterdam, whatever offset is sent along (mplus.md §1.5)."""
    if 0 in (found["day"], found["mon"], found["year"]):
        return None
    try:
        return datetime(
            found["year"], found["mon"], found["day"], found["hour"], found["min"], found["sec"], tzinfo=ZONE
        )
    except ValueError:
        raise Unreadable(f"{where}: there is no such time") from None


def day_text(value: date | None) -> str:
    if value is None:
        return "<ns:day>0</ns:day><ns:mon>0</ns:mon><ns:year>0</ns:year>"
    return f"<ns:day>{value.day}</ns:day><ns:mon>{value.month}</ns:mon><ns:year>{value.year}</ns:year>"


def moment_text(value: datetime | None) -> str:
    if value is None:
        return (
            "<ns:sec>0</ns:sec><ns:min>0</ns:min><ns:hour>0</ns:hour><ns:day>0</ns:day><ns:mon>0</ns:mon>"
            "<ns:year>0</ns:year><ns:isdst>false</ns:isdst><ns:timezone>0</ns:timezone>"
        )
    wall = value.astimezone(ZONE)
    offset = (wall.utcoffset() or timedelta()) // timedelta(minutes=1)
    return (
        f"<ns:sec>{wall.second}</ns:sec><ns:min>{wall.minute}</ns:min><ns:hour>{wall.hour}</ns:hour>"
        f"<ns:day>{wall.day}</ns:day><ns:mon>{wall.month}</ns:mon><ns:year>{wall.year}</ns:year>"
        f"<ns:isdst>false</ns:isdst><ns:timezone>{offset}</ns:timezone>"
    )


def scalar_text(kind: str, value: Any) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "dateTime":
        return str(value.isoformat(timespec="seconds"))
    if kind == "date":
        return str(value.isoformat())
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    if text.isalnum():
        return text
    return escape(NOT_XML.sub("", text) if not text.isprintable() else text)


def plain(value: Any) -> Any:
    """A record as the till keeps it -> as JSON has it."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value
