"""The nearest name is offered for what somebody mistyped, and not looked for where it would cost without end."""

from __future__ import annotations

import pytest

from app.mapping.check import LONGEST_GUESSED, nearest

KNOWN = {"email": None, "first_name": None, "x" * LONGEST_GUESSED: None}


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("emial", "Did you mean email?"),
        ("firstname", "Did you mean first_name?"),
        ("quantity", ""),
        ("x" * (LONGEST_GUESSED - 1), f"Did you mean {'x' * LONGEST_GUESSED}?"),
        ("x" * (LONGEST_GUESSED + 1), ""),
    ],
)
def test_the_nearest_name(path: str, advice: str) -> None:
    assert advice == nearest(path, KNOWN)
