"""Shop orders: what other shops sold and wrote into the Mailchimp account is booked in the till, once.

Pure: an Order, settings and what is known become one sale, its buyer with it, under the shop's order number. Everything
that can be known to be wrong is told before anything is written. What was booked is left alone, but for its cancellation
and what was paid back of it. Features O4 to O7, O9, O10, O13 to O20, O26, O28.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from app.errors import MappingFailed
from app.flows.base import FlowKind, Scan
from app.flows.policies import archive_owned
from app.flows.salemoney import money_of
from app.flows.saletax import tax_of, with_tax
from app.flows.shopordersettings import ShopOrdersSettings, SourceStore
from app.mapping.expressions import Expression, compile_expression
from app.mapping.run import Run, SkipRecord
from app.mapping.tables import Table, compile_table
from app.records.customer import Customer
from app.records.decision import Decision, Known, KnownTarget, Put, Skip
from app.records.order import FinancialState, Order, OrderLine, OrderPayment
from app.values.money import half_up, to_decimal
from app.values.text import as_text

ORDER, INVOICE, CUSTOMER = "order", "invoice", "customer"
SALES = (ORDER, INVOICE)
OVER: frozenset[FinancialState] = frozenset({"cancelled", "refunded"})

Kind = Literal["order", "invoice"]


def decide(order: Order, settings: ShopOrdersSettings, known: Known) -> Decision:
    """Book it, leave it alone, or undo it."""
    store = settings.store(order.store)
    if store is None:
        return Decision(skip=Skip("other_store", "The flow does not take orders of this store."))
    standing = [target for target in known.targets if target.kind in SALES and target.stands]
    order = order.model_copy(update={"financial": _financial(order, store)})
    if order.financial in OVER:
        return _undone(order, standing, settings, known)
    if any(target.own and target.state == "archived" for target in known.targets) and not standing:
        return Decision(
            skip=Skip(
                "was_cancelled", "The sale was cancelled in the till, and its number cannot be used again."
            )
        )
    if order.financial == "partly_refunded" and standing:
        return _partly_refunded(order, standing[0], store, settings, known)
    if not standing and (waits := _not_yet(order, store)) is not None:
        return Decision(skip=waits)
    try:
        return _booked(order, standing, store, settings, known)
    except SkipRecord as skip:
        return Decision(skip=Skip("filtered", f"Filtered by a table: {skip}.", filtered=True))
    except MappingFailed:
        if any(target.own for target in standing) and not settings.update_existing:
            return Decision(
                skip=Skip("booked", "The sale is booked; what changed since cannot be booked on it.")
            )
        raise


def gone(_settings: ShopOrdersSettings, _known: Known) -> Decision:
    """An order that vanished from Mailchimp stays booked: a shop that is disconnected takes its orders along."""
    return Decision(
        skip=Skip("not_found", "Mailchimp does not show this order any more; a booked sale stays.")
    )


def filtered(_settings: ShopOrdersSettings, _known: Known, skip: Skip) -> Decision:
    """Kept back: what is booked already stays."""
    return Decision(skip=skip)


# --- whether --------------------------------------------------------------------------------------------------------


def _financial(order: Order, store: SourceStore) -> FinancialState:
    if order.cancelled_at is not None:
        return "cancelled"
    word = str(order.custom.get("financial_status") or "").strip().casefold()
    own = {said.strip().casefold(): state for said, state in store.words.items()}
    return own.get(word, order.financial)


def _not_yet(order: Order, store: SourceStore) -> Skip | None:
    if order.financial not in store.take:
        return Skip(
            f"is_{order.financial}", f"Its payment is {order.financial!r}; it is booked when that changes."
        )
    if store.fulfilment and order.fulfilment not in store.fulfilment:
        return Skip("not_delivered", f"Its delivery is {order.fulfilment!r}; it is booked when that changes.")
    return None


def _undone(
    order: Order, standing: list[KnownTarget], settings: ShopOrdersSettings, known: Known
) -> Decision:
    if not standing:
        return Decision(skip=Skip(f"is_{order.financial}", f"It is {order.financial} and was never booked."))
    if settings.when_cancelled == "leave":
        warning = f"{order.financial}: the shop says so, and by setting the booked sale stays as it is"
        return Decision(skip=Skip("left", "The booked sale stays as it is."), warnings=(warning,))
    return Decision(archives=archive_owned(known, kinds=SALES, reason=order.financial))


def _partly_refunded(
    order: Order, target: KnownTarget, store: SourceStore, settings: ShopOrdersSettings, known: Known
) -> Decision:
    """What the shop paid back lowers the order's total (mailchimp.md §3.4); what was booked of it before is remembered."""
    booked = to_decimal(target.facts.get("total"))
    before = sum(
        (to_decimal(each.facts.get("refund")) or Decimal(0) for each in known.targets if each.own), Decimal(0)
    )
    back = (booked or order.total) - order.total - before
    if back <= 0:
        return Decision(skip=Skip("booked", "The sale is booked, and nothing more was paid back."))
    if settings.refund_article is None:
        warning = f"refund: {back} was paid back in the shop, and the flow has no article for partial refunds"
        return Decision(skip=Skip("refund_left", "The booked sale stays as it is."), warnings=(warning,))
    line = OrderLine(
        id="refund",
        sku=str(settings.refund_article),
        title=f"Terugbetaling {order.number or order.id}",
        quantity=Decimal(-1),
        unit_price=back,
        total=-back,
    )
    credit = order.model_copy(
        update={
            "lines": (line,),
            "total": -back,
            "payments": (),
            "credit_of": order.id,
            "shipping_total": Decimal(0),
        }
    )
    kind: Kind = "invoice" if target.kind == INVOICE else "order"
    number = f"{_external(order, store)}-refund-{half_up(before + back)}"
    put = _put(kind, number, _dressed(credit, settings), known, settings, facts={"refund": str(back)})
    return Decision(puts=(put,))


# --- what -----------------------------------------------------------------------------------------------------------


def _booked(
    order: Order,
    standing: list[KnownTarget],
    store: SourceStore,
    settings: ShopOrdersSettings,
    known: Known,
) -> Decision:
    _check(order, settings)
    money, tax = money_of(order, store, settings), tax_of(order, settings)
    lines = tuple(
        with_tax(line.model_copy(update={"sku": _sku(line, settings)}), tax) for line in money.lines
    )
    paid = order.financial == "paid" and settings.payment != "none"
    record = order.model_copy(
        update={
            "lines": lines,
            "prices_include_vat": money.with_vat or tax.taxed != "normal",
            "taxed": tax.taxed,
            "tax_country": tax.country,
            "payments": (_payment(order, settings),) if paid and not order.payments else order.payments,
        }
    )
    if tax.taxed != "normal" and not money.with_vat:  # without VAT both are the same
        record = record.model_copy(
            update={"lines": tuple(line.model_copy(update={"total": line.total_excl}) for line in lines)}
        )
    record = _dressed(record, settings)
    kind: Kind = settings.book_as
    if standing:  # what it was booked as it stays: as the other it would be booked twice
        kind = "invoice" if standing[0].kind == INVOICE else "order"
    total = next((target.facts["total"] for target in standing if "total" in target.facts), str(order.total))
    put = _put(kind, _external(order, store), record, known, settings, facts={"total": total})
    if record.customer is None and put.record.customer_ref is None:  # type: ignore[attr-defined]
        return _nobody(order, settings)
    return Decision(puts=(put,), warnings=money.warnings + tax.warnings)


def _external(order: Order, store: SourceStore) -> str:
    return f"{store.before}{order.number or order.id}"


def _put(
    kind: Kind,
    natural: str,
    record: Order,
    known: Known,
    settings: ShopOrdersSettings,
    *,
    facts: dict[str, str],
) -> Put:
    email = record.customer.email if record.customer is not None else None
    return Put(
        kind=kind,
        natural=natural,
        record=record,
        update=settings.update_existing,
        facts=facts,
        options={"relation_key": known.hashed(CUSTOMER, email)} if email else {},
        holds=((CUSTOMER, email),) if email else (),
    )


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
    if any(line.quantity == 0 for line in order.lines):
        raise MappingFailed(
            "A line of the order has the quantity 0.",
            field="lines",
            advice="Look at it in the shop.",
            code="no_quantity",
        )


def _sku(line: OrderLine, settings: ShopOrdersSettings) -> str | None:
    sku = (line.sku or "").strip()
    return settings.sku_table.get(sku, sku) or None


# --- on whom, when, by whom -------------------------------------------------------------------------------------------


def _dressed(order: Order, settings: ShopOrdersSettings) -> Order:
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
    if settings.financial_date == "today":
        said["financial_date"] = None
    elif order.financial_date is not None and days is not None:
        said["due_date"] = order.financial_date + timedelta(days=days)
    return order.model_copy(update=said)


def _buyer(order: Order, settings: ShopOrdersSettings) -> Customer | None:
    customer = order.customer
    if customer is None or customer.email is None:
        return None
    if settings.companies == "person":
        return customer.model_copy(update={"company": None})
    return customer


def _nobody(order: Order, settings: ShopOrdersSettings) -> Decision:
    problem = order.customer.email_problem if order.customer is not None else "missing"
    what = "an e-mail address that can be none" if problem == "invalid" else "no e-mail address"
    if settings.without_email == "skip":
        return Decision(skip=Skip("no_email", f"The order has {what}."))
    raise MappingFailed(
        f"The order has {what}, and there is no standard debtor to book it on.",
        field="customer.email",
        advice="Enter a standard debtor in the flow's settings, or correct the address in the shop.",
        code="no_email",
    )


# --- through expressions and tables -----------------------------------------------------------------------------------


def _payment(order: Order, settings: ShopOrdersSettings) -> OrderPayment:
    assert settings.payment_methods is not None
    method = _looked_up(order, settings.payment_expression, settings.payment_methods, field="payment_methods")
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
    found = _looked_up(order, settings.terms_expression, settings.terms, field="terms")
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


def _looked_up(order: Order, expression: str, table: Table, *, field: str) -> str | None:
    run = Run()
    value = _compiled(expression).evaluate(order.model_dump(), run)
    try:
        found = compile_table(table, field)(value, run)
    except MappingFailed as error:
        raise MappingFailed(
            f"The flow's setting {field}: {error.detail}", field=field, advice=error.advice, code=error.code
        ) from None
    return as_text(found) or None


@lru_cache(maxsize=64)
def _compiled(expression: str) -> Expression:
    return compile_expression(expression, place="expression")


def _scan(settings: ShopOrdersSettings) -> Scan:
    return Scan(
        places=tuple(store.id for store in settings.stores),
        every_s=settings.scan_every_s,
        calls_a_minute=settings.scan_calls_a_minute,
    )


def _parts(settings: ShopOrdersSettings) -> frozenset[str]:
    field = settings.vat_number_field
    return frozenset({f"vat_field:{field}"}) if field else frozenset()


SHOP_ORDERS = FlowKind(
    name="shop_orders",
    record_kind=ORDER,
    record=Order,
    settings=ShopOrdersSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=SALES,
    begins="now",
    scopes={"lines": "id"},
    list_keys={"order": "number"},
    parts=_parts,
    scan=_scan,
)
