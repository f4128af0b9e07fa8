"""The WSDL of the sandbox: short, and honest about what it leaves out. The vendor's own has the types."""

from __future__ import annotations

from collections.abc import Iterable

from app.sandbox.mplus.schema import NAMESPACE, Schema


def description(schema: Schema, operations: Iterable[str]) -> str:
    known = sorted(name for name in operations if name in schema.operations)
    messages = "".join(
        f'<message name="{name}"><part name="parameters" element="tns:{name}"/></message>'
        f'<message name="{name}Out"><part name="parameters" element="tns:{schema.operations[name].response}"/></message>'
        for name in known
    )
    ports = "".join(
        f'<operation name="{name}"><input message="tns:{name}"/><output message="tns:{name}Out"/></operation>'
        for name in known
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<definitions name="MplusQapi" targetNamespace="{NAMESPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:tns="{NAMESPACE}">'
        "<documentation>A sandbox till: these operations are there. Types are left out; they are those of the vendor's WSDL."
        f'</documentation>{messages}<portType name="MplusQapi">{ports}</portType></definitions>'
    )
