"""What a flow knows of the one that goes the other way: by which of its paths a field comes back, under which rule, and what
of that is an echo (feature T9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.connectors.mailchimp.contacts import OUT_ROWS
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mplus.rows import CONTACTS_IN
from app.pipeline.counterflow import Counterflow, counterflow
from tests.flows.test_there_and_back import BACK, THERE, translation
from tests.pipeline.test_merging import digest, hashes
from tests.stories.bothways import as_rows


def links(found: Counterflow) -> dict[str, list[str]]:
    return {name: sorted(paths) for name, paths in found.links.items()}


def test_the_shipped_rows_of_people() -> None:
    """A number is read with its country, and still an address does not come from a number."""
    assert {
        "email_address": ["email"],
        "merge_fields.ADDRESS": ["address", "city", "country", "phoneNumber", "zipcode"],
        "merge_fields.COMPANY": ["companyName"],
        "merge_fields.FNAME": ["personName"],
        "merge_fields.LNAME": ["personName"],
        "merge_fields.PHONE": ["phoneNumber"],
    } == links(counterflow("back", THERE, BACK))
    assert {
        "address": ["merge_fields.ADDRESS.addr1"],
        "city": ["merge_fields.ADDRESS.city", "merge_fields.ADDRESS.state"],
        "companyName": ["merge_fields.COMPANY"],
        "country": ["merge_fields.ADDRESS.addr1", "merge_fields.ADDRESS.country", "merge_fields.PHONE"],
        "email": ["email_address"],
        "personName": ["merge_fields.FNAME", "merge_fields.LNAME"],
        "phoneNumber": ["merge_fields.ADDRESS.country", "merge_fields.PHONE"],
        "zipcode": ["merge_fields.ADDRESS.zip"],
    } == links(counterflow("there", BACK, THERE))


def test_rows_of_the_merchants_own() -> None:
    """A field inside an object that is read as a whole comes from inside it. What is not read back is known by what fills it, and
    what nothing writes back has no link at all."""
    own = [("SIZE", "custom.Maat"), ("DOG", "custom.Hond"), ("MAIL", "email"), ("SITE", "website")]
    out = as_rows(IN_ROWS) + [
        {"target": f"merge_fields.{tag}", "expression": expression} for tag, expression in own
    ]
    there = translation("customers", source="mplus", target="mailchimp", mapping={"leg2": out})
    read = [{"target": f"custom.{tag}", "expression": f"merge_fields.{tag}"} for tag in ("SIZE", "DOG")]
    written = [
        {"target": "customFields.Maat", "expression": "custom.SIZE", "mode": "target_wins"},
        {"target": "customFields.Hond", "expression": "custom.DOG"},
    ]
    back = translation(
        "contacts",
        source="mailchimp",
        target="mplus",
        mapping={"leg1": as_rows(OUT_ROWS) + read, "leg2": as_rows(CONTACTS_IN) + written},
        on_conflict="newest",
    )
    found = counterflow("back", there, back)

    assert ["customFields.Maat"] == links(found)["merge_fields.SIZE"]
    assert ["customFields.Hond"] == links(found)["merge_fields.DOG"]
    assert ["email"] == links(found)["merge_fields.MAIL"]
    assert ("target_wins", "newest", None) == (
        found.rule("merge_fields.SIZE"),
        found.rule("merge_fields.DOG"),
        found.rule("merge_fields.SITE"),
    )


def test_of_several_rules_for_one_field_the_strongest_counts() -> None:
    found = Counterflow(
        "back",
        otherwise="target_wins",
        modes={"zipcode": "newest"},
        links={"ADDRESS": frozenset({"address", "zipcode"}), "PHONE": frozenset({"phoneNumber"})},
    )

    assert ("newest", "target_wins") == (found.rule("ADDRESS"), found.rule("PHONE"))


WROTE = {"phoneNumber": "06", "custom.DOG": "ja", "tags.VIP": False}
BY_FIELD = {"PHONE": frozenset({"phoneNumber"}), "DOG": frozenset({"custom.DOG"}), "VIP": frozenset({"tags"})}


@pytest.mark.parametrize(
    ("shown", "facts", "expected"),
    [
        ({"phoneNumber": "06", "custom": {"DOG": "ja"}, "tags": {"VIP": False}}, {}, {"PHONE", "DOG", "VIP"}),
        ({"phoneNumber": "07", "custom": {"DOG": "ja"}}, {}, {"DOG", "VIP"}),  # no tag is as good as a no
        ({"phoneNumber": "06", "custom": {"DOG": True}}, {"spelled": {"custom.DOG": True}}, {"PHONE", "DOG", "VIP"}),
        ({"phoneNumber": "06", "custom": {"DOG": True}}, {}, {"PHONE", "VIP"}),
        ({"phoneNumber": "06", "custom": {"DOG": "ja"}}, {"left": ["custom.DOG"]}, {"PHONE", "VIP"}),
        ({"custom": {"DOG": "ja"}}, {}, {"DOG", "VIP"}),
        ({"phoneNumber": "06", "custom": {"DOG": "ja"}, "tags": {"VIP": True}}, {}, {"PHONE", "DOG"}),
        ({"phoneNumber": "06", "custom": {"DOG": "ja"}, "tags": {"New": True}}, {}, {"PHONE", "DOG"}),
        ({"phoneNumber": "06", "custom": {"DOG": "ja"}, "tags": {"New": ""}}, {}, {"PHONE", "DOG", "VIP"}),
    ],
)  # fmt: skip
def test_what_shows_as_the_other_flow_wrote_or_found_it_is_an_echo(
    shown: dict[str, Any], facts: dict[str, Any], expected: set[str]
) -> None:
    remembered = {name: json.dumps(value) for name, value in facts.items()}
    if "spelled" in facts:
        remembered["spelled"] = json.dumps(hashes(facts["spelled"]))
    found = Counterflow("back", links=BY_FIELD).echoed(
        shown, wrote=hashes(WROTE), facts=remembered, digest=digest
    )

    assert frozenset(expected) == found


def test_a_field_that_comes_back_by_several_paths_echoes_only_as_a_whole() -> None:
    back = Counterflow("back", links={"ADDRESS": frozenset({"address", "zipcode"})})
    wrote = hashes({"address": "Dam 1", "zipcode": "1012"})

    for shown, expected in (({"zipcode": "1012"}, {"ADDRESS"}), ({"zipcode": "1013"}, set[str]())):
        found = back.echoed({"address": "Dam 1", **shown}, wrote=wrote, facts={}, digest=digest)
        assert frozenset(expected) == found
