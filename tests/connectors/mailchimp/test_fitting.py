"""Values fitted to merge fields: a table per type, and what holds for every value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.mailchimp.fields import MergeField
from app.connectors.mailchimp.fitting import FITS, TEXT_BYTES, UnfitError, fit, fit_all
from app.sandbox.mailchimp import mergefields as sandbox

ADDRESS = {"addr1": "Markt 1", "city": "Utrecht", "state": "UT", "zip": "3511 AA"}


def of(kind: str, **more: Any) -> MergeField:
    return MergeField("TAG", type=kind, **more)


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        (of("text"), "  Anna ", "Anna"),
        (of("text"), "", ""),
        (of("text"), "   ", ""),
        (of("text"), 12, "12"),
        (of("text"), Decimal("12.50"), "12.50"),
        (of("text"), True, "true"),
        (of("text"), date(2026, 3, 1), "2026-03-01"),
        (of("text"), ["a", "", "b"], "a, b"),
        (of("text"), "a\x00b", "ab"),
        (of("text"), "a\ud800", "a?"),
        (of("text"), "é" * 200, "é" * 127),
        (of("a type of tomorrow"), "x", "x"),
        (of("number"), "12,5", 12.5),
        (of("number"), "€ 1.234,00", 1234),
        (of("number"), Decimal("3.0"), 3),
        (of("number"), 7, 7),
        (of("date"), "31-12-2026", "2026-12-31"),
        (of("date"), datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "2026-03-01"),
        (of("birthday"), "1990-02-03", "02/03"),
        (of("birthday"), date(1992, 2, 29), "02/29"),
        (of("birthday"), "2/3", "02/03"),
        (of("radio", choices=("Gold", "Silver")), "gold ", "Gold"),
        (of("dropdown", choices=("Gold", "gold")), "gold", "gold"),
        (of("zip"), "90210", "90210"),
        (of("phone"), "+31 30 123", "+31 30 123"),
        (of("phone", us_phone=True), "+1 (555) 123-4567", "(555) 123-4567"),
        (of("url"), "winkel.nl/a", "https://winkel.nl/a"),
        (of("imageurl"), "http://winkel.nl/b.jpg", "http://winkel.nl/b.jpg"),
        (of("address"), ADDRESS | {"country": "NL", "addr2": ""}, ADDRESS | {"country": "NL"}),
        (of("address"), {"addr1": "", "city": " ", "country": "NL"}, None),
        (of("address"), "", ""),
    ],
)
def test_what_is_kept(field: MergeField, value: Any, kept: Any) -> None:
    found = fit(field, value)

    assert (kept, type(kept)) == (found, type(found))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (of("text"), {"a": 1}, "takes a text"),
        (of("number"), "twelve", "takes a number"),
        (of("number"), True, "takes a number"),
        (of("number"), 10**15, "takes no number that large"),
        (of("date"), "0000-00-00", "takes a date"),
        (of("birthday"), "13/01", "takes a month and a day"),
        (of("birthday"), "02/30", "takes a month and a day"),
        (of("radio", choices=("Gold",)), "Bronze", "takes one of its choices only"),
        (of("zip"), "3511 AA", "takes zip codes of the United States only; use a text field"),
        (
            of("phone", us_phone=True),
            "030 123 45 67",
            "takes phone numbers of the United States only; change its format in Mailchimp",
        ),
        (of("url"), "no address", "takes the address of a page"),
        (of("url"), "https://" + "a" * 300 + ".nl", "takes the address of a page"),
        (of("address"), "Markt 1, Utrecht", "takes an address with its parts"),
        (of("address"), ADDRESS | {"city": ""}, "is not complete: city lacks"),
        (of("address"), {"city": "Utrecht"}, "is not complete: addr1, state, zip lacks"),
    ],
)
def test_what_stays_behind_and_why(field: MergeField, value: Any, says: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        fit(field, value)

    assert says == str(unfit.value)


def test_one_value_that_does_not_fit_leaves_the_others_theirs() -> None:
    fields = {
        one.tag: one for one in (MergeField("FNAME"), MergeField("AGE", type="number"), MergeField("NOTE"))
    }
    values = {
        "fname": "Anna", "AGE": "old", "SHOP": "Utrecht", "COMPANY": "Brood BV", "NOTE": "x" * 300, "PHONE": None, "ADDRESS": {},
    }  # fmt: skip

    found = fit_all(values, fields, may_lack=frozenset({"COMPANY"}))

    assert {"FNAME": "Anna", "NOTE": "x" * 255} == found.values
    assert (
        "merge_field_left_out: AGE takes a number",
        "merge_field_missing: the audience has no merge field SHOP",
        "merge_field_cut: NOTE holds 255 bytes, and the text is longer",
    ) == found.warnings


@pytest.mark.parametrize(("emptying", "kept"), [(True, {"FNAME": ""}), (False, {})])
def test_an_empty_text_empties_where_there_is_something_to_empty(emptying: bool, kept: Any) -> None:
    assert kept == fit_all({"FNAME": ""}, {"FNAME": MergeField("FNAME")}, emptying=emptying).values


VALUES = st.one_of(
    st.none(), st.text(max_size=300), st.integers(), st.booleans(), st.decimals(), st.floats(), st.dates(),
    st.datetimes(), st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.sampled_from(("addr1", "addr2", "city", "state", "zip", "country")), st.text(max_size=9)),
)  # fmt: skip
TYPES = sorted({*FITS, "address"})


@given(kind=st.sampled_from(TYPES), value=VALUES)
def test_what_we_send_is_taken_and_kept_as_it_is(kind: str, value: Any) -> None:
    """Whatever comes: what fits is taken by Mailchimp without a change, and fits again as the same."""
    ours = MergeField("TAG", type=kind, choices=("Gold", "0"))
    theirs = sandbox.MergeField(1, "TAG", "Tag", kind, options={"choices": ["Gold", "0"]})

    for sent in fit_all({"TAG": value}, {"TAG": ours}).values.values():
        held = sandbox.fitted(theirs, sent)

        assert sent == (
            {part: text for part, text in held.items() if text} if kind == "address" and held else held
        )
        assert sent == fit(ours, sent)
        assert not isinstance(sent, str) or len(sent.encode()) <= TEXT_BYTES
