"""Phone numbers in E.164: what people type, and the quick way proven equal to the library's own word."""

from __future__ import annotations

import random
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.values.phones import phone_e164


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("06 12345678", "NL", "+31612345678"),
        ("06-12 34 56 78", "NL", "+31612345678"),
        (" 0612345678 ", "NL", "+31612345678"),
        ("(020) 555 12 12", "NL", "+31205551212"),
        ("+31 (0)6 12345678", "NL", "+31612345678"),
        ("+31612345678", "BE", "+31612345678"),
        ("0031612345678", "BE", "+31612345678"),
        ("02 555 12 12", "BE", "+3225551212"),
        ("0470/12.34.56", "BE", "+32470123456"),
        ("030 901820", "DE", "+4930901820"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("06 698 12345", "IT", "+390669812345"),
        ("020 555 12 12 ext. 5", "NL", "+31205551212"),
        ("112", "NL", None),
        ("06 1234567", "NL", None),
        ("06 123456789", "NL", None),
        ("geen", "NL", None),
        ("", "NL", None),
        ("06 12345678", "XX", None),
        ("06 12345678" + "0" * 60, "NL", None),
        (None, "NL", None),
        (612345678, "NL", None),
        ("٠٦ ١٢٣٤٥٦٧٨", "NL", "+31612345678"),
    ],
)
def test_what_people_type(value: Any, country: str, expected: str | None) -> None:
    assert expected == phone_e164(value, country)


def by_the_library(value: str, country: str) -> str | None:
    if not 3 <= len(value) <= 60:
        return None
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NEAR = st.sampled_from(("NL", "BE", "DE", "FR", "LU", "AT", "CH", "GB", "ES", "DK", "PL", "SE", "IT", "IE"))
COUNTRY = NEAR | st.sampled_from(REGIONS)
TYPES = [value for value in range(11) if value not in (6, 9)]


def _example(region: str, kind: int) -> str | None:
    found = phonenumbers.example_number_for_type(region, kind)
    return None if found is None else phonenumbers.national_significant_number(found)


@st.composite
def _typed(draw: st.DrawFn) -> tuple[str, str]:
    """A number as somebody types it: a real one of a country, some digits changed, in any spelling."""
    country, region = draw(COUNTRY), draw(COUNTRY)
    national = _example(draw(st.sampled_from((country, region))), draw(st.sampled_from(TYPES)))
    digits = list(national or draw(st.text("0123456789", min_size=4, max_size=12)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(digits) - 1))
        change = draw(st.sampled_from(("put", "put", "put", "drop", "add")))
        if change == "put":
            digits[at] = draw(st.sampled_from("0123456789"))
        elif change == "add":
            digits.insert(at, draw(st.sampled_from("0123456789")))
        elif len(digits) > 1:
            del digits[at]
    code = str(phonenumbers.country_code_for_region(draw(st.sampled_from((country, region)))))
    start = draw(
        st.sampled_from(
            ("", "0", "0", "0", f"+{code}", f"00{code}", f"+{code}0", f"00{code}0", f"+{code} (0)", code)
        )
    )
    signs = draw(
        st.lists(
            st.sampled_from(("", "", "", " ", "-", ".", "/", "  ")),
            min_size=len(digits),
            max_size=len(digits),
        )
    )
    text = start + "".join(sign + digit for sign, digit in zip(signs, digits, strict=True))
    return text + draw(st.sampled_from(("", "", " ", ".", "/", " x5"))), country


@settings(deadline=None, max_examples=500)
@given(_typed())
@example(("0031", "NL"))
@example(("+31 00612345678", "NL"))
@example(("00 31 6 12345678", "NL"))
@example(("0 6 1 2 3 4 5 6 7 8", "NL"))
@example(("06/12345678/", "NL"))
def test_the_quick_way_says_what_the_library_says(typed: tuple[str, str]) -> None:
    value, country = typed

    assert by_the_library(value, country) == phone_e164(value, country)


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_with_the_countrys_zero_that_no_plan_knows_is_judged_as_the_library_does(
    region: str,
) -> None:
    dice = random.Random(region)
    for _ in range(200):
        digits = "0" + "".join(dice.choice("0123456789") for _ in range(dice.randrange(3, 15)))
        value = f"{digits[:3]}{dice.choice(('', '', ' ', '-', '.', '/'))}{digits[3:]}"

        assert by_the_library(value, region) == phone_e164(value, region), value


@pytest.mark.parametrize("region", REGIONS)
def test_the_librarys_own_examples_of_every_country(region: str) -> None:
    for kind in TYPES:
        national = _example(region, kind)
        if national is None:
            continue
        code = phonenumbers.country_code_for_region(region)
        for value in (
            national,
            f"0{national}",
            f"+{code}{national}",
            f"00{code} {national}",
            f"+{code} 0{national}",
        ):
            assert by_the_library(value, region) == phone_e164(value, region)
