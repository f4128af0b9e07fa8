"""Redaction: a careless log line tells nobody's address and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from app.log import redacted


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("GET https://till:50123/?ident=shop&secret=s3cr3t%2B", "GET https://till:50123/?ident=[redacted]&secret=[redacted]"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"),
        ("key 0123456789abcdef0123456789abcdef-us6 refused", "key [redacted key] refused"),
        ("POST /webhooks/mplus/aBcD_123/completeSession", "POST /webhooks/mplus/{token}/completeSession"),
        ("ann.de-wit+x@mail.winkel.nl bounced", "[address]@mail.winkel.nl bounced"),
        ({"api_key": "x", "n": 3, "deep": {"Password": "p", "ok": True}}, {"api_key": "[redacted]", "n": 3, "deep": {"Password": "[redacted]", "ok": True}}),
        (["a@winkel.nl", 1.5, None], ["[address]@winkel.nl", 1.5, None]),
        ({"has_token": True}, {"has_token": True}),
    ],
)  # fmt: skip
def test_redaction(value: Any, expected: Any) -> None:
    assert expected == redacted(value)


def test_an_object_is_redacted_as_its_text() -> None:
    assert "ValueError [address]@winkel.nl" == "ValueError " + redacted(ValueError("ann@winkel.nl"))
