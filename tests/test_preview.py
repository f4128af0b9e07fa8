"""A preview shows the whole way of one record, and differences to what the target holds; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.connectors.base import Existing, Found, Gone
from app.connectors.mailchimp.customers import IN_ROWS, existing_member, steps
from app.connectors.mailchimp.fields import Audience, MergeField
from app.connectors.mplus.rows import OUT_ROWS
from app.errors import MappingFailed
from app.flows.customers import CUSTOMERS, KIND, CustomersSettings
from app.flows.mapping import legs_of
from app.pipeline.rehearsal import Rehearsed, act_of
from app.pipeline.work import Wish, prepare
from app.preview import Call, Difference, Preview, TargetPreview, preview_of
from app.records.decision import Known, KnownTarget
from app.sealing import Sealer
from app.store.targets import Target
from app.translation import RowTranslation

RELATION: dict[str, Any] = {"relationNumber": 17, "personName": "Jan de Vries", "email": "jan@winkel.nl"}
KEY = (KIND, f"{KIND}:jan@winkel.nl")
OWNED = KnownTarget(kind=KIND, key=KEY[1], remote_id="c1", own=True)
AUDIENCE = Audience(fields={tag: MergeField(tag) for tag in ("FNAME", "LNAME")})
SEALER = Sealer(keys=("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",), hash_secret="previews")


def previewed(
    relation: dict[str, Any] | None = None,
    *,
    kept: dict[str, Any] | None = None,
    known: Known | None = None,
    existing: Mapping[tuple[str, str], Existing] | None = None,
    **settings: Any,
) -> Preview:
    legs = legs_of(kept or {}, out_rows=OUT_ROWS["customer"], in_rows=IN_ROWS)
    way = RowTranslation(CUSTOMERS, CustomersSettings(**settings), legs.compiled(CUSTOMERS))
    source, known = Found("17", RELATION | (relation or {})), known or Known()
    plan = way.plan(source, known)
    rows = {(each.kind, each.key): row_of(each) for each in known.targets}
    wishes = [
        Wish(put.kind, known.hashed(put.kind, put.natural), put.natural, put=put, desired=desired)
        for put, desired in zip(plan.decision.puts, plan.desired, strict=True)
    ]
    wishes += [Wish(gone.kind, gone.key, None, archive=gone) for gone in plan.decision.archives]
    for wish in wishes:
        wish.row = rows.get((wish.kind, wish.key))
        wish.existing = (existing or {}).get((wish.kind, wish.key))
        prepare(wish, sealer=SEALER, options={})
    acts = tuple(act_of(wish, steps(wish.intent, wish.existing, AUDIENCE)) for wish in wishes if wish.intent)
    return preview_of(Rehearsed(source, plan, acts))


def row_of(known: KnownTarget) -> Target:
    """Its row here, with nothing remembered of what was written."""
    return Target(
        id=1,
        kind=known.kind,
        key=known.key,
        remote_id=known.remote_id,
        owner_connection_id="con_till",
        owner_ref="17",
        state="present",
        hashes={},
        facts={},
        in_doubt=False,
        doubts=0,
        holder=None,
        held_until=0,
    )


def member(**fields: str) -> dict[tuple[str, str], Existing]:
    held = {"contact_id": "c1", "email_address": "jan@winkel.nl", "status": "subscribed"}
    return {KEY: existing_member(held | {"merge_fields": fields})}


def test_a_new_contact_is_shown_from_source_to_calls() -> None:
    shown = previewed(kept={"rules": [{"name": "Loyal", "then": [{"do": "add_tag", "tag": "Loyal"}]}]})  # fmt: skip

    (target,) = shown.targets
    assert ("17", "delivered", "", RELATION, ("Loyal",)) == (
        shown.ref,
        shown.outcome,
        shown.reason,
        shown.source,
        shown.fired,
    )
    assert ("Jan", ("Loyal",)) == (
        shown.record and shown.record["first_name"],
        shown.record and shown.record["tags"],
    )
    assert ("create", "jan@winkel.nl", None) == (target.action, target.natural, target.held)
    assert (
        Difference("email_address", None, "jan@winkel.nl"),
        Difference("merge_fields.FNAME", None, "Jan"),
        Difference("merge_fields.LNAME", None, "de Vries"),
        Difference("tags", None, ["Loyal"]),
    ) == target.differences
    assert ["PutMember", "SetTags"] == [
        "PutMember" if "status_if_new" in call.payload.get("body", {}) else "SetTags" for call in target.calls
    ]


def test_only_what_differs_is_shown() -> None:
    shown = previewed(known=Known(targets=(OWNED,)), existing=member(FNAME="Jan", LNAME="Vries"))

    (target,) = shown.targets
    assert ("delivered", "update") == (shown.outcome, target.action)
    assert (Difference("merge_fields.LNAME", "Vries", "de Vries"),) == target.differences
    assert [{"merge_fields": {"LNAME": "de Vries"}}] == [call.payload["body"] for call in target.calls]


def test_an_equal_contact_is_unchanged() -> None:
    shown = previewed(known=Known(targets=(OWNED,)), existing=member(FNAME="Jan", LNAME="de Vries"))

    assert ("unchanged", "unchanged", ()) == (
        shown.outcome,
        shown.targets[0].action,
        shown.targets[0].differences,
    )


def test_a_field_that_people_enriched_is_not_among_what_is_written() -> None:
    kept = {
        "leg2": [
            {"target": "email_address", "expression": "email"},
            {"target": "merge_fields.FNAME", "expression": "first_name", "mode": "if_empty"},
        ]
    }

    shown = previewed(kept=kept, existing=member(FNAME="Johannes"))

    assert ({"email_address": "jan@winkel.nl"}, ()) == (
        shown.targets[0].document,
        shown.targets[0].differences,
    )


@pytest.mark.parametrize(
    ("relation", "options", "outcome", "reason"),
    [
        ({"email": ""}, {}, "skipped", "The relation has no e-mail address."),
        (
            {},
            {"kept": {"lists": {"block": {"email": ["jan@winkel.nl"]}}}},
            "filtered",
            "Filtered by the block list: its e-mail address is listed",
        ),
        (
            {},
            {"without_consent": "skip"},
            "skipped",
            "The person has not consented, and without consent nobody is added.",
        ),
    ],
)
def test_what_does_not_travel_says_why(
    relation: dict[str, Any], options: dict[str, Any], outcome: str, reason: str
) -> None:
    shown = previewed(relation, **options)

    assert (outcome, reason) == (shown.outcome, shown.reason)


def test_an_archived_contact_is_left_and_the_target_says_why() -> None:
    held = {KEY: existing_member({"contact_id": "c1", "status": "archived"})}

    shown = previewed(existing=held)

    assert ("skipped", "leave") == (shown.outcome, shown.targets[0].action)
    assert "The contact is archived in Mailchimp and stays so." == shown.reason


def test_an_inactive_relation_shows_what_is_archived() -> None:
    shown = previewed({"active": False}, known=Known(targets=(OWNED,)), existing=member())

    assert (
        TargetPreview(
            kind=KIND,
            natural=None,
            action="archive",
            document={},
            held=member()[KEY].document,
            differences=(),
            calls=shown.targets[0].calls,
            reason="inactive",
        ),
    ) == shown.targets
    assert 1 == len(shown.targets[0].calls)


def test_a_record_that_no_row_can_apply_to_is_held_back_with_what_to_do() -> None:
    error = MappingFailed("The row x does not fit.", row="x", advice="Change the row.")

    shown = preview_of(Rehearsed(Found("17", RELATION), error=error))

    assert ("held_back", "The row x does not fit.", "Change the row.", RELATION) == (
        shown.outcome,
        shown.reason,
        shown.advice,
        shown.source,
    )
    assert preview_of(Rehearsed(Gone("17"), error=error)).source is None


def test_a_preview_is_plain_data() -> None:
    target = TargetPreview(
        kind="customer",
        natural="a@b.nl",
        action="create",
        document={"price": Decimal("12.50"), "born": date(1980, 2, 29)},
        held=None,
        differences=(Difference("price", None, Decimal("12.50")),),
        calls=(Call("create", {"tags": ("a",)}),),
    )
    shown = Preview("17", "delivered", "", {}, {"id": None}, ("r",), (target,), ())

    plain = shown.as_json()

    assert plain == json.loads(json.dumps(plain))
    assert {"price": "12.50", "born": "1980-02-29"} == plain["targets"][0]["document"]
    assert [{"summary": "create", "payload": {"tags": ["a"]}}] == plain["targets"][0]["calls"]
