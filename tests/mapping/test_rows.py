"""Rows and expressions: what a merchant writes, and what it makes of a document."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from app.errors import InvalidInput, MappingFailed
from app.mapping.conditions import Condition
from app.mapping.expressions import paths
from app.mapping.rows import Row, RowMapping, parse_rows

DOCUMENT: dict[str, Any] = {
    "name": "Berg, J. van den",
    "companyName": None,
    "email": " Jan@Winkel.NL ",
    "address": "Dorpsstraat 12-a",
    "zipcode": "1234 AB",
    "country": "Nederland",
    "telephone": "06 12345678",
    "birthDate": "1980-02-29",
    "price": Decimal("12.50"),
    "categoryIds": [3, 7],
    "customFields": {"nieuwsbrief": "ja", "leeg": ""},
    "contactList": [{"name": "Bo", "email": "bo@winkel.nl"}, {"name": "Cas"}],
    "note": "<p>Hallo<br>daar</p>",
}

EXPRESSIONS: list[tuple[str, Any]] = [
    ("name", "Berg, J. van den"),
    ("nothing", None),
    ("customFields.nieuwsbrief", "ja"),
    ("customFields.nieuwsbrief.deeper", None),
    ("name.deeper", None),
    ("contactList[0].name", "Bo"),
    ("contactList[-1].name", "Cas"),
    ("contactList[*].name", ["Bo", "Cas"]),
    ("contactList[?email].name", ["Bo"]),
    ("contactList[].email", ["bo@winkel.nl"]),
    ("length(contactList)", 2),
    ("join(', ', contactList[*].name)", "Bo, Cas"),
    ("categoryIds[1]", 7),
    ("texts(categoryIds)", ["3", "7"]),
    ("'constant'", "constant"),
    ("`5`", 5),
    ("trim(email)", "Jan@Winkel.NL"),
    ("trim(nothing)", None),
    ("lower(email)", " jan@winkel.nl "),
    ("upper(zipcode)", "1234 AB"),
    ("replace(zipcode, ' ', '')", "1234AB"),
    ("replace(nothing, ' ', '')", None),
    ("regex_replace(zipcode, '[^0-9]', '')", "1234"),
    ("substring(zipcode, `0`, `4`)", "1234"),
    ("concat(zipcode, '/', country)", "1234 AB/Nederland"),
    ("concat(nothing, nothing)", None),
    ("split('a, b,,c', ',')", ["a", "b", "c"]),
    ("cut('één', `3`)", "é"),
    ("html_text(note)", "Hallo\ndaar"),
    ("as_text(price)", "12.50"),
    ("coalesce(nothing, customFields.leeg, country)", "Nederland"),
    ("if(companyName, 'company', 'person')", "person"),
    ("number('12,50')", Decimal("12.50")),
    ("round(price, `1`)", Decimal("12.5")),
    ("add_percent(price, `10`)", Decimal("13.75")),
    ("date(birthDate, '%m/%d')", "02/29"),
    ("iso_date('31-12-2026')", "2026-12-31"),
    ("iso_date('soon')", None),
    ("moment('2026-07-01T12:00:00')", "2026-07-01T10:00:00+00:00"),
    ("email(email)", "jan@winkel.nl"),
    ("email('nobody')", None),
    ("email_problem(email)", None),
    ("email_problem('nobody')", "invalid"),
    ("email_problem(nothing)", "missing"),
    ("last_name(name, companyName)", "van den Berg"),
    ("first_name(name, companyName)", "J."),
    ("last_name('Bakker & Zn', 'Bakker & Zn')", None),
    ("street(address, country)", "Dorpsstraat"),
    ("house_number(address, country)", "12"),
    ("country_code(country, 'NL')", "NL"),
    ("country_code('Belgie', 'NL')", "BE"),
    ("phone(telephone, country)", "+31612345678"),
    ("phone('nonsense', country)", None),
    ("gtin('08712345678906')", "08712345678906"),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_expression(expression: str, expected: Any) -> None:
    mapped = RowMapping.compile([Row(target="out", expression=expression)]).apply(DOCUMENT)

    assert ({} if expected is None else {"out": expected}) == mapped.document


def test_scopes_run_their_rows_once_per_element() -> None:
    rows = parse_rows(
        (
            ("who.name", "name"),
            ("contacts[]", "contactList"),
            ("contacts[].email", "item.email"),
            ("contacts[].address.country", "country_code(whole.country, 'NL')"),
            ("contacts[].shop", "settings.shop"),
        )
    )

    mapped = RowMapping.compile(rows).apply(DOCUMENT, settings={"shop": "Wit"})

    assert {
        "who": {"name": "Berg, J. van den"},
        "contacts": [
            {"email": "bo@winkel.nl", "address": {"country": "NL"}, "shop": "Wit"},
            {"address": {"country": "NL"}, "shop": "Wit"},
        ],
    } == mapped.document


def test_rows_inside_an_object_add_to_the_row_that_writes_the_whole() -> None:
    rows = parse_rows((("custom", "customFields"), ("custom.shoe", "`42`"), ("custom.leeg", "null()")))

    document = RowMapping.compile(rows).apply(DOCUMENT).document

    assert {"custom": {"nieuwsbrief": "ja", "leeg": "", "shoe": 42}} == document
    assert {"nieuwsbrief": "ja", "leeg": ""} == DOCUMENT["customFields"]


def test_the_last_row_whose_condition_holds_writes() -> None:
    when = {"field": "country", "is": "equals", "value": "Nederland"}
    rows = parse_rows(
        (
            ("greeting", "'Hello'"),
            {"target": "greeting", "expression": "'Hallo'", "when": when},
            {"target": "greeting", "expression": "'Bonjour'", "when": when | {"value": "France"}},
        )
    )

    assert {"greeting": "Hallo"} == RowMapping.compile(rows).apply(DOCUMENT).document
    assert {"greeting": "Hello"} == RowMapping.compile(rows).apply({}).document


@pytest.mark.parametrize(
    ("skus", "problem"),
    [
        (["S", "M"], None),
        (["S", "S"], "Two elements of variants have the same sku"),
        (["S", None], "An element of variants has nothing as its sku"),
        (["S", ""], "An element of variants has an empty text as its sku"),
        ([["S"]], "An element of variants has a list as its sku"),
    ],
)
def test_elements_are_known_by_an_identity_of_their_own(skus: list[Any], problem: str | None) -> None:
    mapping = RowMapping.compile(
        parse_rows((("variants[]", "v"), ("variants[].sku", "item.sku"))), scopes={"variants": "sku"}
    )
    document = {"v": [{"sku": sku} for sku in skus]}
    if problem is None:
        assert {"variants": document["v"]} == mapping.apply(document).document
        return
    with pytest.raises(MappingFailed, match=problem) as failed:
        mapping.apply(document)

    assert "variants[].sku" == failed.value.row


def test_a_mode_is_told_for_what_stands_inside_something_that_has_one() -> None:
    rows = parse_rows((("a", "a", "create"), ("a.b", "b"), ("c", "c")))

    assert {"a": "create", "a.b": "always"} == RowMapping.compile(rows).apply({}).modes


def test_modes_and_switched_off_rows() -> None:
    rows = [
        Row(target="title", expression="name", mode="create"),
        Row(target="text", expression="note", mode="if_empty"),
        Row(target="zip", expression="zipcode", on=False),
    ]

    mapped = RowMapping.compile(rows).apply(DOCUMENT)

    assert {"title": "create", "text": "if_empty"} == mapped.modes
    assert {"title", "text"} == set(mapped.document)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([Row(target="a b", expression="name")], "rows[0].target"),
        ([Row(target="a. b", expression="name")], "rows[0].target"),
        ([Row(target="a.b ", expression="name")], "rows[0].target"),
        ([Row(target='a."b"', expression="name")], "rows[0].target"),
        ([Row(target="a.b\n", expression="name")], "rows[0].target"),
        ([Row(target="a[0].b", expression="name")], "rows[0].target"),
        ([Row(target="", expression="name")], "rows[0].target"),
        ([Row(target="a", expression="name"), Row(target="a", expression="email")], "rows[1].target"),
        ([Row(target="a", expression="name[")], "rows[0].expression"),
        ([Row(target="a", expression="launch(name)")], "rows[0].expression"),
        ([Row(target="a", expression="trim(nested(name))")], "rows[0].expression"),
        ([Row(target="lines[].sku", expression="item.sku")], "rows"),
        ([Row(target=f"a{n}", expression="name") for n in range(5000)], "rows"),
        ([Row(target="a", expression="name"), Row(target="a[]", expression="name")], "rows[1].target"),
        ([Row(target="a.b", expression="name"), Row(target="a", expression="name")], "rows[1].target"),
        ([Row(target="a[].b", expression="item"), Row(target="a", expression="name")], "rows[1].target"),
        ([Row(target="a.", expression="name")], "rows[0].target"),
        ([Row(target="a", expression="name", table="nothing")], "rows[0].table"),
        ([Row(target="a", expression="name"), Row(target="a", expression="email", mode="create",
          when=Condition.model_validate({"field": "a", "is": "empty"}))], "rows[1].mode"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_used_is_refused_with_its_row(rows: list[Row], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        RowMapping.compile(rows)

    assert field == refused.value.field


@pytest.mark.parametrize(
    "expression",
    [
        "sort(contactList)", "trim(contactList)", "join(', ', name)", "keys(name)",
        "contactList[*].[contactList, @][] | [*] | max(@)", "sort_by(contactList, &@)", "merge(name, price)",
    ],
)  # fmt: skip
def test_an_expression_that_does_not_fit_the_record_names_its_row_and_no_value(expression: str) -> None:
    mapping = RowMapping.compile([Row(target="merge_fields.X", expression=expression)])

    with pytest.raises(MappingFailed) as failed:
        mapping.apply(DOCUMENT)

    assert "merge_fields.X" == failed.value.row
    assert "winkel" not in failed.value.detail


@pytest.mark.parametrize(
    ("expression", "warning"),
    [
        ("abs(name)", "x: abs() could not read value as number."),
        ("phone(name)", "x: phone() could not read its value."),
        ("iso_date(name)", "x: iso_date() could not read its value."),
        ("number(contactList)", "x: number() could not read its value."),
    ],
)
def test_what_cannot_be_read_gives_nothing_and_is_told(expression: str, warning: str) -> None:
    mapped = RowMapping.compile([Row(target="x", expression=expression)]).apply(DOCUMENT)

    assert ({}, (warning,)) == (mapped.document, mapped.warnings)


def test_a_thousand_rows_are_compiled_and_run_quickly() -> None:
    rows = [Row(target=f"a.b{n}", expression="upper(name)") for n in range(1_000)]
    started = time.process_time()
    mapping = RowMapping.compile(rows)
    assert 1_000 == len(mapping.apply(DOCUMENT).document["a"])
    assert time.process_time() - started < 2


def test_a_list_of_many_elements_with_many_rows_ends_as_that_records_failure() -> None:
    rows = [Row(target="lines[]", expression="lines")] + [
        Row(target=f"lines[].a{n}", expression="item.sku") for n in range(500)
    ]
    mapping = RowMapping.compile(rows)
    with pytest.raises(MappingFailed) as failed:
        mapping.apply({"lines": [{"sku": str(n)} for n in range(5_000)]})

    assert ("mapping_too_large", "lines[]") == (failed.value.code, failed.value.row)


def test_the_paths_an_expression_reads_are_known_for_warnings() -> None:
    assert {"email", "customFields.nieuwsbrief", "contactList[].email"} == paths(
        "if(customFields.nieuwsbrief, email, contactList[0].email)"
    )


def test_inside_an_object_names_are_as_the_merchant_wrote_them() -> None:
    rows = RowMapping.compile(
        [
            Row(target="custom.Klant sinds", expression="since"),
            Row(target="custom.Sale & more (50%)", expression="`true`"),
        ]
    )

    assert {"custom": {"Klant sinds": "2019", "Sale & more (50%)": True}} == rows.apply(
        {"since": "2019"}
    ).document
