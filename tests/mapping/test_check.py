"""The nearest name is offered for what somebody mistyped, and not looked for where it would cost without end."""

from __future__ import annotations

import pytest

from app.mapping.check import LONGEST_GUESSED, nearest

KNOWN = dict.fromkeys(
    (
        "email",
        "first_name",
        "billing.city",
        "merge_fields.FNAME",
        "merge_fields.PHONE",
        "own.Klant sinds",
        "own.*",
        "x" * LONGEST_GUESSED,
    )
)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("emial", "Did you mean email?"),
        ("firstname", "Did you mean first_name?"),
        ("quantity", ""),
        ("city", "Did you mean billing.city?"),
        ("biling.city", "Did you mean billing.city?"),
        ("biling.citi", "Did you mean billing.city?"),
        ("merge_fields.FNMAE", "Did you mean merge_fields.FNAME?"),
        ("merge_fields.COMPANY", ""),
        ("own.Klant sints", "Did you mean own.Klant sinds?"),
        ("x" * (LONGEST_GUESSED - 1), f"Did you mean {'x' * LONGEST_GUESSED}?"),
        ("x" * (LONGEST_GUESSED + 1), ""),
    ],
)
def test_the_nearest_name(path: str, advice: str) -> None:
    assert advice == nearest(path, KNOWN)


def test_what_an_expression_would_read_is_quoted_where_it_must_be() -> None:
    assert 'Did you mean own."Klant sinds"?' == nearest("own.Klant sints", KNOWN, reading=True)
