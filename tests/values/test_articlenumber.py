"""What names an article by itself."""

from __future__ import annotations

import pytest

from app.values.articlenumber import article_number


@pytest.mark.parametrize(
    ("sku", "number"),
    [
        ("1001", 1001),
        ("999999999999999999", 10**18 - 1),
        ("1" + "0" * 18, None),
        ("01001", None),
        ("0", None),
        ("-1", None),
        ("+1", None),
        ("10.0", None),
        ("1 001", None),
        ("١٢٣", None),
        ("１２", None),
        ("AB-1", None),
        ("", None),
    ],
)
def test_only_digits_without_a_leading_zero_at_most_18(sku: str, number: int | None) -> None:
    assert number == article_number(sku)
