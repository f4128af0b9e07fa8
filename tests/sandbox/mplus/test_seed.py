"""A shop from a seed: the same every time, with every awkward case in it."""

import re
from collections import Counter

from app.sandbox.mplus.cards import MAILING, NEWSLETTER, value_of
from app.sandbox.mplus.till import create_till


def test_the_same_seed_gives_the_same_shop() -> None:
    assert create_till(size=60, seed=3).state() == create_till(size=60, seed=3).state()
    assert (
        create_till(size=60, seed=3).relations.cards.rows != create_till(size=60, seed=4).relations.cards.rows
    )


def test_two_hundred_relations_hold_every_case() -> None:
    rows = list(create_till(size=200, seed=1).relations.cards.rows.values())
    mails = Counter(row["email"] for row in rows if row["email"])

    assert 200 == len(rows)
    assert 30 == sum("companyName" in row for row in rows)
    assert {0: 180, 1: 10, 2: 10} == Counter(len(row.get("contactList", ())) for row in rows)
    assert 10 == sum(not row["email"] for row in rows)
    assert 10 == sum(
        count > 1 for mail, count in mails.items() if re.fullmatch(r"[a-z0-9.]+@[a-z-]+\.(nl|be|de)", mail)
    )
    assert 10 == sum(not row["active"] for row in rows)
    assert any(row["email"] == "test@example.com" for row in rows)
    assert any(row["email"] == "jan@" for row in rows)
    assert {True, False} == {value_of(row, NEWSLETTER) for row in rows}
    assert all((MAILING in row["categoryIds"]) == value_of(row, NEWSLETTER) for row in rows)
    assert any(row.get("birthDate") for row in rows)
    assert any(row["points"] for row in rows)
    assert any(" van " in row["name"] for row in rows)
