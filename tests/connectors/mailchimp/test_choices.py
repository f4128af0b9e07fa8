"""Tags, groups and permissions of a member: what is not named is a no, in comparing as in putting back."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mailchimp import memberbody, restoring
from app.connectors.mailchimp.customers import existing_member
from app.connectors.mailchimp.fields import Audience
from app.connectors.mailchimp.memberchanges import PatchMember

MEMBER = {
    "contact_id": "c1",
    "status": "subscribed",
    "interests": {"bread": True, "cake": False},
    "tags": [{"id": 1, "name": "VIP"}],
    "marketing_permissions": [{"marketing_permission_id": "p1", "enabled": False}],
}


def test_a_member_holds_what_was_chosen() -> None:
    shown = existing_member(MEMBER).document
    read = existing_member(MEMBER | {"interests": ["bread"], "tags": ["VIP"]}).document

    assert ({"bread": True}, {"VIP": True}, {}) == (
        shown["interests"],
        shown["tags"],
        shown["marketing_permissions"],
    )
    assert (shown["interests"], shown["tags"]) == (read["interests"], read["tags"])


@pytest.mark.parametrize(
    ("field", "wanted", "held", "alike"),
    [
        ("tags.VIP", True, True, True),
        ("tags.VIP", True, None, False),
        ("tags.VIP", False, None, True),
        ("interests.bread", False, True, False),
        ("interests.bread", None, True, None),
        ("marketing_permissions.p1", False, None, True),
        ("location.latitude", 52.09, 52.1, False),
        ("tags", [], None, None),
        ("email_address", "a@voorbeeld.nl", "b@voorbeeld.nl", None),
    ],
)
def test_alike(field: str, wanted: Any, held: Any, alike: bool | None) -> None:
    assert alike is memberbody.alike(field, wanted, held)


def test_what_is_no_already_is_not_sent() -> None:
    wanted = {"interests": {"bread": False, "cake": False}, "marketing_permissions": {"p1": False}}

    assert {"interests": {"bread": False}} == memberbody.differences(wanted, existing_member(MEMBER))


def test_a_list_of_tags_is_one_field_each() -> None:
    document, _ = memberbody.fitted({"tags": ["VIP", "", None, "Actie 2.0"]}, Audience())

    assert {"tags": {"VIP": True, "Actie 2.0": True}} == document


def test_a_group_that_nobody_had_chosen_is_put_back_as_a_no() -> None:
    before = existing_member(MEMBER)
    change = PatchMember(member="c1", body={"interests": {"bread": False, "cake": True}})
    kept = restoring.kept(before, (change,))
    after = existing_member(MEMBER | {"interests": {"bread": False, "cake": True}})
    calls, stayed = restoring.restored(after, kept)

    assert {"interests.bread": (True, False), "interests.cake": (False, True)} == kept
    assert ([{"interests": {"bread": True, "cake": False}}], ()) == ([call.body for call in calls], stayed)
