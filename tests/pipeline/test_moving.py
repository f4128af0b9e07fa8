"""A record that goes by another address than before: whether the one under the old address comes along, is put away, or stays."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import Existing
from app.pipeline.moving import hand_on, leave_old, stands_apart, stay
from app.pipeline.work import Wish, prepare
from app.records.decision import Archive, Put
from tests.machine.toys import SEALER
from tests.pipeline.wishes import OWNER, Person, hashed, moving, row, wish


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"existing": Existing("9")}, True),
        ({"existing": Existing("8")}, False),
        ({"existing": None}, False),
        ({"existing": Existing("9"), "old_row": None}, False),
        ({"existing": Existing("9"), "put": None}, False),
    ],
)
def test_two_records_cannot_become_one(more: dict[str, Any], expected: bool) -> None:
    assert expected == stands_apart(moving(**more))


@pytest.mark.parametrize(("found", "stays"), [("8", False), ("9", True)])
def test_the_old_one_is_put_away_where_it_cannot_come_along(found: str, stays: bool) -> None:
    each = moving(existing=Existing(found))
    old = leave_old(each, sealer=SEALER, options={})

    assert ("before", "address_left", OWNER) == (old.key, old.archive and old.archive.reason, old.owner)
    assert (None, None, stays) == (each.old_row, each.moves_from, each.existing is not None)
    assert each.intent is not None
    assert ("7", None) == (each.intent.remote_id, each.intent.moves_from_id)


def test_who_takes_a_place_gets_what_was_found_of_the_one_before() -> None:
    found = Existing("8", document={"note": "x"})
    gone = wish(key="before", put=None, archive=Archive("customer", "before", "left"), existing=found)
    other = wish(key="other", put=None, archive=Archive("customer", "other", "left"), existing=Existing("9"))
    heir = wish({}, put=Put("customer", "a@x", Person(), stands_for="before"))
    plain = wish({})
    hand_on([other, gone, heir, plain], sealer=SEALER, options={})

    assert (found, None) == (heir.instead_of, plain.instead_of)
    assert heir.intent is not None
    assert found == heir.intent.instead_of


# --- a new one is made for the one that is put away -----------------------------------------------------------------

RULES = {"on_conflict": "target_wins"}


def pair(held: str = "b@x", **of_old: Any) -> list[Wish]:
    """An address was changed to ``new@x`` at the source, and one holds ``held`` at the target, which was said to be ``a@x``."""
    found = Existing("8", document={"email": held, "name": "B"}, state=of_old.pop("state", "present"))
    known = row(id=2, key="before", remote_id="8", hashes=hashed(email="a@x", name="A"))
    away = Archive("customer", "before", "address_left")
    old = wish(**{"key": "before", "put": None, "archive": away, "row": known, "existing": found, **of_old})
    put = Put("customer", "new@x", Person(), stands_for="before")
    new = wish(
        {"email": "new@x", "name": "C"}, natural="new@x", put=put, row=row(remote_id=None, state="new")
    )
    prepare(new, sealer=SEALER, options=RULES)
    return [old, new]


@pytest.mark.parametrize("held", ["b@x", " New@X "], ids=["another", "the same"])
def test_who_moved_at_the_target_too_stays_and_no_new_one_is_made(held: str) -> None:
    old, new = pair(held)

    assert [new] == stay([old, new], sealer=SEALER, options=RULES)
    assert (("customer", "before"), old.row, old.existing) == (new.moves_from, new.old_row, new.existing)


def test_but_not_where_the_source_s_address_wins() -> None:
    """What is put away tells of the conflict in the address, and of no other: nothing else of it counts any more."""
    old, new = pair()
    rules = {"on_conflict": "source_wins", "both_ways": True}

    assert [old, new] == stay([old, new], sealer=SEALER, options=rules)
    assert (None, None, None) == (new.moves_from, new.old_row, new.existing)
    assert ["conflict: email"] == [each[:15] for each in old.merged.conflicts]
    assert new.intent is not None
    assert {"email": "new@x", "name": "C"} == new.intent.document


@pytest.mark.parametrize(
    ("of_old", "of_new"),
    [
        ({"state": "archived"}, {}),
        ({"existing": None}, {}),
        ({"row": None}, {}),
        ({"error": ValueError()}, {}),
        ({"key": "another"}, {}),
        ({"archive": None}, {}),
        ({}, {"put": None}),
        ({}, {"put": Put("customer", "new@x", Person())}),
        ({}, {"existing": Existing("9")}),
        ({}, {"error": ValueError()}),
        ({}, {"compares": None}),
    ],
)
def test_nor_where_nothing_stands_there_that_could(of_old: dict[str, Any], of_new: dict[str, Any]) -> None:
    old, new = pair(**of_old)
    for name, value in of_new.items():
        setattr(new, name, value)

    assert [old, new] == stay([old, new], sealer=SEALER, options=RULES)
    assert (None, None) == (new.moves_from, new.old_row)
