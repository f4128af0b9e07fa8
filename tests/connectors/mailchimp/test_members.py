"""Members written over HTTP to the sandbox: how they come, change, leave and come back, and how they never do."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mailchimp.client import MailchimpClient
from tests.connectors.mailchimp.conftest import ANNA, Shop, bring_about, intent

ADDRESS = {"addr1": "Markt 1", "city": "Utrecht", "state": "-", "zip": "3511 AA", "country": "NL"}
DOCUMENT: dict[str, Any] = {"email_address": ANNA, "merge_fields": {"FNAME": "Anna", "ADDRESS": ADDRESS}}


@pytest.mark.parametrize(
    ("double_optin", "consent", "status", "mails"),
    [
        (False, "yes", "subscribed", []),
        (False, "no", "transactional", []),
        (False, "unknown", "transactional", []),
        (True, "yes", "pending", [("opt_in_confirmation", ANNA)]),
        (True, "unknown", "transactional", []),
    ],
)
async def test_a_new_address(
    client: MailchimpClient, shop: Shop, double_optin: bool, consent: str, status: str, mails: list[Any]
) -> None:
    shop.audience.double_optin = double_optin

    [applied] = await bring_about(client, intent(DOCUMENT, consent=consent))

    member = shop.member()
    assert (status, mails) == (member.status, shop.mails())
    assert ("Anna", ADDRESS | {"addr2": ""}) == (member.merge_fields["FNAME"], member.merge_fields["ADDRESS"])
    assert (member.contact_id, "present", "ADDRESS FNAME") == (
        applied.remote_id,
        applied.state,
        applied.facts["filled"],
    )


async def test_the_second_time_nothing_is_sent(client: MailchimpClient, shop: Shop) -> None:
    await bring_about(client, intent(DOCUMENT))
    shop.calls()

    assert [] == await bring_about(client, intent(DOCUMENT))
    assert ["member.get"] == shop.calls()
