"""The contacts flow as a table: what becomes of a relation whose contact is archived, gone or filtered."""

from __future__ import annotations

import pytest

from app.flows.contacts import KIND, decide, filtered, gone
from app.flows.contactsettings import ContactsSettings
from app.records.customer import Customer
from app.records.decision import Decision, Known, KnownTarget, Skip

KNOWN = Known(targets=(KnownTarget(KIND, "a", "7", own=True),))
SKIP = Skip("filtered", "Filtered.", filtered=True)


def _decided(setting: str, settings: ContactsSettings) -> Decision:
    match setting:
        case "on_archived":
            return decide(Customer(email="noor@voorbeeld.nl", active=False), settings, KNOWN)
        case "on_gone":
            return gone(settings, KNOWN)
        case _:
            return filtered(settings, KNOWN, SKIP)


@pytest.mark.parametrize("setting", ["on_archived", "on_gone", "when_filtered"])
def test_each_policy_alone_makes_the_relation_inactive(setting: str) -> None:
    chosen = ContactsSettings.model_validate({setting: "inactive"})

    for asked in ("on_archived", "on_gone", "when_filtered"):
        decision = _decided(asked, chosen)
        assert (["a"] if asked == setting else []) == [each.key for each in decision.archives]
        assert (asked == setting) is (decision.skip is None)
