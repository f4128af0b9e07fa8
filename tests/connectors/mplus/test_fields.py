from decimal import Decimal

import pytest

from app.connectors.mplus import fields
from app.connectors.mplus.encodings import Malformed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"dataType": "DATA-TYPE-STRING", "strValue": "ja", "intValue": 0}, "ja"),
        ({"dataType": "DATA-TYPE-INT", "intValue": 3, "decimalPlaces": 0}, 3),
        ({"dataType": "DATA-TYPE-DECIMAL", "intValue": 25, "decimalPlaces": 1}, Decimal("2.5")),
        ({"dataType": "DATA-TYPE-DECIMAL", "intValue": 25}, Decimal(25)),
        ({"dataType": "DATA-TYPE-BOOL", "boolValue": False, "strValue": "x"}, False),
        ({"dataType": "DATA-TYPE-DATE", "dateValue": "2026-05-01"}, "2026-05-01"),
        (
            {"dataType": "DATA-TYPE-DATETIME", "dateTimeValue": "2026-05-01T10:00:00+00:00"},
            "2026-05-01T10:00:00+00:00",
        ),
        ({"dataType": "DATA-TYPE-MULTISELECTINT", "multiSelectInt": [1, 2]}, [1, 2]),
        ({"dataType": "DATA-TYPE-TEXT-ARRAY", "strValue": "a;b"}, "a;b"),
        ({"dataType": "DATA-TYPE-FUTURE", "strValue": "", "boolValue": True}, True),
        ({"intValue": 25, "decimalPlaces": 1}, Decimal("2.5")),
        ({"dataType": "DATA-TYPE-STRING"}, None),
        ({}, None),
    ],
)
def test_custom_value(field, value):
    assert value == fields.custom_value(field)
    assert type(value) is type(fields.custom_value(field))


def test_custom_fields_by_name():
    listed = [
        {"fieldName": " Nieuwsbrief ", "dataType": "DATA-TYPE-BOOL", "boolValue": False},
        {"fieldName": "Leeg", "dataType": "DATA-TYPE-STRING", "strValue": ""},
        {"fieldName": "", "dataType": "DATA-TYPE-STRING", "strValue": "x"},
        {"fieldName": "Geen"},
    ]

    assert fields.custom_fields(listed) == {"Nieuwsbrief": False}


@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        ("ja", "DATA-TYPE-STRING"),
        (3, "DATA-TYPE-INT"),
        (Decimal("2.5"), "DATA-TYPE-DECIMAL"),
        (True, "DATA-TYPE-BOOL"),
        ("2026-05-01", "DATA-TYPE-DATE"),
        ([1, 2], "DATA-TYPE-MULTISELECTINT"),
    ],
)
def test_what_is_written_is_read_again(value, data_type):
    assert fields.custom_value(fields.as_custom_field("x", value, data_type=data_type)) == value


@pytest.mark.parametrize(
    ("written", "data_type", "stands"),
    [
        (" ja\x00 ", "DATA-TYPE-STRING", "ja"),
        ("42", "DATA-TYPE-INT", 42),
        (42.0, "DATA-TYPE-INT", 42),
        ("2.50", "DATA-TYPE-DECIMAL", Decimal("2.5")),
        ("nee", "DATA-TYPE-BOOL", False),
        ("2026-05-01T10:00:00+00:00", "DATA-TYPE-DATE", "2026-05-01"),
        ("2026-05-01T12:00:00+02:00", "DATA-TYPE-DATETIME", "2026-05-01T10:00:00+00:00"),
        ([1, 2], "DATA-TYPE-MULTISELECTINT", [1, 2]),
    ],
)
def test_as_it_is_read_after_it_was_written(written, data_type, stands):
    found = fields.as_it_stands(fields.as_custom_field("x", written, data_type=data_type))

    assert stands == found
    assert type(stands) is type(found)


def test_filled():
    assert fields.filled({"a": "", "b": 0, "c": [], "d": False, "e": "x", "f": 1}, but=("f",)) == {
        "b": 0,
        "d": False,
        "e": "x",
    }


@pytest.mark.parametrize(
    ("word", "value"), [("Ja", True), (" yes ", True), ("NEE", False), ("0", False), ("x", None), ("", None)]
)
def test_yes_or_no(word, value):
    assert value is fields.yes_or_no(word)


def test_a_word_for_a_yes_or_no_field():
    assert fields.as_custom_field("n", "ja", data_type="DATA-TYPE-BOOL")["boolValue"] is True
    with pytest.raises(Malformed, match="n: yes or no expected"):
        fields.as_custom_field("n", "misschien", data_type="DATA-TYPE-BOOL")
