"""Which mails a change of a member brings about."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import Change, Mails
from app.connectors.mailchimp.memberchanges import ArchiveMember, PatchMember, PutMember, SetTags, mails


def put(**body: Any) -> Change:
    return PutMember(member="m", body=body)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put(status_if_new="pending"), Mails(confirmations=1)),
        (put(status_if_new="subscribed"), Mails(welcomes=1)),
        (put(status_if_new="transactional"), Mails()),
        (put(status="transactional", status_if_new="pending"), Mails()),
        (PatchMember(member="m", body={"status": "pending"}), Mails(confirmations=1)),
        (PatchMember(member="m", body={"status": "unsubscribed"}), Mails()),
        (PatchMember(member="m", body={"merge_fields": {"FNAME": "Anna"}}), Mails()),
        (ArchiveMember(member="m"), Mails()),
        (
            SetTags(member="m", tags={"vip": True, "old": False, "sale": True}),
            Mails(tags=("vip", "sale"), tag_mails=2),
        ),
        (SetTags(member="m", tags={"vip": True}, quiet=True), Mails(tags=("vip",))),
    ],
)
def test_only_a_new_status_or_a_new_tag_writes_to_people(change: Change, expected: Mails) -> None:
    assert expected == mails(change)
