"""Golden table of steps: what is wanted, what is there, which calls follow. Each row is one promise about a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from app.connectors.base import Existing, Leave
from app.connectors.mailchimp.customers import existing_member, member_hash, steps
from app.connectors.mailchimp.fields import Audience, MergeField
from app.connectors.mailchimp.memberchanges import (
    ArchiveMember,
    DeletePermanently,
    Note,
    PatchMember,
    PutMember,
    SetTags,
)
from tests.connectors.mailchimp.conftest import ANNA, BRAM, intent

FIELDS = {
    field.tag: field
    for field in (
        MergeField("FNAME"),
        MergeField("PHONE", type="phone"),
        MergeField("ADDRESS", type="address"),
        MergeField("CHOICE", type="dropdown", choices=("A", "B")),
    )
}
SINGLE, DOUBLE = Audience(fields=FIELDS), Audience(fields=FIELDS, double_optin=True)
HASH = member_hash(ANNA)
HOME = {"addr1": "Markt 1", "city": "Utrecht", "state": "-", "zip": "3511"}


def doc(**merge_fields: Any) -> dict[str, Any]:
    return {"email_address": ANNA, "merge_fields": merge_fields}


def there(status: str = "subscribed", *, whole: bool = True, **more: Any) -> Existing:
    return existing_member(
        {"id": HASH, "contact_id": "c1", "email_address": ANNA, "status": status} | more, whole=whole
    )


def patch(member: str = "c1", filled: Any = (), warnings: Any = (), **body: Any) -> PatchMember:
    return PatchMember(member=member, body=body, filled=frozenset(filled), warnings=tuple(warnings))


@dataclass
class Case:
    says: str
    wish: Any
    existing: Existing | None
    then: Any
    audience: Audience = field(default_factory=lambda: SINGLE)


CASES = [
    Case(
        "new, no consent: receipts only",
        intent(doc(FNAME="Anna")),
        None,
        (PutMember(member=HASH, body={"email_address": ANNA, "status_if_new": "transactional", "merge_fields": {"FNAME": "Anna"}}),),
    ),
    Case(
        "new, consent: subscribed, with the proof",
        intent(doc() | {"timestamp_opt": "2026-01-01T00:00:00+00:00"}, consent="yes"),
        None,
        (PutMember(member=HASH, body={
            "email_address": ANNA, "status_if_new": "subscribed", "timestamp_opt": "2026-01-01T00:00:00+00:00"}),),
    ),
    Case(
        "new, consent, double opt-in: pending, signed up and not opted in",
        intent(doc() | {"timestamp_opt": "2026-01-01T00:00:00+00:00"}, consent="yes"),
        None,
        (PutMember(member=HASH, body={
            "email_address": ANNA, "status_if_new": "pending", "timestamp_signup": "2026-01-01T00:00:00+00:00"}),),
        DOUBLE,
    ),
    Case(
        "new: nothing is emptied that nobody filled, and tags come after the member",
        intent(doc(FNAME="", PHONE="1") | {"tags": ["gold"]}),
        None,
        (
            PutMember(member=HASH, body={"email_address": ANNA, "status_if_new": "transactional", "merge_fields": {"PHONE": "1"}}),
            SetTags(member=HASH, tags={"gold": True}),
        ),
    ),
    Case("new, no consent, and those are skipped", intent(doc(), create=False), None,
         Leave("no_consent", "The person has not consented, and without consent nobody is added.")),
    Case("there and the same: nothing", intent(doc(FNAME="Anna")), there(merge_fields={"FNAME": "Anna", "PHONE": "1"}), ()),
    Case("there: only what differs", intent(doc(FNAME="Ann", PHONE="1")),
         there(merge_fields={"FNAME": "Anna", "PHONE": "1"}), (patch(merge_fields={"FNAME": "Ann"}),)),
    Case("only the state is known: all of it", intent(doc(FNAME="Ann", PHONE="1")), there(whole=False),
         (patch(merge_fields={"FNAME": "Ann", "PHONE": "1"}),)),
    Case("an address with the empty parts that Mailchimp adds is the same", intent(doc(ADDRESS=HOME)),
         there(merge_fields={"ADDRESS": HOME | {"addr2": "", "country": ""}}), ()),
    Case("consent came: subscribed", intent(doc(), consent="yes", was="no"), there("transactional"), (patch(status="subscribed"),)),
    Case("consent came, double opt-in: pending", intent(doc(), consent="yes", was="no"), there("transactional"),
         (patch(status="pending"),), DOUBLE),
    Case("consent was there all along", intent(doc(), consent="yes", was="yes"), there("transactional"), ()),
    Case("consent was withdrawn", intent(doc(), consent="no", was="yes"), there(), (patch(status="unsubscribed"),)),
    Case("withdrawn before the confirmation", intent(doc(), consent="no", was="yes"), there("pending"), (patch(status="unsubscribed"),)),
    Case("withdrawn by somebody who is not subscribed", intent(doc(), consent="no", was="yes"), there("transactional"), ()),
    Case(
        "unsubscribed in Mailchimp: stays so, and the rest arrives",
        intent(doc(FNAME="Anna"), consent="yes"),
        there("unsubscribed"),
        (patch(
            merge_fields={"FNAME": "Anna"},
            warnings=["stays_unsubscribed: the contact is unsubscribed in Mailchimp, and only the person can change that"],
        ),),
    ),
    Case("cleaned: stays so, and that is said", intent(doc(), consent="yes"), there("cleaned"),
         (Note(member="c1", warnings=["stays_cleaned: the contact is cleaned in Mailchimp, and only the person can change that"]),)),
    Case("archived by the merchant", intent(doc(FNAME="Anna"), consent="yes"), there("archived"),
         Leave("archived", "The contact is archived in Mailchimp and stays so.", state="archived")),
    Case("archived by us", intent(doc(), options={"archived_by_us": "subscribed"}), there("archived"),
         (PutMember(member="c1", body={"email_address": ANNA, "status": "subscribed", "status_if_new": "subscribed"}),)),
    Case("archived by us, who was on receipts only, and has consented since",
         intent(doc(), consent="yes", was="no", options={"archived_by_us": "transactional"}), there("archived"),
         (PutMember(member="c1", body={"email_address": ANNA, "status": "pending", "status_if_new": "pending"}),), DOUBLE),
    Case("archived by us before the confirmation: nobody is asked again without a consent",
         intent(doc(), options={"archived_by_us": "pending"}), there("archived"),
         (PutMember(member="c1", body={"email_address": ANNA, "status": "transactional", "status_if_new": "transactional"}),), DOUBLE),
    Case("taken away", intent(None), there(), (ArchiveMember(member="c1", status_before="subscribed"),)),
    Case("taken away for good", intent(None, permanently=True), there("archived"), (DeletePermanently(member="c1"),)),
    Case("taken away, and gone", intent(None), None,
         Leave("already_gone", "The audience has no such contact any more.", state="gone")),
    Case("another address", intent(doc() | {"email_address": BRAM}, natural=BRAM, moves_from_id="c1"), there(),
         (patch(email_address=BRAM),)),
    Case("another address and a yes: the mail of a subscription goes to the new one",
         intent(doc() | {"email_address": BRAM}, consent="yes", was="no", natural=BRAM, moves_from_id="c1"), there("transactional"),
         (patch(email_address=BRAM), patch(status="pending")), DOUBLE),
    Case("a contact that is linked only now: a consent of long ago is news for it",
         intent(doc(), consent="yes", options={"subscription": "keep"}), there("transactional"), (patch(status="subscribed"),)),
    Case("a new contact for who unsubscribed as the old one", intent(doc(), consent="yes", instead_of=there("unsubscribed")), None,
         (PutMember(member=member_hash(ANNA), body={"email_address": ANNA, "status_if_new": "transactional"}),)),
    Case("archived by us, and another has the address now", intent(doc(), consent="no",
         options={"archived_by_us": "subscribed", "archived_for_another": True}), there("archived"),
         (PutMember(member="c1", body={"email_address": ANNA, "status": "transactional", "status_if_new": "transactional"}),)),
    Case("archived by us when unsubscribed, and another has the address now", intent(doc(), consent="yes",
         options={"archived_by_us": "unsubscribed", "archived_for_another": True}), there("archived"),
         Leave("archived", "The contact is archived in Mailchimp and stays so.", state="archived")),
    Case("what we filled and is silent is emptied", intent(doc(FNAME="Anna"), facts={"filled": "FNAME PHONE"}),
         there(merge_fields={"FNAME": "Anna", "PHONE": "1"}), (patch(filled=["FNAME", "PHONE"], merge_fields={"PHONE": ""}),)),
    Case("what is empty there already is not emptied again", intent(doc(FNAME="Anna"), facts={"filled": "FNAME PHONE"}),
         there(merge_fields={"FNAME": "Anna", "PHONE": ""}), ()),
    Case("what others filled stays", intent(doc(FNAME="Anna"), facts={"filled": "FNAME"}),
         there(merge_fields={"FNAME": "Anna", "PHONE": "1"}), ()),
    Case("an address that is not complete any more is emptied as a whole",
         intent(doc(ADDRESS=HOME | {"city": None}), facts={"filled": "ADDRESS"}), there(merge_fields={"ADDRESS": HOME}),
         (patch(filled=["ADDRESS"], merge_fields={"ADDRESS": ""}, warnings=["merge_field_left_out: ADDRESS is not complete: city lacks"]),)),
    Case("a choice that is not offered leaves no old one of ours", intent(doc(CHOICE="C"), facts={"filled": "CHOICE"}),
         there(merge_fields={"CHOICE": "A"}),
         (patch(filled=["CHOICE"], merge_fields={"CHOICE": ""}, warnings=["merge_field_left_out: CHOICE takes one of its choices only"]),)),
    Case("a row that does not always write empties nothing", intent(doc(), facts={"filled": "PHONE"}, emptiable=frozenset()),
         there(merge_fields={"PHONE": "1"}), ()),
    Case("a field that the audience no longer has is not emptied", intent(doc(), facts={"filled": "SHOP"}), there(), ()),
    Case("tags: only what changes", intent(doc() | {"tags": {"gold": True, "new": False, "old": False}}),
         there(tags=[{"id": 1, "name": "gold"}, {"id": 2, "name": "old"}]), (SetTags(member="c1", tags={"old": False}),)),
    Case("updates off", intent(doc(FNAME="Ann") | {"tags": ["gold"]}, update=False), there(),
         Leave("update_off", "The contact is in the audience already, and updates are switched off.")),
    Case("updates off, but a withdrawal is a withdrawal", intent(doc(FNAME="Ann"), consent="no", was="yes", update=False), there(),
         (patch(status="unsubscribed"),)),
    Case("a field of the document that members do not have",
         intent(doc(FNAME="Anna") | {"shoe_size": 38}), there(),
         (patch(merge_fields={"FNAME": "Anna"}, warnings=["unknown_field: Mailchimp has no field shoe_size"]),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_steps(case: Case) -> None:
    assert case.then == steps(case.wish, case.existing, case.audience)


def test_summaries_and_payloads_hold_no_person_in_the_log_of_people() -> None:
    """Summaries are shown to everybody who may look; what was said stands sealed in the payload."""
    said = []
    for case in CASES:
        then = steps(case.wish, case.existing, case.audience)
        said += [change.summary() for change in then] if isinstance(then, tuple) else [then.reason]

    assert {
        "put member as transactional: email_address, merge_fields.FNAME",
        "patch member as unsubscribed",
        "set tags: 0 on, 1 off",
        "archive member",
        "delete permanently",
    } <= set(said)
    assert not any("@" in text or "Anna" in text or "Markt" in text or "gold" in text for text in said)
