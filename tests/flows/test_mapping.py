"""A flow's mapping as it is kept: shipped legs, what a merchant adds, and what is said before it is saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.catalogue import as_sources, as_targets
from app.connectors.base import Connector
from app.connectors.mailchimp.connector import CONNECTOR as MAILCHIMP
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mplus.connector import CONNECTOR as MPLUS
from app.connectors.mplus.rows import OUT_ROWS
from app.errors import InvalidInput
from app.flows.base import FlowKind
from app.flows.customers import CUSTOMERS
from app.flows.mapping import FlowMapping, Legs, legs_of
from app.flows.products import PRODUCTS
from app.flows.registry import KINDS
from app.flows.stock import STOCK
from app.mapping.check import TargetField
from app.mapping.rows import parse_rows

EMAIL = {"target": "email_address", "expression": "email"}


def legs(kept: dict[str, Any] | None = None) -> Legs:
    return legs_of(kept or {}, out_rows=OUT_ROWS["customer"], in_rows=IN_ROWS)


def dumped(of: Legs) -> bytes:
    return json.dumps([row.model_dump(mode="json") for row in (*of.leg1, *of.leg2)]).encode()


# --- shipped and restored --------------------------------------------------------------------------------------------


WAYS = [
    pytest.param(kind, source, target, id=f"{kind.name} from {source.name}")
    for kind in KINDS.values()
    for source, target in ((MPLUS, MAILCHIMP), (MAILCHIMP, MPLUS))
    if kind.record_kind in source.out_rows and kind.record_kind in target.in_rows
]


@pytest.mark.parametrize(("kind", "source", "target"), WAYS)
def test_shipped_rows_are_without_complaint(kind: FlowKind, source: Connector, target: Connector) -> None:
    shipped = legs_of(
        {}, out_rows=source.out_rows[kind.record_kind], in_rows=target.in_rows[kind.record_kind]
    )

    assert () == shipped.findings(
        kind,
        sources=as_sources(source.out_fields[kind.record_kind]),
        targets=as_targets(target.in_fields[kind.record_kind]),
    )


@pytest.mark.parametrize(
    ("kind", "expression", "nearest"),
    [
        (CUSTOMERS, "emial", "email"),
        (PRODUCTS, "articleList[0].brandNam", "articleList[].brandName"),
        (PRODUCTS, "images[0].imageURL", "images[].imageUrl"),
        (STOCK, "branches[0].amountFre", "branches[].amountFree"),
    ],
)
def test_a_field_that_the_till_does_not_have_is_a_warning_with_the_nearest(
    kind: FlowKind, expression: str, nearest: str
) -> None:
    kept = {"leg1": [{"target": "custom.x", "expression": expression}]}
    rows = legs_of(kept, out_rows=(), in_rows=())
    found = [
        each
        for each in rows.findings(kind, sources=as_sources(MPLUS.out_fields[kind.record_kind]))
        if each.severity == "warning"
    ]

    assert any(nearest in each.sentence + each.advice for each in found), found


def test_each_leg_is_edited_alone() -> None:
    edited = legs({"leg2": [EMAIL]})

    assert (True, False) == (edited.leg1_shipped, edited.leg2_shipped)
    assert legs().leg1 == edited.leg1
    assert 1 == len(edited.leg2)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.booleans(), st.sampled_from(("always", "create"))),
        unique_by=lambda row: row[0],
        max_size=8,
    )
)  # fmt: skip
def test_restoring_is_identity(rows: list[tuple[str, bool, str]]) -> None:
    edited = {"leg1": [{"target": n, "expression": n, "on": on, "mode": mode} for n, on, mode in rows]}
    kept = FlowMapping.model_validate(edited).model_dump(mode="json", exclude_unset=True)
    restored = {name: value for name, value in kept.items() if name != "leg1"}

    assert dumped(legs()) == dumped(legs(restored))
    assert legs(edited).leg1 == legs(kept).leg1


@pytest.mark.parametrize("shipped", [OUT_ROWS["customer"], IN_ROWS], ids=["leg 1", "leg 2"])
def test_shipped_rows_survive_being_kept_and_read_again(shipped: Any) -> None:
    rows = legs_of({}, out_rows=shipped, in_rows=()).leg1
    kept = json.loads(json.dumps([row.model_dump(mode="json") for row in rows]))

    assert rows == legs_of({"leg1": kept}, out_rows=(), in_rows=()).leg1


# --- accounts and tax codes per country (C-13) -----------------------------------------------------------------------


def per_country(country: str | None, **table: Any) -> dict[str, Any]:
    """The shipped rows for account and tax code, switched on with a merchant's own numbers."""
    shipped = [row.model_dump(mode="json") for row in legs().leg2]
    for row in shipped:
        if row["target"] == "merge_fields.ACCOUNT":
            row |= {"on": True, "table": row["table"] | table}
        if row["target"] == "merge_fields.TAXCODE":
            row |= {"on": True, "target": "merge_fields.BTW"}
    record = {"email": "a@b.nl", "billing": {"country": country}, "consent": {}}
    document = legs({"leg2": shipped}).compiled(CUSTOMERS).leg2.apply(record).document
    return {name: document["merge_fields"][name] for name in ("ACCOUNT", "BTW")}


@pytest.mark.parametrize(
    ("country", "table", "expected"),
    [
        ("NL", {}, {"ACCOUNT": "8000", "BTW": "NL21"}),
        ("BE", {}, {"ACCOUNT": "8010", "BTW": "BE21"}),
        ("FR", {}, {"ACCOUNT": "8020", "BTW": "OSS"}),
        (None, {}, {"ACCOUNT": "8020", "BTW": "OSS"}),
        ("BE", {"force": "8999"}, {"ACCOUNT": "8999", "BTW": "BE21"}),
        (None, {"force": "8999"}, {"ACCOUNT": "8999", "BTW": "OSS"}),
    ],
)
def test_account_and_tax_code_per_country(
    country: str | None, table: dict[str, Any], expected: dict[str, str]
) -> None:
    assert expected == per_country(country, **table)


# --- what is said before it is saved (R14) ---------------------------------------------------------------------------


def said(kept: dict[str, Any], **catalogues: Any) -> list[tuple[str, str, str, str]]:
    small = {"leg1": [{"target": "email", "expression": "email"}], "leg2": [EMAIL]}
    found = legs(small | kept).findings(CUSTOMERS, **catalogues)
    return [(each.severity, each.place, each.code, each.advice) for each in found]


AUDIENCE = {
    "email_address": TargetField("text", required=True),
    "merge_fields.FNAME": TargetField("text"),
    "merge_fields.POINTS": TargetField("number"),
    "interests.*": TargetField("yes/no"),
}
TILL = {"email": "text", "categoryIds": "list", "address": "text", "customFields.*": "anything"}


@pytest.mark.parametrize(
    ("kept", "catalogues", "expected"),
    [
        pytest.param({}, {"targets": AUDIENCE}, [], id="nothing to say"),
        pytest.param(
            {"leg1": [{"target": "email", "expression": "emial"}]}, {"sources": TILL},
            [("warning", "leg1.rows[0].expression", "unknown_path", "Did you mean email?")],
            id="a path that the source does not have",
        ),
        pytest.param(
            {"leg1": [{"target": "custom.x", "expression": "customFields.anything"}]}, {"sources": TILL}, [],
            id="a custom field that may be new",
        ),
        pytest.param(
            {"leg1": [{"target": "fist_name", "expression": "email"}]}, {"sources": TILL},
            [("error", "leg1.rows[0].target", "unknown_field", "Did you mean first_name?")],
            id="a field that no record has",
        ),
        pytest.param(
            {"leg1": [{"target": "email", "expression": "categoryIds"}]}, {"sources": TILL},
            [("error", "leg1.rows[0].target", "type_clash", "Choose another target, or convert the value.")],
            id="a list where a text is needed",
        ),
        pytest.param(
            {"leg2": [EMAIL, {"target": "merge_fields.POINTS", "expression": "active"}]}, {"targets": AUDIENCE},
            [("error", "leg2.rows[1].target", "type_clash", "Choose another target, or convert the value.")],
            id="yes or no where a number is needed",
        ),
        pytest.param(
            {"leg2": [EMAIL, {"target": "merge_fields.FNAM", "expression": "first_name"}]}, {"targets": AUDIENCE},
            [("warning", "leg2.rows[1].target", "unknown_path", "Did you mean merge_fields.FNAME?")],
            id="a merge field that the audience does not have",
        ),
        pytest.param(
            {"leg2": [{"target": "merge_fields.FNAME", "expression": "first_name"}]}, {"targets": AUDIENCE},
            [("error", "leg2.rows", "required_missing", "Add a row.")],
            id="a required target that no row writes",
        ),
        pytest.param(
            {"leg2": [EMAIL | {"mode": "update"}]}, {"targets": AUDIENCE},
            [("error", "leg2.rows", "required_missing", "Add a row.")],
            id="a required target that is not always written",
        ),
        pytest.param(
            {"leg2": [EMAIL | {"expression": "launch(email)"}]}, {},
            [("error", "leg2.rows[0].expression", "invalid_input", "The catalogue of functions lists them all.")],
            id="a function that does not exist",
        ),
        pytest.param(
            {"leg2": [EMAIL | {"expression": "uper(email)"}]}, {},
            [("error", "leg2.rows[0].expression", "invalid_input", "Did you mean upper?")],
            id="a function that nearly exists",
        ),
        pytest.param(
            {"leg2": [EMAIL | {"expression": "lookup(email, 'vip')"}]}, {},
            [("error", "leg2.rows[0].expression", "invalid_input", "Make the table, or correct its name.")],
            id="a table that does not exist, in an expression",
        ),
        pytest.param(
            {"leg2": [EMAIL | {"table": "vip"}], "tables": {"loyal": {}}}, {},
            [("error", "leg2.rows[0].table", "invalid_input", "The tables of this flow: loyal.")],
            id="a table that does not exist, of a row",
        ),
        pytest.param(
            {"rules": [{"name": "r", "when": {"field": "emial", "is": "empty"}, "then": [{"do": "clear", "field": "note"}]}]}, {},
            [("warning", "rules[0]", "unknown_path", "Did you mean email?")],
            id="a rule that asks about nothing",
        ),
        pytest.param(
            {"rules": [{"name": "r", "each": "contacts", "when": {"field": "item.emial", "is": "empty"},
                        "then": [{"do": "clear", "field": "phone"}, {"do": "clear", "field": "company"}]}]}, {},
            [("warning", "rules[0]", "unknown_path", "Did you mean contacts[].email?"),
             ("error", "rules[0]", "unknown_field", "Did you mean company?")],
            id="a rule over contacts",
        ),
        pytest.param(
            {"rules": [{"name": "r", "then": [{"do": "set", "field": "points", "value": True}]}]}, {},
            [("error", "rules[0].then[0]", "type_clash", "Choose another field, or convert the value.")],
            id="a rule that sets a number to yes",
        ),
        pytest.param(
            {"rules": [{"name": "r", "then": [{"do": "copy", "from": "categories", "field": "note"}]}]}, {},
            [("error", "rules[0].then[0]", "type_clash", "Choose another field, or convert the value.")],
            id="a rule that copies a list to a text",
        ),
        pytest.param(
            {"rules": [{"name": "r", "then": [{"do": "set", "field": "custom.x", "value": True},
                                              {"do": "set", "field": "price_group", "value": 3}]}]}, {}, [],
            id="rules that fit",
        ),
        pytest.param(
            {"filters": [{"name": "f", "stage": "before", "when": {"field": "adress", "is": "empty"}},
                         {"name": "g", "when": {"field": "billing.citty", "is": "empty"}}]}, {"sources": TILL},
            [("warning", "filters[0]", "unknown_path", "Did you mean address?"),
             ("warning", "filters[1]", "unknown_path", "Did you mean billing.city?")],
            id="filters that ask about nothing",
        ),
        pytest.param(
            {"filters": [{"name": "f", "when": {"field": "email", "is": "matches", "value": "("}}]}, {},
            [("error", "filters[0].when.value", "invalid_input",
              "Patterns follow RE2: no look-around (?=…), no back-references.")],
            id="a pattern that cannot be used",
        ),
    ],
)  # fmt: skip
def test_what_is_said_before_a_mapping_is_saved(
    kept: dict[str, Any], catalogues: dict[str, Any], expected: list[tuple[str, str, str, str]]
) -> None:
    assert expected == said(kept, **catalogues)


def test_what_cannot_be_compiled_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidInput) as refused:
        legs({"leg2": [EMAIL, EMAIL]}).compiled(CUSTOMERS)

    assert "leg2.rows[1].target" == refused.value.field


@pytest.mark.parametrize(
    "kept",
    [
        {"leg1": [{"target": f"a{n}", "expression": "email"} for n in range(5_000)]},
        {"rules": [{"name": f"r{n}", "then": [{"do": "clear", "field": "note"}]} for n in range(5_000)]},
        {"filters": [{"name": f"f{n}", "when": {"field": "a", "is": "empty"}} for n in range(5_000)]},
        {"tables": {f"t{n}": {} for n in range(5_000)}},
        {"tables": {"t": {"entries": {str(n): "" for n in range(30_000)}}}},
        {"tables": {"t": {"entries": {"a": {"b": {"c": "d"}}}}}},
        {"tables": {"t": {"entries": {"a": "b"}, "missing": "default"}}},
        {"tables": {"t": {"entries": {"PIN": "a", "pin ": "b"}}}},
        {"lists": {"block": {"email": ["x"] * 60_000}}},
        {"leg3": []},
    ],
    ids=["5,000 rows", "5,000 rules", "5,000 filters", "5,000 tables", "30,000 entries", "a table in a table",
         "no default", "one key twice", "60,000 addresses", "a third leg"],
)  # fmt: skip
def test_what_is_too_much_or_no_mapping_at_all_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FlowMapping.model_validate(kept)


def test_tables_are_shared_by_rows_rules_filters_and_lookups() -> None:
    kept = {
        "tables": {"land": {"entries": {"NL": "inland"}, "default": "abroad", "missing": "default"}},
        "leg2": [
            EMAIL,
            {"target": "merge_fields.A", "expression": "billing.country", "table": "land"},
            {"target": "merge_fields.B", "expression": "lookup(billing.country, 'land')"},
            {"target": "merge_fields.C", "expression": "lookup(billing.country, 'land', 'elsewhere')"},
        ],
        "rules": [{"name": "r", "then": [{"do": "map", "field": "note", "table": "land"}]}],
        "filters": [
            {"name": "f", "when": {"field": "lookup(note, 'land')", "is": "equals", "value": "inland"}}
        ],
    }
    compiled = legs(kept).compiled(CUSTOMERS)

    def fields(country: str | None) -> dict[str, Any]:
        document = compiled.leg2.apply({"email": "a", "billing": {"country": country}}).document
        return dict(document["merge_fields"])

    assert {"A": "inland", "B": "inland", "C": "inland"} == fields("NL")
    assert {"A": "abroad", "B": "abroad", "C": "elsewhere"} == fields("BE")
    assert {"A": "abroad", "B": "abroad", "C": "abroad"} == fields(None)
    assert "abroad" == compiled.rules.apply({"note": "BE"}).document["note"]
    assert compiled.after.judge({"note": "nl"}) is None
    assert compiled.after.judge({"note": "be"}) is not None


@pytest.mark.parametrize(
    ("kind", "row", "code"),
    [
        (PRODUCTS, None, None),
        (STOCK, None, None),
        (PRODUCTS, {"target": "properties.material", "expression": "custom.material"}, "unknown_path"),
        (
            PRODUCTS,
            {"target": "variants[].custom_colour", "expression": "item.custom.colour"},
            "unknown_path",
        ),
        (PRODUCTS, {"target": "vendor", "expression": "custom.supplier"}, None),
        (STOCK, {"target": "warehouse", "expression": "'1'"}, "unknown_path"),
    ],
)
def test_the_save_says_where_a_product_has_no_place_for_a_field(
    kind: FlowKind, row: dict[str, Any] | None, code: str | None
) -> None:
    shipped = MAILCHIMP.in_rows[kind.record_kind]
    kept = [each for each in parse_rows(shipped) if row is None or each.target != row["target"]]
    legs = legs_of(
        {"leg2": [*(each.model_dump() for each in kept), *([row] if row else [])]},
        out_rows=MPLUS.out_rows[kind.record_kind],
        in_rows=shipped,
    )

    found = legs.findings(kind, targets=as_targets(MAILCHIMP.in_fields[kind.record_kind]))

    assert ([("warning", code)] if code else []) == [
        (each.severity, each.code) for each in found if each.place.endswith(".target")
    ]
