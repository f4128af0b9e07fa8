"""Shop orders: settings that are refused, and what an order becomes; the money and the taxes have tests of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.errors import MappingFailed
from app.flows.registry import flow_kind
from app.flows.shoporders import decide
from app.flows.shopordersettings import ShopOrdersSettings
from app.records.customer import Customer
from app.records.decision import Decision, Known, KnownTarget
from app.records.order import Order, OrderAddress, OrderLine, OrderPayment

D = Decimal
EMAIL = "sanne@klant-voorbeeld.nl"


def settings(**more: Any) -> ShopOrdersSettings:
    return ShopOrdersSettings.model_validate({"stores": [{"id": "webshop"}], **more})


def order(**more: Any) -> Order:
    line = OrderLine(id="1", sku="1001", quantity=D(2), unit_price=D(5))
    values = {
        "id": "7",
        "number": "7",
        "store": "webshop",
        "currency": "EUR",
        "total": D(10),
        "financial": "paid",
        "customer": Customer(email=EMAIL, full_name="Sanne Bakker", company="Bol"),
        "lines": (line,),
        "financial_date": date(2026, 3, 2),
        "placed_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    }
    return Order.model_validate({**values, **more})


def booked(kind: str = "order", **more: Any) -> Known:
    target = KnownTarget(kind, "k", "id", own=True, **{"facts": {"total": "10"}, **more})
    return Known(targets=(target,))


def decided(it: Order | None = None, known: Known | None = None, **more: Any) -> Decision:
    return decide(it or order(), settings(**more), known or Known())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"stores": []}, "stores"),
        ({"stores": [{"id": "a/b"}]}, "stores.0.id"),
        ({"stores": [{"id": "a", "take": []}]}, "stores.0.take"),
        ({"employee_number": None}, "employee_number"),
        ({"employee_number": ""}, "employee_number"),
        ({"employee_number": 0}, "employee_number"),
        ({"branch": 2}, ""),
        ({"standard_debtor_when": "always"}, ""),
        ({"missing_article": "placeholder"}, ""),
        ({"missing_article": "create"}, ""),
        ({"payment": "prepay"}, ""),
        ({"payment_expression": "1 +"}, "payment_expression"),
        ({"terms": {"force": -1}}, "terms"),
        ({"terms": {"force": 14.5}}, "terms"),
        ({"terms": {"entries": {"a": "soon"}}}, "terms"),
        ({"scan_every_s": 1}, "scan_every_s"),
    ],
)
def test_settings_that_are_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**said)

    assert field == ".".join(map(str, caught.value.errors()[0]["loc"]))


def test_a_branch_with_its_workplace_is_accepted() -> None:
    assert (2, 1) == ((kept := settings(branch=2, workplace=1)).branch, kept.workplace)
    assert 1 == settings(branch=1).branch


@pytest.mark.parametrize(
    ("it", "known", "more", "code"),
    [
        (order(store="elders"), None, {}, "other_store"),
        (order(financial="open"), None, {}, "is_open"),
        (order(financial="unknown"), None, {}, "is_unknown"),
        (order(financial="cancelled"), None, {}, "is_cancelled"),
        (order(financial="refunded"), None, {}, "is_refunded"),
        (order(cancelled_at=datetime(2026, 3, 3, tzinfo=UTC)), None, {}, "is_cancelled"),
        (order(financial="partly_refunded"), None, {}, "is_partly_refunded"),
        (order(financial="refunded"), booked(), {"when_cancelled": "leave"}, "left"),
        (order(), booked(state="archived"), {}, "was_cancelled"),
        (order(financial="partly_refunded"), booked(), {"refund_article": 9}, "booked"),
        (order(financial="partly_refunded", total=D(8)), booked(), {}, "refund_left"),
        (order(customer=None), None, {"without_email": "skip"}, "no_email"),
        (order(lines=()), booked(), {}, "booked"),
    ],
)  # fmt: skip
def test_what_is_not_booked_says_why(it: Order, known: Known | None, more: dict[str, Any], code: str) -> None:
    found = decided(it, known, **more)

    assert found.skip is not None
    assert ((), (), code) == (found.puts, found.archives, found.skip.code)


@pytest.mark.parametrize(
    ("it", "more", "code"),
    [
        (order(lines=()), {}, "no_lines"),
        (order(total=D(-1)), {}, "negative_total"),
        (order(currency="USD"), {}, "foreign_currency"),
        (order(lines=(OrderLine(id="1", sku="1", quantity=D(0)),)), {}, "no_quantity"),
        (order(total=D(11)), {}, "total_differs"),
        (order(customer=None), {}, "no_email"),
        (order(customer=Customer(email=None, email_problem="invalid")), {}, "no_email"),
        (order(branch="2"), {}, "no_workplace"),
        (order(), {"payment": "prepay", "payment_methods": {"entries": {"a": "b"}, "missing": "blank"}}, "no_payment_method"),
        (order(), {"terms": {"entries": {"a": 1}, "missing": "keep"}}, "bad_terms"),
        (order(), {"terms_expression": "`-1`", "terms": {"entries": {"a": 1}, "missing": "keep"}}, "bad_terms"),
        (order(), {"terms_expression": "`1.5`", "terms": {"entries": {"a": 1}, "missing": "keep"}}, "bad_terms"),
    ],
)  # fmt: skip
def test_what_cannot_be_booked_is_held_back(it: Order, more: dict[str, Any], code: str) -> None:
    with pytest.raises(MappingFailed) as caught:
        decided(it, **more)

    assert (code, True) == (caught.value.code, bool(caught.value.advice))


def test_what_is_undone_of_whatever_was_booked() -> None:
    both = Known(targets=(KnownTarget("order", "a", "1", own=True), KnownTarget("order", "b", "2", own=True)))

    found = decided(order(financial="refunded"), both)

    assert [("order", "a", "refunded"), ("order", "b", "refunded")] == [
        (archive.kind, archive.key, archive.reason) for archive in found.archives
    ]


def test_a_sale_holds_its_buyer_and_carries_its_total() -> None:
    [put] = decided().puts

    assert ("order", "webshop-7", (("customer", EMAIL),), {"total": "10"}) == (
        put.kind,
        put.natural,
        put.holds,
        put.facts,
    )
    assert {"relation_key": f"customer:{EMAIL}"} == put.options


def test_what_was_booked_keeps_its_kind_and_the_total_it_was_booked_with() -> None:
    [put] = decided(order(financial="paid", total=D(10)), booked("invoice", facts={"total": "25"})).puts

    assert ("invoice", {"total": "25"}) == (put.kind, put.facts)


def test_an_answer_that_was_lost_counts_as_standing() -> None:
    doubtful = Known(targets=(KnownTarget("order", "k", None, own=False, doubtful=True),))

    assert "order" == decided(order(financial="open"), doubtful, book_as="invoice").puts[0].kind


def test_refunds_add_up() -> None:
    known = Known(
        targets=(
            KnownTarget("invoice", "a", "1", own=True, facts={"total": "10"}),
            KnownTarget("invoice", "b", "2", own=True, facts={"refund": "2"}),
        )
    )
    paid = (OrderPayment(method="IDEAL", amount=D(10)),)
    it = order(financial="partly_refunded", total=D(5), payments=paid)
    [put] = decided(it, known, refund_article=9003).puts

    record = put.record
    assert isinstance(record, Order)
    assert ("invoice", "webshop-7-refund-5.00", {"refund": "3"}) == (put.kind, put.natural, put.facts)
    assert [("9003", D(-1), D(3), D(-3))] == [
        (line.sku, line.quantity, line.unit_price, line.total) for line in record.lines
    ]
    assert (D(-3), (), "7") == (record.total, record.payments, record.credit_of)


@pytest.mark.parametrize(("country", "expected"), [("DE", ("normal", "DE")), ("CH", ("none", None))])
def test_a_refund_bears_the_vat_of_its_order_and_stands_on_its_account(
    country: str, expected: tuple[str, str | None]
) -> None:
    it = order(financial="partly_refunded", total=D(8), shipping=OrderAddress(country=country))
    taxes = {"eu_consumers": "destination", "vat_codes": {"force": "3"}, "accounts": {"force": "8090"}}
    record = decided(it, booked(), refund_article=9003, **taxes).puts[0].record

    assert isinstance(record, Order)
    assert (expected, [("3", "8090")]) == (
        (record.taxed, record.tax_country),
        [(line.vat_code, line.account) for line in record.lines],
    )


def test_a_refund_whose_answer_was_lost_is_looked_up_again_or_taken_back_for_a_larger_one() -> None:
    main = KnownTarget("order", "a", "1", own=True, facts={"total": "10"})
    lost = KnownTarget("order", "order:webshop-7-refund-2.00", None, own=False, doubtful=True)

    def found(total: str) -> Decision:
        it = order(financial="partly_refunded", total=D(total))
        return decided(it, Known(targets=(lost, main)), refund_article=9003)

    again, more = found("8"), found("5")
    assert (["webshop-7-refund-2.00"], []) == ([put.natural for put in again.puts], list(again.archives))
    assert (["webshop-7-refund-5.00"], [lost.key]) == (
        [put.natural for put in more.puts],
        [archive.key for archive in more.archives],
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (None, EMAIL, "Bol")),
        ({"companies": "person"}, (None, EMAIL, None)),
        ({"standard_debtor": 17}, ("17", EMAIL, "Bol")),
        ({"standard_debtor": 17, "standard_debtor_when": "always"}, ("17", None, None)),
        ({"standard_debtor": 17, "standard_debtor_when": "never"}, (None, EMAIL, "Bol")),
    ],
)
def test_on_whom(more: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    record = decided(**more).puts[0].record
    assert isinstance(record, Order)
    customer = record.customer or Customer()

    assert expected == (record.customer_ref, customer.email, customer.company)


def test_only_what_was_paid_is_booked_as_paid() -> None:
    chosen = {"payment": "prepay", "payment_methods": {"force": "IDEAL"}}
    stores = [{"id": "webshop", "take": ["paid", "open"]}]
    paid, unpaid = (
        decided(order(financial=said), stores=stores, **chosen).puts[0].record for said in ("paid", "open")
    )

    assert isinstance(paid, Order)
    assert isinstance(unpaid, Order)
    assert ([("IDEAL", D(10), "7")], ()) == (
        [(each.method, each.amount, each.reference) for each in paid.payments],
        unpaid.payments,
    )


def test_without_any_vat_a_shops_prices_without_it_are_what_the_lines_come_to() -> None:
    line = OrderLine(id="1", sku="1001", quantity=D(3), unit_price=D(4), discount=D(2))
    abroad = order(lines=(line,), shipping=OrderAddress(country="CH"))
    record = decided(abroad, stores=[{"id": "webshop", "prices": "without_vat"}]).puts[0].record

    assert isinstance(record, Order)
    assert ("none", True, [D(10)]) == (
        record.taxed,
        record.prices_include_vat,
        [each.total for each in record.lines],
    )


def test_what_a_rule_says_of_the_employee_counts_before_the_branchs() -> None:
    known = {"branch_employees": {"2": 12}, "workplace": 1}
    said, unsaid = (
        decided(order(branch="2", employee=employee), **known).puts[0].record for employee in ("7", None)
    )

    assert isinstance(said, Order)
    assert isinstance(unsaid, Order)
    assert ("7", "12") == (said.employee, unsaid.employee)


def test_a_sku_is_looked_up_in_the_table_without_the_spaces_around_it() -> None:
    line = OrderLine(id="1", sku=" AB-1 ", quantity=D(2), unit_price=D(5))
    record = decided(order(lines=(line,)), sku_table={"AB-1": "1002"}).puts[0].record

    assert isinstance(record, Order)
    assert "1002" == record.lines[0].sku


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (date(2026, 3, 2), None, None)),
        ({"terms": {"force": 14}}, (date(2026, 3, 2), date(2026, 3, 16), 14)),
        ({"terms": {"force": 0}}, (date(2026, 3, 2), date(2026, 3, 2), 0)),
        ({"terms": {"force": 14}, "financial_date": "today"}, (None, None, 14)),
        (
            {
                "terms_expression": "if(customer.company, 'company', 'person')",
                "terms": {"entries": {"company": 30}},
            },
            (date(2026, 3, 2), date(2026, 4, 1), 30),
        ),
    ],
)
def test_dates_and_terms(more: dict[str, Any], expected: tuple[Any, ...]) -> None:
    record = decided(**more).puts[0].record
    assert isinstance(record, Order)
    assert record.customer is not None

    assert expected == (record.financial_date, record.due_date, record.customer.payment_days)


@pytest.mark.parametrize("day", [None, date(1970, 1, 1), date(1, 1, 1)])
def test_without_a_day_nothing_is_booked_unless_today_is_the_day(day: date | None) -> None:
    moment = day and datetime(day.year, day.month, day.day, tzinfo=UTC)
    asked = order(financial_date=day, placed_at=moment)
    with pytest.raises(MappingFailed) as caught:
        decided(asked)
    record = decided(asked, terms={"force": 14}, financial_date="today").puts[0].record

    assert ("no_date", "processed_at_foreign") == (caught.value.code, caught.value.field)

    assert isinstance(record, Order)
    assert (None, None, None) == (record.financial_date, record.due_date, record.placed_at)


def test_a_table_may_leave_an_order_out() -> None:
    found = decided(payment="prepay", payment_methods={"entries": {"elders": "X"}, "missing": "skip"})

    assert found.skip is not None
    assert found.skip.filtered


def test_how_the_source_is_looked_through() -> None:
    kind = flow_kind("shop_orders")
    plan = kind.scan(settings(stores=[{"id": "a"}, {"id": "b"}], scan_every_s=60, scan_calls_a_minute=3))

    assert plan is not None
    assert (("a", "b"), 60, 3) == (plan.places, plan.every_s, plan.calls_a_minute)
    assert frozenset({"vat_field:BTW"}) == kind.parts(settings(vat_number_field="BTW"))
