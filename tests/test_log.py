"""Redaction: a careless log line tells nobody's address and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from app.log import redacted


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("GET https://till:50123/?ident=shop&secret=s3cr3t%2B", "GET https://till:50123/?ident=[hidden]&secret=[hidden]"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [hidden]"),
        ("key 0123456789abcdef0123456789abcdef-us6 refused", "key [hidden] refused"),
        ("POST /webhooks/mplus/aBcD_123/completeSession", "POST /webhooks/mplus/[hidden]/completeSession"),
        ("ann.de-wit+x@mail.winkel.nl bounced", "[address] bounced"),
        ({"api_key": "x", "n": 3, "deep": {"Password": "p", "ok": True}}, {"api_key": "[hidden]", "n": 3, "deep": {"Password": "[hidden]", "ok": True}}),
        (["a@winkel.nl", 1.5, None], ["[address]", 1.5, None]),
        ({"has_token": True}, {"has_token": True}),
    ],
)  # fmt: skip
def test_redaction(value: Any, expected: Any) -> None:
    assert expected == redacted(value)


def test_an_object_is_redacted_as_its_text() -> None:
    assert "ValueError [address]" == "ValueError " + redacted(ValueError("ann@winkel.nl"))
