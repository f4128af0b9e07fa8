"""The sale that a shop's order becomes: its lines, its taxes, on whom, by whom, when, and how it was paid.

Everything that no sale can be made of is told here, before anything is looked up or written. Pure; features O9, O10, O13 to
O19, O28.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.errors import MappingFailed
from app.flows.lookups import Lookup
from app.flows.salemoney import money_of
from app.flows.saletax import Tax, tax_of, with_tax
from app.flows.shopordersettings import ShopOrdersSettings
from app.flows.shopstores import SourceStore
from app.records.customer import Customer
from app.records.order import Order, OrderLine, OrderPayment
from app.values.money import half_up, to_decimal

CLOCKS_BEGIN = date(1970, 1, 1)
"""What a shop writes that has no date and counts its seconds from there."""


def sale_of(order: Order, store: SourceStore, settings: ShopOrdersSettings) -> tuple[Order, tuple[str, ...]]:
    """The order as it is booked, and warnings. Raises MappingFailed for what cannot be, SkipRecord where a table says so."""
    _check(order, settings)
    money, tax = money_of(order, store, settings), tax_of(order, settings)
    lines = tuple(_with_sku(with_tax(line, tax), settings) for line in money.lines)
    if tax.taxed != "normal":  # with and without VAT are the same then
        lines = tuple(_one_amount(line) for line in lines)
    paid = order.financial == "paid" and settings.payment != "none" and not order.payments
    sale = order.model_copy(
        update={
            "lines": lines,
            "prices_include_vat": money.with_vat or tax.taxed != "normal",
            "payments": (_payment(order, settings),) if paid else order.payments,
            **_taxed(tax),
        }
    )
    return dressed(sale, settings), money.warnings + tax.warnings


def refund_of(order: Order, amount: Decimal, settings: ShopOrdersSettings) -> Order:
    """What was paid back of an order, as a sale with one negative line, taxed as the order is."""
    line = OrderLine(
        id="refund",
        sku=str(settings.refund_article),
        title=f"Terugbetaling {order.number or order.id}",
        quantity=Decimal(-1),
        unit_price=amount,
        total=-amount,
    )
    tax = tax_of(order, settings)
    credit = order.model_copy(
        update={
            "lines": (with_tax(line, tax),),
            "total": -amount,
            "payments": (),
            "credit_of": order.id,
            **_taxed(tax),
        }
    )
    return dressed(credit, settings)


def dressed(order: Order, settings: ShopOrdersSettings) -> Order:
    """With buyer or standard debtor, employee, branch and dates."""
    said: dict[str, Any] = {}
    debtor = settings.standard_debtor if settings.standard_debtor_when != "never" else None
    buyer = _buyer(order, settings) if settings.standard_debtor_when != "always" else None
    if order.customer_ref is None and debtor is not None:
        said["customer_ref"] = str(debtor)
    days = _days(order, settings)
    if buyer is not None and days is not None:
        buyer = buyer.model_copy(update={"payment_days": days})
    said["customer"] = buyer
    if order.branch not in (None, "1") and order.workplace is None and settings.workplace is None:
        raise MappingFailed(
            f"Branch {order.branch} needs a workplace.",
            field="workplace",
            advice="Let the rule that sets the branch set the workplace as well, or enter one in the settings.",
            code="no_workplace",
        )
    if order.employee is None and order.branch in settings.branch_employees:
        said["employee"] = str(settings.branch_employees[order.branch])
    if settings.financial_date == "today" or not _has_day(order):
        said["financial_date"] = None
    elif order.financial_date is not None and days is not None:
        said["due_date"] = order.financial_date + timedelta(days=days)
    if order.placed_at is not None and _day_of(order.placed_at) <= CLOCKS_BEGIN:
        said["placed_at"] = None
    return order.model_copy(update=said)


def _has_day(order: Order) -> bool:
    return order.financial_date is not None and order.financial_date > CLOCKS_BEGIN


def _day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def nobody(order: Order) -> str:
    """Why an order names nobody it could be booked on."""
    problem = order.customer.email_problem if order.customer is not None else "missing"
    what = "an e-mail address that can be none" if problem == "invalid" else "no e-mail address"
    return f"The order has {what}, and there is no standard debtor to book it on."


def _taxed(tax: Tax) -> dict[str, Any]:
    return {"taxed": tax.taxed, "tax_country": tax.country}


def _one_amount(line: OrderLine) -> OrderLine:
    return line if line.total is not None else line.model_copy(update={"total": line.total_excl})


def _with_sku(line: OrderLine, settings: ShopOrdersSettings) -> OrderLine:
    sku = (line.sku or "").strip()
    return line.model_copy(update={"sku": settings.sku_table.get(sku, sku) or None})


def _check(order: Order, settings: ShopOrdersSettings) -> None:
    """What no sale can be made of. Raises MappingFailed."""
    if not order.lines:
        raise MappingFailed(
            "The order has no lines.", field="lines", advice="Look at it in the shop.", code="no_lines"
        )
    if order.total < 0:
        raise MappingFailed(
            "The order's total is negative: it is a credit by itself, and names no order that it credits.",
            field="total",
            advice="Book it in the till by hand.",
            code="negative_total",
        )
    if order.currency and order.currency != settings.currency:
        raise MappingFailed(
            f"The order is in {order.currency}, the till keeps its books in {settings.currency}.",
            field="currency",
            advice="Book it in the till by hand, or take the store out of the flow's settings.",
            code="foreign_currency",
        )
    if settings.financial_date == "order" and not _has_day(order):
        said = "missing, or nothing that can be read" if order.financial_date is None else "zero"
        raise MappingFailed(
            f"The order's date (processed_at_foreign) is {said}, and by the flow's settings it is booked on its own day.",
            field="processed_at_foreign",
            advice="Correct it in the shop, or choose `today` as the flow's financial date; then replay this order.",
            code="no_date",
        )
    if any(line.quantity == 0 for line in order.lines):
        raise MappingFailed(
            "A line of the order has the quantity 0.",
            field="lines",
            advice="Look at it in the shop.",
            code="no_quantity",
        )


def _buyer(order: Order, settings: ShopOrdersSettings) -> Customer | None:
    customer = order.customer
    if customer is None or customer.email is None:
        return None
    if settings.companies == "person":
        return customer.model_copy(update={"company": None})
    return customer


# --- through expressions and tables -----------------------------------------------------------------------------------


def _payment(order: Order, settings: ShopOrdersSettings) -> OrderPayment:
    assert settings.payment_methods is not None
    method = Lookup(settings.payment_expression, settings.payment_methods, field="payment_methods").of(
        order.model_dump()
    )
    if method is None:
        raise MappingFailed(
            "Nothing says by which method the order was paid.",
            field="payment_methods",
            advice="Add the value to the flow's table of payment methods, or a default.",
            code="no_payment_method",
        )
    return OrderPayment(method=method, amount=half_up(order.total), reference=order.number)


def _days(order: Order, settings: ShopOrdersSettings) -> int | None:
    if settings.terms is None:
        return None
    found = Lookup(settings.terms_expression, settings.terms, field="terms").of(order.model_dump())
    days = to_decimal(found)
    if found is None or found == "":
        return None
    if days is None or days < 0 or days != days.to_integral_value():
        raise MappingFailed(
            "The payment terms of this order are no whole number of days.",
            field="terms",
            advice="Correct the flow's table of payment terms.",
            code="bad_terms",
        )
    return int(days)
