"""The money of a shop's order: whatever a shop means by its numbers, the lines come to the order's total, to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MappingFailed
from app.flows.salemoney import money_of
from app.flows.shopordersettings import ShopOrdersSettings
from app.records.order import Order, OrderLine, Promo

D = Decimal


def settings(**more: Any) -> ShopOrdersSettings:
    store = {"id": "webshop", **more.pop("store", {})}
    return ShopOrdersSettings.model_validate({"stores": [store], "shipping_article": "9001", **more})


def order(*lines: tuple[str, str, str], **sums: Any) -> Order:
    """Lines are (quantity, price, discount)."""
    made = [
        OrderLine(id=str(at), sku=f"{at}", quantity=D(quantity), unit_price=D(price), discount=D(discount))
        for at, (quantity, price, discount) in enumerate(lines, start=1)
    ]
    return Order(id="1", lines=tuple(made), **sums)


def money(it: Order, **more: Any) -> Any:
    chosen = settings(**more)
    return money_of(it, chosen.stores[0], chosen)


@pytest.mark.parametrize(
    ("it", "more", "with_vat", "totals"),
    [
        # nothing but lines
        (order(("2", "49.95", "0"), total=D("99.90")), {}, True, ["99.90"]),
        # prices without VAT: lines and tax make the total
        (order(("2", "10", "0"), total=D("24.20"), tax_total=D("4.20")), {}, False, ["20.00"]),
        (order(("2", "10", "0"), total=D("20.00"), tax_total=D("3.47")), {}, True, ["20.00"]),
        # shipping is a line of its own
        (order(("1", "10", "0"), total=D("16.95"), shipping_total=D("6.95")), {}, True, ["10.00", "6.95"]),
        (
            order(("1", "10", "0"), total=D("18.15"), shipping_total=D("5"), tax_total=D("3.15")),
            {},
            False,
            ["10.00", "5.00"],
        ),
        # a line's discount: in its price, or on top
        (order(("1", "9", "1"), total=D("9.00")), {}, True, ["9.00"]),
        (order(("1", "10", "1"), total=D("9.00")), {}, True, ["9.00"]),
        (order(("1", "9", "1"), total=D("9.00"), discount_total=D("1")), {}, True, ["9.00"]),
        (order(("1", "10", "1"), total=D("9.00"), discount_total=D("1")), {}, True, ["9.00"]),
        # told beside prices that are lowered already
        (order(("1", "9", "0"), total=D("9.00"), discount_total=D("1")), {}, True, ["9.00"]),
        # the order's discount, shared out to the cent
        (order(("1", "10", "0"), ("1", "20", "0"), total=D("27.00"), discount_total=D("3")), {}, True, ["9.00", "18.00"]),
        (order(*[("1", "10", "0")] * 3, total=D("20.00"), discount_total=D("10")), {}, True, ["6.66", "6.67", "6.67"]),
        # or as a line of its own, with the code that gave it
        (
            order(("1", "30", "0"), total=D("24.50"), discount_total=D("5.50"), promos=(Promo(code="ZOMER", amount=D("5")),)),
            {"discount_article": "9002"},
            True,
            ["30.00", "-5.00", "-0.50"],
        ),
        # both kinds of discount
        (
            order(("1", "9", "1"), ("1", "20", "0"), total=D("26.00"), discount_total=D("4")),
            {},
            True,
            ["8.07", "17.93"],
        ),
        # the order's discount told beside its lines': what came off a line comes off that line
        (
            order(("1", "10", "1"), ("1", "20", "0"), total=D("29.00"), discount_total=D("1")),
            {},
            True,
            ["9.00", "20.00"],
        ),
        (order(("1", "9", "1"), ("1", "20", "0"), total=D("29.00")), {}, True, ["9.00", "20.00"]),
        # unless discounts have a line of their own
        (
            order(("1", "10", "1"), ("1", "20", "0"), total=D("29.00"), discount_total=D("1"), promos=(Promo(code="ZOMER", amount=D("1")),)),
            {"discount_article": "9002"},
            True,
            ["10.00", "20.00", "-1.00"],
        ),
        # thousandths and prices that are no whole cents
        (order(("0.125", "8", "0"), total=D("1.00")), {}, True, ["1.00"]),
        (order(("3", "3.3333", "0"), total=D("10.00")), {}, True, ["10.00"]),
        # what the store's settings say is not guessed
        (order(("1", "10", "0"), total=D("10.00")), {"store": {"prices": "without_vat"}}, False, ["10.00"]),
    ],
)  # fmt: skip
def test_the_lines_come_to_the_total(
    it: Order, more: dict[str, Any], with_vat: bool, totals: list[str]
) -> None:
    found = money(it, **more)

    assert (with_vat, ()) == (found.with_vat, found.warnings)
    assert totals == [str(line.total if with_vat else line.total_excl) for line in found.lines]


def test_a_promo_code_stands_in_its_line() -> None:
    promos = (Promo(code="ZOMER", amount=D("5")), Promo(code="VRIEND", amount=D("1"), kind="percentage"))
    it = order(("1", "30", "0"), total=D("24.00"), discount_total=D("6"), promos=promos)

    found = money(it, discount_article="9002").lines[1:]

    assert [("9002", "Kortingscode ZOMER", "discount"), ("9002", "Kortingscode VRIEND", "discount")] == [
        (line.sku, line.title, line.role) for line in found
    ]


@pytest.mark.parametrize(
    "promos",
    [
        (),
        (Promo(code="ZOMER", amount=D("10")),),
        (Promo(code="GRATIS", amount=D("0")), Promo(code="ZOMER", amount=D("6"))),
    ],
    ids=["without a code", "a code that says more", "a code for nothing"],
)
def test_a_discount_of_the_order_has_one_line_whatever_its_codes_say(promos: tuple[Promo, ...]) -> None:
    it = order(("1", "30", "0"), total=D("24.00"), discount_total=D("6"), promos=promos)

    assert [D(30), D(-6)] == [line.total for line in money(it, discount_article="9002").lines]


def test_what_is_shared_out_is_told_as_the_discount_of_each_line() -> None:
    it = order(("1", "10", "0"), ("1", "20", "0"), total=D("27.00"), discount_total=D("3"))

    assert [D("1.00"), D("2.00")] == [line.discount for line in money(it).lines]


def test_sums_that_do_not_add_up_block_or_warn() -> None:
    it = order(("1", "10", "0"), total=D("11.11"))

    with pytest.raises(MappingFailed, match=r"come to 10\.00, the order's total is 11\.11") as caught:
        money(it)
    assert "total_differs" == caught.value.code
    found = money(it, totals="warn")
    assert ["10.00"] == [str(line.total) for line in found.lines]
    assert found.warnings[0].startswith("total_differs: ")


@pytest.mark.parametrize(
    ("store", "it"),
    [
        ({}, order(("1", "10", "0"), total=D("10.01"))),
        ({"prices": "without_vat"}, order(("1", "10", "0"), total=D("10.00"), tax_total=D("2.10"))),
        ({"prices": "with_vat"}, order(("1", "10", "0"), total=D("12.10"), tax_total=D("2.10"))),
        ({"line_discounts": "in_price"}, order(("1", "10", "1"), total=D("9.00"))),
        ({"line_discounts": "on_top"}, order(("1", "9", "1"), total=D("9.00"))),
    ],
    ids=["a cent", "without VAT", "with VAT", "in the price", "on top"],
)
def test_a_cent_is_a_difference_and_what_the_store_says_is_not_read_otherwise(
    store: dict[str, Any], it: Order
) -> None:
    with pytest.raises(MappingFailed) as caught:
        money(it, store=store)
    assert "total_differs" == caught.value.code


def test_shipping_needs_its_article_and_has_its_own_text_and_code() -> None:
    it = order(("1", "10", "0"), total=D("15.00"), shipping_total=D("5"))

    with pytest.raises(MappingFailed, match="shipping cost") as caught:
        money(it, shipping_article=None)
    assert "no_shipping_article" == caught.value.code
    line = money(it, shipping_text="Bezorgen", shipping_vat_code="2").lines[-1]
    assert ("9001", "Bezorgen", "2", "shipping") == (line.sku, line.title, line.vat_code, line.role)


def test_a_discount_larger_than_the_lines() -> None:
    it = order(("1", "10", "0"), total=D("3.00"), shipping_total=D("8"), discount_total=D("15"))

    with pytest.raises(MappingFailed, match="larger than its lines"):
        money(it)


CENTS = st.integers(min_value=0, max_value=10**6).map(lambda cents: D(cents).scaleb(-2))
LINES = st.lists(st.tuples(st.integers(1, 50), CENTS), min_size=1, max_size=30)


@given(lines=LINES, shipping=CENTS, share=st.fractions(0, 1), tax=CENTS, with_vat=st.booleans())
def test_no_cent_is_lost_or_made(lines: Any, shipping: D, share: Any, tax: D, with_vat: bool) -> None:
    worth = sum((quantity * price for quantity, price in lines), D(0))
    discount = (worth * D(share.numerator) / D(share.denominator)).quantize(D("0.01"), rounding="ROUND_DOWN")
    total = worth + shipping - discount + (D(0) if with_vat else tax)
    it = order(
        *((str(quantity), str(price), "0") for quantity, price in lines),
        total=total,
        shipping_total=shipping,
        discount_total=discount,
        tax_total=tax,
    )
    found = money(it, store={"prices": "with_vat" if with_vat else "without_vat"})

    sums = [line.total if with_vat else line.total_excl for line in found.lines]
    assert total - (D(0) if with_vat else tax) == sum(sums, D(0))
    assert all(amount is not None and amount == amount.quantize(D("0.01")) for amount in sums)
    assert all(amount >= 0 for amount in sums if amount is not None)
