"""What stays as the target has it is taken out of what is sent, whatever its name looks like."""

from __future__ import annotations

from app.pipeline.merging import without


def test_what_stays_is_taken_out() -> None:
    document = {
        "email": "a@voorbeeld.nl",
        "merge_fields": {"FNAME": "Noor", "ADDRESS": {"addr1": "Dorpsstraat 1", "city": "Utrecht"}},
        "tags": {"Actie 2.0": True, "VIP": True},
        "interests": {"bread": False},
    }
    left = frozenset({"merge_fields.ADDRESS", "tags.Actie 2", "interests.bread"})

    assert {
        "email": "a@voorbeeld.nl",
        "merge_fields": {"FNAME": "Noor"},
        "tags": {"VIP": True},
    } == without(document, left)
