"""The money of a sale as a store is to have it: no cent is lost or made, whatever the till sold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import MappingFailed
from app.flows.ordermoney import NO_REVENUE, amount, as_refund, as_sold
from app.flows.ordersettings import OrdersSettings
from app.records.order import LineRole, Order, OrderLine, Promo, VatSum
from app.values.money import half_up

ROLES: tuple[LineRole, ...] = ("product", "shipping", "discount", "deposit", "gift_card", "payment")
SETTINGS = OrdersSettings(
    shipping_articles=("9001",), discount_articles=("9002",), promo_articles={"9003": "ZOMER"}
)

quantities = st.one_of(
    st.integers(1, 999).map(Decimal),
    st.integers(-99, -1).map(Decimal),
    st.decimals(min_value="0.001", max_value=500, places=3),
)
lines = st.builds(
    OrderLine,
    id=st.uuids().map(str),
    sku=st.one_of(st.none(), st.sampled_from(("10001", "10002", "9001", "9002", "9003"))),
    title=st.just("Trui"),
    role=st.sampled_from(ROLES),
    quantity=quantities,
    unit=st.sampled_from((None, "KG")),
    total=st.decimals(min_value=-5_000, max_value=50_000, places=2),
)


def order(*sold: OrderLine, total: Decimal | None = None, **more: object) -> Order:
    """A receipt of these lines, whose total they are unless told otherwise."""
    summed = sum((half_up(amount(line)) for line in sold), Decimal(0))
    return Order(id="receipt:1", lines=sold, total=summed if total is None else total, **more)  # type: ignore[arg-type]


def comes_to(line: OrderLine) -> Decimal:
    """What Mailchimp makes of a line: pieces at a price, less the line's discount."""
    return line.quantity * line.unit_price - line.discount


@given(st.lists(lines, min_size=1, max_size=12))
@example([OrderLine(id="1", sku="10001", quantity=Decimal(3), total=Decimal("10.00"))])
def test_no_cent_is_lost_or_made(sold: list[OrderLine]) -> None:
    till = order(*sold)
    sent, _ = as_sold(till, SETTINGS)
    aside = sum((amount(line) for line in sold if line.role in NO_REVENUE), Decimal(0))

    assert till.total - aside == sent.total
    lowered = sum(map(comes_to, sent.lines), Decimal(0)) + sent.shipping_total - sent.total
    assert lowered == sent.discount_total
    assert all(line.quantity > 0 and line.quantity == int(line.quantity) for line in sent.lines)


@given(st.lists(lines, min_size=1, max_size=12))
def test_a_credit_takes_back_exactly_what_it_says(sold: list[OrderLine]) -> None:
    till = order(*sold)
    back = as_refund(till)
    aside = sum((amount(line) for line in sold if line.role in NO_REVENUE), Decimal(0))

    assert till.total - aside == back.total
    assert back.total == sum(map(comes_to, back.lines), Decimal(0))


@pytest.mark.parametrize(
    ("quantity", "total", "expected"),
    [
        ("1", "49.95", (1, "49.95", "0.00")),
        ("3", "10.00", (3, "3.34", "0.02")),
        ("-2", "-20.00", (2, "0.00", "20.00")),
        ("500", "0.01", (500, "0.01", "4.99")),
        ("0.250", "4.73", (1, "4.73", "0.00")),
        ("0", "5.00", (1, "5.00", "0.00")),
        ("2.000", "4.00", (2, "2.00", "0.00")),
    ],
)
def test_whole_pieces_come_to_the_lines_price(
    quantity: str, total: str, expected: tuple[int, str, str]
) -> None:
    sold = OrderLine(id="1", sku="1", quantity=Decimal(quantity), total=Decimal(total))
    [line] = as_sold(order(sold), SETTINGS)[0].lines

    pieces, price, off = expected
    assert (pieces, Decimal(price), Decimal(off)) == (line.quantity, line.unit_price, line.discount)


def test_an_article_for_discounts_that_adds_something_is_a_line() -> None:
    """A discount that was taken back: it takes nothing off, and the sale is worth more by it."""
    sold = OrderLine(id="1", sku="10001", total=Decimal("10.00"))
    back = OrderLine(id="2", sku="9002", total=Decimal("5.00"))
    sent = as_sold(order(sold, back), SETTINGS)[0]

    assert (["10001", "9002"], 0, 15) == ([line.sku for line in sent.lines], sent.discount_total, sent.total)


def test_what_each_promo_code_took_off_is_added_up() -> None:
    """By lines of its article and by promotions in the lines' own prices; what goes back with a promotion takes nothing off."""
    sold = [
        OrderLine(id="1", sku="10001", total=Decimal("18.00"), discount=Decimal("2.00"), promotion="Zomeractie"),
        OrderLine(id="2", sku="10002", total=Decimal("9.00"), discount=Decimal("1.00"), promotion="Zomeractie"),
        OrderLine(id="3", sku="10002", total=Decimal("-9.00"), quantity=Decimal(-1), discount=Decimal("-1.00"), promotion="Zomeractie"),
        OrderLine(id="4", sku="9003", total=Decimal("-5.00")),
        OrderLine(id="5", sku="9003", total=Decimal("-3.00")),
        OrderLine(id="6", sku="9002", total=Decimal("-1.00")),
    ]  # fmt: skip
    settings = SETTINGS.model_copy(update={"promotions": {"Zomeractie": "ACTIE"}})
    sent = as_sold(order(*sold, promos=(Promo(code="EIGEN", amount=Decimal(1)),)), settings)[0]

    told = {promo.code: promo.amount for promo in sent.promos}
    assert {"EIGEN": Decimal(1), "ZOMER": Decimal(8), "ACTIE": Decimal(3)} == told
    assert (["1", "2", "3"], Decimal(11)) == ([line.id for line in sent.lines], sent.discount_total)


def test_discounts_and_shipping_of_the_till_s_own_kind_are_no_lines() -> None:
    sold = [
        OrderLine(id="1", sku="10001", total=Decimal("20.00")),
        OrderLine(id="2", role="discount", title="Korting", total=Decimal("-2.00")),
        OrderLine(id="3", role="shipping", title="Verzending", total=Decimal("4.95")),
    ]
    sent = as_sold(order(*sold), SETTINGS)[0]

    assert (["1"], Decimal("4.95"), Decimal(2)) == (
        [line.id for line in sent.lines],
        sent.shipping_total,
        sent.discount_total,
    )


def test_what_was_given_for_nothing_is_a_line_and_a_remark_is_none() -> None:
    sold = [
        OrderLine(id="1", sku="10001", total=Decimal("0.00")),
        OrderLine(id="2", title="Bedankt", total=Decimal("0.00")),
        OrderLine(id="3", sku="9900", role="text", title="Inpakken", total=Decimal("0.00")),
        OrderLine(id="4", title="Tas", total=Decimal("0.25")),
    ]

    assert ["1", "4"] == [line.id for line in as_sold(order(*sold), SETTINGS)[0].lines]


def test_tax_is_the_tills_own_sum_without_what_stays_behind() -> None:
    sold = OrderLine(id="1", sku="1", total=Decimal("12.10"), total_excl=Decimal("10.00"))
    card = OrderLine(
        id="2", role="gift_card", total=Decimal("25.00"), total_excl=Decimal("24.00"), title="Cadeaukaart"
    )
    sums = (VatSum(code="1", amount=Decimal("1.05")), VatSum(code="2", amount=Decimal("2.06")))

    assert Decimal("2.10") == as_sold(order(sold, tax_total=Decimal("2.10")), SETTINGS)[0].tax_total
    assert Decimal("2.11") == as_sold(order(sold, card, vat=sums), SETTINGS)[0].tax_total
    bare = card.model_copy(update={"total_excl": None})
    assert Decimal("3.11") == as_sold(order(sold, bare, vat=sums), SETTINGS)[0].tax_total
    assert None is as_sold(order(sold, card), SETTINGS)[0].tax_total


def test_sums_that_do_not_add_up_warn_or_block() -> None:
    till = order(OrderLine(id="1", sku="1", total=Decimal("10.00")), total=Decimal("10.50"))
    sent, warnings = as_sold(till, SETTINGS)

    assert Decimal("10.50") == sent.total
    assert ["totals_differ: The lines come to 10.00, and the sale's total is 10.50."] == warnings
    with pytest.raises(MappingFailed) as raised:
        as_sold(till, OrdersSettings(totals_check="block"))
    assert ("totals_differ", "total") == (raised.value.code, raised.value.field)
