"""A merchant decides what goes where: own rows, rules, filters, lists, and what people enriched survives."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.registry import system
from app.mapping.rows import parse_rows
from tests.shop import CONSENT, Shop
from tests.stories.storefront import article, contents, store


def shipped(kind: str, **changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The shipped rows of leg 2 to Mailchimp, some of them edited."""
    rows = [row.model_dump(mode="json") for row in parse_rows(system("mailchimp").in_rows[kind])]
    return [row | changed.get(row["target"].rpartition(".")[2], {}) for row in rows]


async def reasons(shop: Shop) -> dict[str, str]:
    return {row["source_ref"]: row["reason"] for row in await shop.attempts() if row["outcome"] == "filtered"}


async def test_rules_filters_and_lists_between_the_till_and_the_audience(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    kept = {
        "filters": [
            {"name": "Only Gent", "reason": "Another town", "when": {"field": "billing.city", "is": "equals", "value": "gent"}}
        ],
        "rules": [
            {"name": "Companies", "when": {"field": "company", "is": "not_empty"}, "then": [{"do": "add_tag", "tag": "B2B"}]},
            {"name": "Own people", "when": {"field": "email", "is": "ends_with", "value": "@onze-winkel.nl"},
             "then": [{"do": "skip", "reason": "Our own people"}]},
        ],
        "lists": {"block": {"email": ["geblokkeerd@klant-voorbeeld.nl"]}},
    }  # fmt: skip
    await shop.configure(flow_id, mapping=kept)
    add = shop.till.relations.add
    add(name="Wit bv", companyName="Wit bv", email="wit@klant-voorbeeld.nl", city="Gent")
    away = add(name="Jan Bakker", email="jan@klant-voorbeeld.nl", city="Lier")["relationNumber"]
    own = add(name="Bo Wit", email="bo@onze-winkel.nl", city="Gent")["relationNumber"]
    blocked = add(name="An Peeters", email="geblokkeerd@klant-voorbeeld.nl", city="Gent")["relationNumber"]
    await shop.rest()

    assert ["wit@klant-voorbeeld.nl"] == [member.email for member in shop.audience.members.values()]
    member = shop.audience.member("wit@klant-voorbeeld.nl")
    assert [shop.audience.tag_id("B2B")] == list(member.tags)
    assert {
        str(away): "Filtered by filter 'Only Gent': Another town",
        str(own): "Filtered by rule 'Own people': Our own people",
        str(blocked): "Filtered by the block list: its e-mail address is listed",
    } == await reasons(shop)
    written = shop.written()

    await shop.rest()
    assert written == shop.written()

    await shop.configure(flow_id, mapping=kept | {"filters": []})
    await shop.ask(flow_id, str(away))
    await shop.rest()

    assert {"wit@klant-voorbeeld.nl", "jan@klant-voorbeeld.nl"} == {
        member.email for member in shop.audience.members.values()
    }


async def test_tax_and_account_per_country(shop: Shop) -> None:
    for tag in ("BTW", "ACCOUNT"):
        shop.audience.open_field(tag)
    flow_id = await shop.flow("customers", CONSENT)
    on = {"TAXCODE": {"on": True, "target": "merge_fields.BTW"}, "ACCOUNT": {"on": True}}
    await shop.configure(flow_id, mapping={"leg2": shipped("customer", **on)})
    for name, country in (
        ("Jan Nel", "Nederland"),
        ("Piet Bel", "België"),
        ("Anna Fra", "Frankrijk"),
        ("Bo On", ""),
    ):
        mail = f"{name.split()[0].lower()}@klant-voorbeeld.nl"
        shop.till.relations.add(name=name, email=mail, country=country)
    await shop.rest()

    assert {
        "jan@klant-voorbeeld.nl": ("NL21", "8000"),
        "piet@klant-voorbeeld.nl": ("BE21", "8010"),
        "anna@klant-voorbeeld.nl": ("OSS", "8020"),
        "bo@klant-voorbeeld.nl": ("OSS", "8020"),
    } == {
        member.email: (member.merge_fields["BTW"], member.merge_fields["ACCOUNT"])
        for member in shop.audience.members.values()
    }


@pytest.mark.parametrize("mode", ["create", "if_empty"])
async def test_a_description_edited_in_mailchimp_survives_a_new_price_in_the_till(
    shop: Shop, mode: str
) -> None:
    shop.till.catalogue.add(
        productNumber=1,
        description="Trui Linde",
        extraText="Zacht en sterk.",
        groupNumbers=[shop.till.groups.add("Truien")],
        articleList=[article(10_001, description="Trui Linde", priceIncl=4_995)],
    )
    flow_id = await shop.flow("products")
    await shop.configure(flow_id, mapping={"leg2": shipped("product", description={"mode": mode})})
    await shop.rest()
    assert "Zacht en sterk." == contents(shop)["1"]["description"]

    store(shop).products["1"].data["description"] = "Met liefde beschreven."
    shop.till.catalogue.edit_article(10_001, priceIncl=3_995)
    shop.till.catalogue.edit_product(1, extraText="Kort en droog.")
    await shop.rest()

    product = contents(shop)["1"]
    assert ("Met liefde beschreven.", 39.95) == (
        product["description"],
        product["variants"]["10001"]["price"],
    )


async def test_a_row_that_cannot_apply_holds_back_one_record_and_a_mended_row_releases_it(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    row = {"target": "merge_fields.LNAME", "expression": "trim(categories)"}
    table = {"entries": {"1": "Truien"}, "missing": "fail"}
    broken = {
        "leg2": [
            {"target": "email_address", "expression": "email"},
            row | {"expression": "note", "table": table},
        ]
    }
    await shop.configure(flow_id, mapping=broken)
    good = shop.till.relations.add(name="Jan Bakker", email="jan@klant-voorbeeld.nl")["relationNumber"]
    bad = shop.till.relations.add(name="Bo Wit", email="bo@klant-voorbeeld.nl", extraText="Iets")[
        "relationNumber"
    ]
    await shop.rest()

    assert {
        str(good): ("delivered", None),
        str(bad): ("quarantined", "not_in_table"),
    } == await shop.outcomes()

    mended = {"leg2": [broken["leg2"][0], row | {"expression": "note", "table": table | {"missing": "keep"}}]}
    await shop.configure(flow_id, mapping=mended)
    await shop.ask(flow_id, str(bad))
    await shop.rest()

    assert ("delivered", None) == (await shop.outcomes())[str(bad)]
    assert "Iets" == shop.audience.member("bo@klant-voorbeeld.nl").merge_fields["LNAME"]
