from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.mplus import encodings as enc
from app.connectors.mplus.encodings import Malformed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("17", 17),
        (" 17 ", 17),
        ("-3", -3),
        ("9223372036854775807", 9223372036854775807),
        ("", None),
        (None, None),
    ],
)
def test_integer(text, value):
    assert value == enc.read_integer(text)


@pytest.mark.parametrize("text", ["1.0", "1e3", "٣", "0x1", "1 2", "9" * 20, "one", "--1"])
def test_integer_refuses(text):
    with pytest.raises(Malformed):
        enc.read_integer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), (" TRUE ", True), ("false", False), ("0", False), ("", None), (None, None)],
)
def test_boolean(text, value):
    assert value is enc.read_boolean(text)


def test_boolean_refuses_a_word():
    with pytest.raises(Malformed):
        enc.read_boolean("ja")


@pytest.mark.parametrize(
    ("text", "value"), [("1250", "12.50"), ("-5", "-0.05"), ("0", "0.00"), ("100", "1.00"), ("", None)]
)
def test_cents(text, value):
    assert (None if value is None else Decimal(value)) == enc.read_cents(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("21", "21"),
        ("2100", "21"),
        ("900", "9"),
        ("9", "9"),
        ("0", "0"),
        ("100", "100"),
        ("550", "5.5"),
        ("21.00", "21"),
    ],
)
def test_percent_of_either_scale(text, value):
    assert value == str(enc.read_percent(text))


@pytest.mark.parametrize(
    ("number", "places", "value"), [(15, 1, "1.5"), (1, 0, "1"), (250, 3, "0.250"), (-20, 1, "-2.0")]
)
def test_scaled(number, places, value):
    assert value == str(enc.scaled(number, places))


@pytest.mark.parametrize("places", [-1, 13, 10**9])
def test_scaled_refuses_absurd_places(places):
    with pytest.raises(Malformed):
        enc.scaled(1, places)


def test_a_day_of_zeros_is_none():
    assert enc.read_day(year=0, month=0, day=0) is None
    assert enc.read_day(year=2026, month=5, day=0) is None
    assert enc.read_day(year=2026, month=None, day=1) is None
    assert enc.read_day(year=2026, month=5, day=1) == "2026-05-01"
    with pytest.raises(Malformed):
        enc.read_day(year=2026, month=2, day=30)


def moment(year, mon, day, hour, minute, sec=0, timezone=0):
    return {
        "year": year,
        "mon": mon,
        "day": day,
        "hour": hour,
        "min": minute,
        "sec": sec,
        "timezone": timezone,
    }


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (moment(2026, 7, 1, 12, 0, timezone=120), "2026-07-01T10:00:00+00:00"),
        (
            moment(2026, 7, 1, 12, 0, timezone=0),
            "2026-07-01T10:00:00+00:00",
        ),  # the old client's zero is no UTC
        (moment(2026, 1, 1, 0, 30, timezone=60), "2025-12-31T23:30:00+00:00"),
        (moment(2026, 10, 25, 2, 30, timezone=120), "2026-10-25T00:30:00+00:00"),
        (moment(2026, 10, 25, 2, 30, timezone=60), "2026-10-25T01:30:00+00:00"),  # the second 02:30
        (moment(2026, 3, 29, 2, 30, timezone=60), "2026-03-29T01:30:00+00:00"),  # never was
        (moment(2026, 7, 1, 12, 0, sec=60, timezone=120), "2026-07-01T10:00:59+00:00"),
        (moment(0, 0, 0, 0, 0), None),
    ],
)
def test_moment_is_a_wall_clock_of_amsterdam(parts, value):
    assert value == enc.read_moment(parts)


def test_moment_refuses_the_impossible():
    with pytest.raises(Malformed):
        enc.read_moment(moment(2026, 7, 1, 25, 0))


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("2026-07-01T10:00:00+00:00", "0 0 12 1 7 2026 false 120"),
        ("2026-01-01T10:00:05+00:00", "5 0 11 1 1 2026 false 60"),
        ("2026-10-25T01:30:00+00:00", "0 30 2 25 10 2026 false 60"),
        ("", "0 0 0 0 0 0 false 0"),
    ],
)
def test_write_moment(value, parts):
    assert parts == " ".join(enc.write_moment(value).values())


@pytest.mark.parametrize(
    ("value", "written"),
    [("12.50", "1250"), (Decimal("12.345"), "1235"), (-1, "-100"), ("0", "0"), (0.1, "10")],
)
def test_write_cents_half_up(value, written):
    assert written == enc.write_cents(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1.5", (15, 1)),
        ("1.50", (15, 1)),
        (2, (2, 0)),
        ("0", (0, 0)),
        ("-0.250", (-25, 2)),
        (Decimal("1E+3"), (1000, 0)),
    ],
)
def test_unscaled_always_tells_its_decimals(value, written):
    assert written == enc.unscaled(value)


@pytest.mark.parametrize(
    "value", ["", "x", True, None, [], "1e9", float("nan"), float("inf"), Decimal("1E+400")]
)
def test_write_refuses_what_is_no_number(value):
    for write in (enc.write_integer, enc.write_cents, enc.write_decimal, enc.unscaled):
        with pytest.raises(Malformed):
            write(value)


def test_write_text_drops_what_xml_forbids():
    assert enc.write_text("a\x00b\x0bc\ud800d\n😀") == "abcd\n😀"


def test_write_day():
    assert enc.write_day("2026-05-01") == (1, 5, 2026)
    assert enc.write_day("") == (0, 0, 0)
    with pytest.raises(Malformed):
        enc.write_day("soon")


@given(st.integers(min_value=-(10**15), max_value=10**15), st.integers(min_value=0, max_value=6))
def test_quantities_come_back(number, places):
    value = enc.scaled(number, places)

    assert value == enc.scaled(*enc.unscaled(value))


@given(st.integers(min_value=631152000, max_value=3786912000))
def test_moments_come_back(seconds):
    iso = datetime.fromtimestamp(seconds, UTC).isoformat()
    parts = {name: int(text) for name, text in enc.write_moment(iso).items() if name != "isdst"}

    assert iso == enc.read_moment(parts)


@given(st.text(max_size=40))
def test_readers_know_only_one_error(text):
    for read in (enc.read_integer, enc.read_boolean, enc.read_decimal, enc.read_cents, enc.read_percent):
        with suppress(Malformed):
            read(text)


def test_an_error_never_shows_the_value():
    with pytest.raises(Malformed) as fault:
        enc.read_integer("jan@voorbeeld.nl")

    assert str(fault.value.within("points").within("relation")) == "relation.points: whole number expected"
