"""From a source document to target documents: filters, rules, lists and rows around the flow's own decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from app.connectors.base import Desired, Found, Gone
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mplus.rows import OUT_ROWS
from app.errors import MappingFailed
from app.flows.base import FlowKind, FlowSettings
from app.flows.customers import CUSTOMERS, KIND, CustomersSettings
from app.flows.mapping import legs_of
from app.flows.policies import archive_or_skip
from app.records.decision import Archive, Decision, Known, KnownTarget, Put, Skip
from app.records.product import Product
from app.translation import RowTranslation, narrowed

RELATION: dict[str, Any] = {
    "relationNumber": 17,
    "personName": "Jan de Vries",
    "email": "jan@winkel.nl",
    "country": "Nederland",
    "city": "Gent",
    "points": 120,
    "customFields": {"webshop": "ja", "schoenmaat": "42"},
    "contactList": [{"relationNumber": 18, "personName": "Bo Wit", "email": "bo@winkel.nl"}],
}


def translation(kept: dict[str, Any] | None = None, **settings: Any) -> RowTranslation:
    legs = legs_of(kept or {}, out_rows=OUT_ROWS["customer"], in_rows=IN_ROWS)
    chosen = CustomersSettings(**settings)
    return RowTranslation(
        kind=CUSTOMERS, settings=chosen, mapping=legs.compiled(CUSTOMERS), said=chosen.model_dump(mode="json")
    )


def sent(*addresses: str) -> Known:
    """What is known when these addresses were delivered before."""
    return Known(
        targets=tuple(
            KnownTarget(kind=KIND, key=f"{KIND}:{address}", remote_id="x", own=True, facts={"person": person})
            for person, address in zip(("main", "18", "19"), addresses, strict=False)
        )
    )


def rule(**parts: Any) -> dict[str, Any]:
    return {"rules": [{"name": "VIP"} | parts]}


def filtered(reason: str) -> Decision:
    return Decision(skip=Skip("filtered", reason, filtered=True))


ALWAYS = {"field": "email", "is": "not_empty"}
SKIP = {"do": "skip", "reason": "Our own people"}


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        pytest.param(
            {"filters": [{"name": "Gent", "stage": "before", "when": {"field": "city", "is": "equals", "value": "Lier"}}]},
            "Filtered by filter 'Gent'",
            id="a filter before the first leg",
        ),
        pytest.param(
            {"filters": [{"name": "Gent", "keep": "others", "reason": "Gent is closed",
                          "when": {"field": "billing.city", "is": "equals", "value": "gent"}}]},
            "Filtered by filter 'Gent': Gent is closed",
            id="a filter after the rules",
        ),
        pytest.param(rule(then=[SKIP]), "Filtered by rule 'VIP': Our own people", id="a rule"),
        pytest.param(
            {"lists": {"block": {"customer": ["17"]}}},
            "Filtered by the block list: its customer number is listed",
            id="a customer number on the block list",
        ),
        pytest.param(
            {"lists": {"allow": {"customer": ["99"]}}},
            "Filtered by the allow list: its customer number is not listed",
            id="a customer number that is not on the allow list",
        ),
        pytest.param(
            {"lists": {"block": {"email": [" JAN@winkel.nl", "bo@winkel.nl"]}}},
            "Filtered by the block list: its e-mail address is listed",
            id="every address on the block list",
        ),
        pytest.param(
            {"lists": {"allow": {"email": ["piet@winkel.nl"]}}},
            "Filtered by the allow list: its e-mail address is not listed",
            id="no address on the allow list",
        ),
        pytest.param(
            {"leg1": [{"target": "email", "expression": "email"},
                      {"target": "price_group", "expression": "city", "table": {"entries": {"lier": "1"}, "missing": "skip"}}]},
            "Filtered by a mapping row: price_group: a text that is not in the table.",
            id="a table of leg 1",
        ),
        pytest.param(
            {"leg2": [{"target": "email_address", "expression": "email"},
                      {"target": "merge_fields.X", "expression": "consent.state", "table": {"entries": {"yes": "a"}, "missing": "skip"}}]},
            "Filtered by a mapping row: merge_fields.X: a text that is not in the table.",
            id="a table of leg 2",
        ),
    ],
)  # fmt: skip
def test_what_a_filter_rule_list_or_table_keeps_back_is_filtered_with_the_reason(
    kept: dict[str, Any], reason: str
) -> None:
    found = Found("17", RELATION)

    assert filtered(reason) == translation(kept).plan(found, Known()).decision
    assert Decision(
        archives=(Archive(KIND, f"{KIND}:jan@winkel.nl", "filtered"),)
    ) == translation(kept, when_filtered="archive").plan(found, sent("jan@winkel.nl")).decision  # fmt: skip


def test_rules_run_between_the_legs_and_the_plan_names_those_that_did_something() -> None:
    kept = {
        "rules": [
            {"name": "Loyal", "when": {"field": "points", "is": "greater", "value": 100}, "then": [{"do": "add_tag", "tag": "Loyal"}]},
            {"name": "Not at all", "when": {"field": "points", "is": "less", "value": 100}, "then": [{"do": "clear", "field": "note"}]},
            {"name": "Shoe", "then": [{"do": "copy", "from": "custom.schoenmaat", "field": "note"}]},
            {"name": "Number in a text", "then": [{"do": "set", "field": "price_group", "value": 3}]},
        ],
        "leg2": [
            {"target": "email_address", "expression": "email"},
            {"target": "merge_fields.NOTE", "expression": "note"},
            {"target": "merge_fields.GROUP", "expression": "price_group"},
            {"target": "tags", "expression": "tags"},
        ],
    }  # fmt: skip

    plan = translation(kept, contacts="main").plan(Found("17", RELATION), Known())

    assert ("Loyal", "Shoe", "Number in a text") == plan.fired
    assert (
        Desired(
            {
                "email_address": "jan@winkel.nl",
                "merge_fields": {"NOTE": "42", "GROUP": "3"},
                "tags": ["Loyal"],
            },
            emptiable=frozenset(row["target"] for row in kept["leg2"]),
        ),
    ) == plan.desired


def test_a_shipped_flow_carries_tags_and_leaves_accounts_alone() -> None:
    kept = rule(then=[{"do": "add_tag", "tag": "Loyal"}])

    (desired,) = translation(kept, contacts="main").plan(Found("17", RELATION), Known()).desired

    assert ["Loyal"] == desired.document["tags"]
    assert {"ACCOUNT", "TAXCODE"}.isdisjoint(desired.document["merge_fields"])


def test_a_rule_stops_a_record_with_its_message() -> None:
    kept = rule(then=[{"do": "stop", "message": "No VAT number"}])

    with pytest.raises(MappingFailed) as stopped:
        translation(kept).plan(Found("17", RELATION), Known())

    assert ("stopped_by_rule", "VIP") == (stopped.value.code, stopped.value.row)
    assert "The rule 'VIP' holds this record back: No VAT number" == stopped.value.detail


def test_a_rule_that_spoils_the_record_is_named_and_no_value_is_told() -> None:
    kept = rule(then=[{"do": "set", "field": "payment_days", "value": "soon"}])

    with pytest.raises(MappingFailed) as failed:
        translation(kept).plan(Found("17", RELATION), Known())

    assert "payment_days" == failed.value.field
    assert "the rules (VIP)" in failed.value.detail
    assert "soon" not in failed.value.detail


@pytest.mark.parametrize(
    "kept",
    [
        {"lists": {"block": {"email": ["bo@winkel.nl"]}}},
        rule(each="contacts", then=[SKIP]),
    ],
    ids=["block list", "rule"],
)
@pytest.mark.parametrize("policy", ["leave", "archive"])
def test_one_contact_kept_back_does_not_stop_the_others_and_goes_by_the_policy(
    kept: dict[str, Any], policy: str
) -> None:
    known = sent("jan@winkel.nl", "bo@winkel.nl")

    plan = translation(kept, when_filtered=policy).plan(Found("17", RELATION), known)

    expected = (Archive(KIND, f"{KIND}:bo@winkel.nl", "filtered"),) if policy == "archive" else ()
    assert ["jan@winkel.nl"] == [put.natural for put in plan.decision.puts]
    assert ["jan@winkel.nl"] == [each.document["email_address"] for each in plan.desired]
    assert expected == plan.decision.archives
    assert plan.decision.skip is None


def test_a_contact_who_left_is_archived_even_where_another_is_on_the_block_list() -> None:
    known = sent("jan@winkel.nl", "bo@winkel.nl", "weg@winkel.nl")
    kept = {"lists": {"block": {"email": ["bo@winkel.nl"]}}}

    decision = translation(kept).plan(Found("17", RELATION), known).decision

    assert (Archive(KIND, f"{KIND}:weg@winkel.nl", "address_left"),) == decision.archives


LISTS = [{"block": {"email": [" Jan@winkel.nl"]}}, {"allow": {"email": ["bo@winkel.nl"]}}]


@pytest.mark.parametrize("lists", LISTS, ids=["blocked", "not allowed"])
@pytest.mark.parametrize(
    "source", [Found("17", RELATION | {"active": False}), Gone("17")], ids=["inactive", "gone"]
)
def test_a_listed_contact_is_not_archived_either(lists: dict[str, Any], source: Found | Gone) -> None:
    flow = translation({"lists": lists}, on_gone="archive", on_inactive="archive")

    both = flow.plan(source, sent("jan@winkel.nl", "bo@winkel.nl")).decision
    alone = flow.plan(source, sent("jan@winkel.nl")).decision

    assert [f"{KIND}:bo@winkel.nl"] == [each.key for each in both.archives]
    assert ((), True) == (alone.archives, bool(alone.skip and alone.skip.filtered))


def test_an_address_that_was_left_behind_and_is_listed_stays_as_it_is() -> None:
    kept = {"lists": {"block": {"email": ["weg@winkel.nl"]}}}

    decision = (
        translation(kept).plan(Found("17", RELATION), sent("jan@winkel.nl", "bo@winkel.nl", "weg@winkel.nl"))
    ).decision

    assert () == decision.archives


def test_a_rule_that_changes_an_address_moves_the_contact_and_archives_nobody() -> None:
    kept = rule(then=[{"do": "set", "field": "email", "value": "info@winkel.nl"}])

    plan = translation(kept, contacts="main", when_filtered="archive").plan(
        Found("17", RELATION), sent("jan@winkel.nl")
    )

    assert [("info@winkel.nl", f"{KIND}:jan@winkel.nl")] == [
        (put.natural, put.moves_from) for put in plan.decision.puts
    ]
    assert () == plan.decision.archives


def test_what_is_gone_is_no_matter_of_filters() -> None:
    kept = rule(then=[SKIP])

    decision = translation(kept, on_gone="archive").plan(Gone("17"), sent("jan@winkel.nl")).decision

    assert (Archive(KIND, f"{KIND}:jan@winkel.nl", "not_found"),) == decision.archives


def test_filters_see_the_settings() -> None:
    when = {"field": "setting('without_consent')", "is": "equals", "value": "skip"}
    kept = {"filters": [{"name": "f", "when": when, "keep": "others"}]}

    assert (
        filtered("Filtered by filter 'f'")
        == translation(kept, without_consent="skip").plan(Found("17", RELATION), Known()).decision
    )
    assert translation(kept).plan(Found("17", RELATION), Known()).decision.puts


# --- a kind of record with elements that lists name one by one -----------------------------------------------------


class _ShelfSettings(FlowSettings):
    pass


def _put_product(record: Product, _settings: _ShelfSettings, _known: Known) -> Decision:
    return Decision(puts=(Put(kind="product", natural=record.id, record=record),))


SHELF = FlowKind(
    name="shelf",
    record_kind="product",
    record=Product,
    settings=_ShelfSettings,
    decide=_put_product,
    gone=lambda _settings, _known: Decision(),
    filtered=lambda _settings, known, skip: archive_or_skip(known, skip, kinds=("product",), archive=False),
    target_kinds=("product",),
    list_elements={"variants": {"sku": "sku"}},
)


@dataclass(frozen=True)
class _Case:
    lists: dict[str, Any]
    skus: list[str] = field(default_factory=list)
    reason: str | None = None


@pytest.mark.parametrize(
    "case",
    [
        _Case({}, ["S", "M"]),
        _Case({"block": {"sku": ["m "]}}, ["S"]),
        _Case({"allow": {"sku": ["M"]}}, ["M"]),
        _Case({"block": {"sku": ["S"]}, "allow": {"sku": ["S", "M"]}}, ["M"]),
        _Case({"block": {"sku": ["S", "M"]}}, reason="Filtered by the block list: its SKU is listed"),
        _Case({"allow": {"sku": ["L"]}}, reason="Filtered by the allow list: its SKU is not listed"),
    ],
)
def test_a_listed_variant_alone_is_left_out(case: _Case) -> None:
    out = [("id", "id"), ("variants[]", "variants"), ("variants[].sku", "item.sku")]
    legs = legs_of({"lists": case.lists}, out_rows=out, in_rows=[("skus", "variants[].sku")])
    shelf = RowTranslation(kind=SHELF, settings=_ShelfSettings(), mapping=legs.compiled(SHELF))

    plan = shelf.plan(Found("1", {"id": "1", "variants": [{"sku": "S"}, {"sku": "M"}]}), Known())

    assert case.skus == [sku for each in plan.desired for sku in each.document["skus"]]
    assert case.reason == (plan.decision.skip.reason if plan.decision.skip else None)


# --- modes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modes", "exists", "existing", "expected"),
    [
        ({}, True, {}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ({"a.b": "create"}, True, {}, {"a": {"c": 2}, "d": 3}),
        ({"a.b": "create"}, False, None, {"a": {"b": 1, "c": 2}, "d": 3}),
        ({"d": "update"}, False, None, {"a": {"b": 1, "c": 2}}),
        ({"d": "if_empty"}, True, {"d": ""}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ({"d": "if_empty"}, True, {"d": "theirs"}, {"a": {"b": 1, "c": 2}}),
        ({"d": "if_empty"}, True, None, {"a": {"b": 1, "c": 2}}),
        ({"a": "if_empty"}, True, {"a.b": "theirs"}, {"a": {"c": 2}, "d": 3}),
        ({"a": "create"}, True, {}, {"d": 3}),
        ({"a": "create", "a.b": "always"}, True, {}, {"a": {"b": 1}, "d": 3}),
    ],
)
def test_only_what_this_run_may_write_is_written(
    modes: dict[str, Any], exists: bool, existing: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    desired = Desired({"a": {"b": 1, "c": 2}, "d": 3}, modes)

    assert expected == narrowed(desired, exists=exists, existing=existing)
