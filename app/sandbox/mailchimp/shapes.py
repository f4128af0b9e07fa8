"""The shapes of request bodies, checked by hand and complained about in Mailchimp's own words.

A check takes (value, field, errors) and appends what is wrong. Keys that a shape does not know are ignored, as Mailchimp
does; wrong types are not (mailchimp.md §1.5). Written as closures because thousands of bodies a second come through here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.problems import FieldErrors, invalid

Check = Callable[[Any, str, FieldErrors], None]

FOUND = {
    type(None): "NULL",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
LARGEST = 10**15
TOO_LARGE = "This value is too large."  # inferred; 1e999 is JSON as well
NO_SCHEMA_MATCHES = "Data did not match any of the schemas described in anyOf."


def complain(errors: FieldErrors, field: str, message: str) -> None:
    errors.append({"field": field, "message": message})


def mismatch(errors: FieldErrors, field: str, *, wanted: str, value: Any) -> None:
    complain(errors, field, f"Schema describes {wanted}, {FOUND[type(value)]} found instead")


def string(value: Any, field: str, errors: FieldErrors) -> None:
    if type(value) is not str:
        mismatch(errors, field, wanted="string", value=value)


def boolean(value: Any, field: str, errors: FieldErrors) -> None:
    if type(value) is not bool:
        mismatch(errors, field, wanted="boolean", value=value)


def integer(value: Any, field: str, errors: FieldErrors) -> None:
    if type(value) is not int:
        mismatch(errors, field, wanted="integer", value=value)
    elif abs(value) > LARGEST:
        complain(errors, field, TOO_LARGE)


def number(value: Any, field: str, errors: FieldErrors) -> None:
    if type(value) is not int and type(value) is not float:
        mismatch(errors, field, wanted="number", value=value)
    elif abs(value) > LARGEST:
        complain(errors, field, TOO_LARGE)


def time(value: Any, field: str, errors: FieldErrors) -> None:
    """A time, or an empty string for none. The sentence is *inferred*."""
    if type(value) is not str:
        mismatch(errors, field, wanted="string", value=value)
    elif value:
        try:
            wire_time(value)
        except ValueError:
            complain(errors, field, "This value is not a valid datetime.")


def mapping(value: Any, field: str, errors: FieldErrors) -> None:
    """An object whose keys are not fixed, such as ``merge_fields``. An empty PHP array passes for an empty one."""
    if type(value) is not dict and value != []:
        mismatch(errors, field, wanted="object", value=value)


def mapping_of(item: Check) -> Check:
    """An object of free keys whose values all have one shape, such as ``interests``."""

    def check(value: Any, field: str, errors: FieldErrors) -> None:
        mapping(value, field, errors)
        if type(value) is dict:
            for name, part in value.items():
                item(part, f"{field}.{name}", errors)

    return check


def one_of(*choices: str) -> Check:
    refusal = f"Data presented is not one of the accepted values: {', '.join(choices)}."

    def check(value: Any, field: str, errors: FieldErrors) -> None:
        if type(value) is not str:
            mismatch(errors, field, wanted="string", value=value)
        elif value not in choices:
            complain(errors, field, refusal)

    return check


def at_most(length: int) -> Check:
    """A string of at most ``length`` characters. The sentence is *inferred*."""

    def check(value: Any, field: str, errors: FieldErrors) -> None:
        if type(value) is not str:
            mismatch(errors, field, wanted="string", value=value)
        elif len(value) > length:
            complain(errors, field, f"This value is too long. It should have {length} characters or less.")

    return check


def list_of(item: Check, *, least: int = 0) -> Check:
    def check(value: Any, field: str, errors: FieldErrors) -> None:
        if type(value) is not list:
            mismatch(errors, field, wanted="array", value=value)
            return
        if len(value) < least:
            complain(errors, field, f"Array contains {len(value)} items, at least {least} required")
        for at, element in enumerate(value):
            item(element, f"{field}.item:{at}", errors)

    return check


def record(required: tuple[str, ...] = (), /, **fields: Check) -> Check:
    def check(value: Any, field: str, errors: FieldErrors) -> None:
        if type(value) is not dict:
            mismatch(errors, field, wanted="object", value=value)
            return
        missing = [name for name in required if value.get(name) is None]
        if missing:
            complain(errors, field, f"Required fields were not provided: {', '.join(missing)}")
        prefix = f"{field}." if field else ""
        for name, part in value.items():
            known = fields.get(name)
            if known is not None:
                known(part, prefix + name, errors)

    return check


def checked(body: Any, shape: Check) -> dict[str, Any]:
    """The body if it has the shape; the refusal names every field that has not."""
    errors: FieldErrors = []
    shape(body, "", errors)
    if errors:
        raise invalid(errors)
    valid: dict[str, Any] = body
    return valid
