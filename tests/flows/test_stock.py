"""The stock flow as a table: what the till counts, and how many pieces the store may sell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.errors import MappingFailed
from app.flows.stock import StockSettings, decide, filtered, gone, quantity_of
from app.records.decision import Decision, Known, Put, Skip, Wait
from app.records.stock import BranchStock, Sellable, StockLevel


def branch(number: str = "1", free: Any = 10, reserved: Any = 3, incoming: Any = 20) -> BranchStock:
    return BranchStock(
        branch=number, free=Decimal(str(free)), reserved=Decimal(str(reserved)), incoming=Decimal(str(incoming))
    )  # fmt: skip


def level(*branches: BranchStock, **more: Any) -> StockLevel:
    return StockLevel(sku="10001", branches=branches or (branch(),), **more)


THREE = level(branch("1", 4), branch("2", 5), branch("3", 6))
CUSTOM = {"formula": "custom"}


@pytest.mark.parametrize(
    ("settings", "stock", "expected"),
    [
        # S2, S3: on hand 13, of which 3 are reserved
        ({}, level(), 10),
        ({"formula": "free_less_reserved"}, level(), 7),
        ({"formula": "free_and_incoming"}, level(), 30),
        ({"formula": "on_hand"}, level(), 13),
        (CUSTOM | {"expression": "free"}, level(), 10),
        (CUSTOM | {"expression": "max([incoming, reserved])"}, level(), 20),
        (CUSTOM | {"expression": "length(branches)"}, THREE, 3),
        (CUSTOM | {"expression": "branches[?branch == '2'] | [0].free"}, THREE, 5),
        # S5
        ({}, THREE, 15),
        ({"branches": ["1", "3"]}, THREE, 10),
        ({"branches": ["9"]}, THREE, 0),
        ({}, level(branch(free=0)), 0),
        # S6
        ({}, level(branch(free=-2)), 0),
        ({"floor_at_zero": False}, level(branch(free=-2)), -2),
        ({}, level(branch(free="3.7")), 3),
        ({"rounding": "nearest"}, level(branch(free="3.5")), 4),
        ({"rounding": "up"}, level(branch(free="3.001")), 4),
        ({"floor_at_zero": False}, level(branch(free="-0.5")), -1),
        ({"buffer": 2}, level(branch(free=5)), 3),
        ({"buffer": 2}, level(branch(free=1)), 0),
        ({"buffer": "0.5"}, level(branch(free=5)), 4),
        ({}, level(branch(free="0.999"), branch("2", "0.001")), 1),
        ({}, level(branch(free=10**12)), 2_000_000_000),
        # S4
        ({}, level(managed=False), 999),
        ({"unmanaged": 5}, level(managed=False), 5),
        ({"unmanaged": None}, level(managed=False), None),
        ({}, level(day_stock=True), 10),
        ({"day_stock": "constant"}, level(day_stock=True), 999),
    ],
)
def test_quantity(settings: dict[str, Any], stock: StockLevel, expected: int | None) -> None:
    assert expected == quantity_of(stock, StockSettings(**settings))


def test_an_article_is_one_quantity_for_its_variant() -> None:
    decision = decide(level(), StockSettings(), Known())

    reason = "The article is not in the store; its quantity goes there as soon as it is."
    assert (
        Decision(
            puts=(Put("stock", "10001", Sellable(sku="10001", quantity=10)),),
            waits=(Wait("variant", "10001", reason, absent="skip", code="not_in_store"),),
        )
        == decision
    )


def test_nothing_is_said_of_an_article_that_is_not_kept_when_there_is_no_constant() -> None:
    decision = decide(level(managed=False), StockSettings(unmanaged=None), Known())

    assert Decision(skip=Skip("not_managed", "The till keeps no stock of this article.")) == decision


@pytest.mark.parametrize(
    "expression", ["'many'", "nowhere", "branches[0].branch == '9'"], ids=["text", "nothing", "yes or no"]
)
def test_a_formula_that_gives_no_number_fails_the_record(expression: str) -> None:
    with pytest.raises(MappingFailed, match="gives no number for article 10001"):
        decide(level(), StockSettings(formula="custom", expression=expression), Known())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"formula": "custom"}, "expression must be filled in"),
        ({"formula": "custom", "expression": "free +"}, "expression"),
        ({"formula": "custom", "expression": "twice(free)"}, "expression"),
        ({"buffer": -1}, "greater than or equal to 0"),
        ({"unmanaged": -1}, "greater than or equal to 0"),
        ({"rounding": "half"}, "rounding"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        StockSettings(**settings)


def test_absent_and_filtered_articles_keep_their_quantity() -> None:
    skip = Skip("filtered", "Filtered by rule 'x'", filtered=True)

    assert "not_found" == gone(StockSettings(), Known()).skip.code  # type: ignore[union-attr]
    assert Decision(skip=skip) == filtered(StockSettings(), Known(), skip)
