"""What every card of the till carries: empty values, and custom fields, a list of typed values read as a dict by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.connectors.mplus import encodings

# The element that holds the value of each type; the till may fill in others as well, with zeros.
_HOLDERS = {
    "DATA-TYPE-STRING": "strValue",
    "DATA-TYPE-ARRAY": "strValue",
    "DATA-TYPE-TEXT-ARRAY": "strValue",
    "DATA-TYPE-INT": "intValue",
    "DATA-TYPE-DECIMAL": "intValue",
    "DATA-TYPE-BOOL": "boolValue",
    "DATA-TYPE-DATE": "dateValue",
    "DATA-TYPE-DATETIME": "dateTimeValue",
    "DATA-TYPE-MULTISELECTINT": "multiSelectInt",
}


def filled(data: Mapping[str, Any], *, but: Sequence[str] = ()) -> dict[str, Any]:
    """The values that say something: no empty texts and lists, no spaces around texts, without the names in ``but``."""
    told: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, str):
            value = value.strip()
        if value not in ("", []) and name not in but:
            told[name] = value
    return told


def custom_fields(listed: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """``{"Nieuwsbrief": True, "Korting": Decimal("2.5")}``; a field without a value is absent."""
    return {
        name: value
        for field in listed
        if (name := str(field.get("fieldName", "")).strip())
        and (value := custom_value(field)) not in (None, "", [])
    }


def custom_value(field: Mapping[str, Any]) -> Any:
    """One field's value by its type; of an unknown type, the one value that is there."""
    data_type = field.get("dataType", "")
    holder = _HOLDERS.get(data_type)
    if holder is None:
        holder = next(
            (name for name in dict.fromkeys(_HOLDERS.values()) if field.get(name) not in (None, "", [])), ""
        )
    value = field.get(holder)
    if (
        holder == "intValue"
        and isinstance(value, int)
        and (data_type == "DATA-TYPE-DECIMAL" or field.get("decimalPlaces"))
    ):
        return encodings.scaled(value, field.get("decimalPlaces", 0))
    return value


def as_it_stands(field: Mapping[str, Any]) -> Any:
    """The value of an element that was written, as it is read again afterwards."""
    value = custom_value(field)
    match field.get("dataType"):
        case "DATA-TYPE-INT":
            return encodings.read_integer(encodings.write_integer(value))
        case "DATA-TYPE-DATE":
            day, month, year = encodings.write_day(value)
            return encodings.read_day(year=year, month=month, day=day)
        case "DATA-TYPE-DATETIME":
            parts = encodings.write_moment(value)
            return encodings.read_moment({name: int(parts[name]) for name in _WALL_CLOCK})
        case "DATA-TYPE-STRING":
            return encodings.write_text(value).strip()
    return value


_WALL_CLOCK = ("year", "mon", "day", "hour", "min", "sec", "timezone")


def yes_or_no(word: str) -> bool | None:
    """What a word says, in the languages of the shops; None for any other."""
    folded = word.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None


_YES = frozenset(("yes", "ja", "oui", "true", "1", "y", "j"))
_NO = frozenset(("no", "nee", "nein", "non", "false", "0", "n"))


def as_custom_field(name: str, value: Any, *, data_type: str) -> dict[str, Any]:
    """The element that writes one custom field. Raises Malformed where the value does not fit the type."""
    holder = _HOLDERS.get(data_type, "strValue")
    field: dict[str, Any] = {"fieldName": name, "dataType": data_type}
    if data_type == "DATA-TYPE-DECIMAL":
        field["intValue"], field["decimalPlaces"] = encodings.unscaled(value)
    elif data_type == "DATA-TYPE-BOOL" and isinstance(value, str):
        field[holder] = yes_or_no(value)
        if field[holder] is None:
            raise encodings.Malformed("yes or no", name)
    else:
        field[holder] = value
    return field
