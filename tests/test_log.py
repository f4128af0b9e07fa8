"""Redaction: a careless log line tells nobody's address and no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from app.log import configure_logging, redacted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was, whatever a test configures."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


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


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    ("format", "stream", "for_people"),
    [
        ("auto", io.StringIO, False),
        ("auto", Terminal, True),
        ("json", Terminal, False),
        ("console", io.StringIO, True),
    ],
)
def test_lines_for_people_on_a_terminal_and_json_elsewhere(
    format: Literal["auto", "json", "console"], stream: type[io.StringIO], for_people: bool
) -> None:
    out = stream()
    configure_logging(format=format, level="INFO", role="worker", stream=out)
    logging.getLogger("test").warning("Somebody is at ann@winkel.nl")
    line = out.getvalue()

    assert "ann@winkel.nl" not in line
    assert for_people == (not line.startswith("{"))
    if not for_people:
        told = json.loads(line)
        assert ("Somebody is at [address]", "warning", "worker") == (
            told["event"],
            told["level"],
            told["role"],
        )
