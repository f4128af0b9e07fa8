"""Orders: sales of the till to orders of a store, each once, to the cent, and never a mail for nothing.

Pure: a record, settings and what is known become a decision. A sale's key is its id at the till, which never changes; one
that exists as order, invoice and receipt is told by its order. Its customer and its products come first. Features O1 to O3,
O6 to O8, O11, O16, O20 to O22, O25 to O29, O31, O32.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.flows.base import FlowKind
from app.flows.orderaudience import CUSTOMER, elsewhere, moment_of, told_at
from app.flows.ordermoney import as_refund, as_sold
from app.flows.ordersettings import OrdersSettings
from app.flows.policies import stays
from app.records.customer import Customer
from app.records.decision import Decision, Known, Put, Skip, Wait, WriteMode
from app.records.order import FinancialState, Order, OrderLine

KIND, REFUND, VARIANT, PRODUCTS = "order", "refund", "variant", "products"
CUSTOMERS = "customers"
PATIENCE_S = 60.0
"""So long a sale waits for another flow to bring its customer or product, where it may go without."""

_ONWARD: dict[str, frozenset[str]] = {
    "open": frozenset({"partly_paid", "paid", "partly_refunded", "refunded", "cancelled"}),
    "partly_paid": frozenset({"paid", "partly_refunded", "refunded", "cancelled"}),
    "paid": frozenset({"partly_refunded", "refunded", "cancelled"}),
    "partly_refunded": frozenset({"refunded", "cancelled"}),
}
"""A payment status and those that may follow it: each can send a mail, and none goes back (mailchimp.md §3.4)."""
_STATUS = frozenset({"financial_status", "fulfillment_status", "cancelled_at_foreign", "updated_at_foreign"})
_LATER = (
    "customer",
    "currency_code",
    "order_total",
    "tax_total",
    "shipping_total",
    "discount_total",
    "processed_at_foreign",
    "order_url",
    "landing_site",
    "campaign_id",
    "billing_address",
    "shipping_address",
    "promos",
    *(f"lines.{name}" for name in ("sku", "title", "note", "quantity", "price", "discount")),
)
"""Target paths that are written once, where only the status of a sale may follow."""


def decide(order: Order, settings: OrdersSettings, known: Known) -> Decision:
    """Put the sale, or the refund that it is, when it is time; the reason where it stays behind."""
    skip = _unwanted(order, settings)
    if skip is not None:
        return Decision(skip=skip)
    if _is_credit(order):
        return _credited(order, settings, known)
    before = known.find(KIND, order.id)
    skip = _too_early(order, settings, sent=before is not None)
    if skip is not None:
        return Decision(skip=skip)
    buyer, skip = _buyer(order, settings)
    if buyer is None:
        return Decision(skip=skip)
    skip, asks = elsewhere(order, buyer, settings, known) if before is None else (None, None)
    if skip is not None:
        return Decision(skip=skip)
    sold, warnings = as_sold(order, settings)
    if not sold.lines:
        return Decision(
            skip=Skip("no_lines", "The sale has no line that sells anything."), warnings=tuple(warnings)
        )
    state, kept = _onward(sold.financial, before.facts.get("financial") if before else None)
    warnings += kept
    put = Put(
        kind=KIND,
        natural=order.id,
        record=_told(sold, buyer, settings, financial=state),
        update=settings.update_existing != "never",
        facts={"financial": state},
        modes=_modes(settings),
        about=((CUSTOMER, buyer.email or ""),),
        came_about=told_at(order),
    )
    waits = (*_for_customer(buyer, settings, known), *_for_products(sold.lines, settings, known))
    return Decision(puts=(put,), waits=waits, warnings=tuple(dict.fromkeys(warnings)), asks=asks)


def gone(_settings: OrdersSettings, _known: Known) -> Decision:
    """A sale that is not found any more: tills keep their books, so rights are missing. Nothing is taken back."""
    return Decision(
        skip=Skip("not_found", "The till does not show this sale any more; missing rights look the same.")
    )


def filtered(_settings: OrdersSettings, _known: Known, skip: Skip) -> Decision:
    """A sale that a filter or rule keeps back; one that was sent stays as it is."""
    return Decision(skip=skip)


# --- which sales -----------------------------------------------------------------------------------------------------


def _unwanted(order: Order, settings: OrdersSettings) -> Skip | None:
    if order.kind not in settings.kinds and not _lowers(order, settings):
        return Skip("kind_off", f"This flow sends no {order.kind}s.", filtered=True)
    if not order.is_revenue:
        return Skip("not_revenue", "It moves money and sells nothing: no revenue is made of it.")
    if not _is_credit(order) and (teller := _told_by(order, settings)) is not None:
        return Skip(
            f"told_by_{teller}", f"This {order.kind} belongs to an {teller}, which tells the same sale."
        )
    excluded = _excluded(order, settings)
    return None if excluded is None else Skip("excluded", f"It is left out: {excluded}.", filtered=True)


def _excluded(order: Order, settings: OrdersSettings) -> str | None:
    if order.branch in settings.skip_branches:
        return f"branch {order.branch}"
    places = {order.workplace, f"{order.branch}.{order.workplace}"}
    if places & set(settings.skip_workplaces):
        return f"workplace {order.workplace} of branch {order.branch}"
    if order.category in settings.skip_categories:
        return f"sales category {order.category}"
    if order.external_id and settings.external_sales == "skip":
        return "another system brought it into the till"
    return None


def _too_early(order: Order, settings: OrdersSettings, *, sent: bool) -> Skip | None:
    """An order goes when it is paid or invoiced, and delivered as the settings want it. One that was sent goes on being told."""
    if order.kind != "order" or sent:
        return None
    if order.financial == "cancelled":
        return Skip("cancelled", "The order was cancelled before it was sent.")
    ready = {
        "paid": order.financial == "paid",
        "paid_or_invoiced": order.financial == "paid" or bool(_of_kind("invoice", order.related_ids)),
        "at_once": True,
    }
    if not ready[settings.send_orders]:
        return Skip("not_paid_yet", "The order is not paid yet; it goes when it is.")
    if settings.fulfilment and order.fulfilment not in settings.fulfilment:
        return Skip("not_delivered", f"Its delivery is {order.fulfilment!r}; it goes when that changes.")
    return None


def _told_by(order: Order, settings: OrdersSettings) -> str | None:
    """As which of the chosen kinds the same sale is told: as its order, else as its invoice."""
    tellers = {"order": (), "invoice": ("order",), "receipt": ("order", "invoice")}[order.kind]
    return next(
        (kind for kind in tellers if kind in settings.kinds and _of_kind(kind, order.related_ids)), None
    )


def _lowers(order: Order, settings: OrdersSettings) -> bool:
    """A credit lowers what was sent, on whatever paper it stands: of an order that was sent, the credit is an invoice."""
    return settings.credits == "refund" and order.credit_of is not None


def _parts(settings: OrdersSettings) -> frozenset[str]:
    """Between a receipt and an invoice stands an order: without orders that link must be followed. What is made of a line is
    made under its product's id, so that a products flow finds it there and makes no second one."""
    follows = {"invoice", "receipt"} <= set(settings.kinds) and "order" not in settings.kinds
    links = {"links"} if follows else set[str]()
    return frozenset(links | ({"products"} if settings.missing_products == "create" else set()))


def _order_of(ids: Sequence[str]) -> str | None:
    return next(iter(_of_kind("order", ids)), None)


def _of_kind(kind: str, ids: Sequence[str]) -> list[str]:
    return [id_ for id_ in ids if id_.startswith(f"{kind}:")]


# --- for whom --------------------------------------------------------------------------------------------------------


def _buyer(order: Order, settings: OrdersSettings) -> tuple[Customer | None, Skip | None]:
    """Who bought it, with an address; or why it stays behind."""
    customer = order.customer
    if customer is not None and customer.email:
        return customer, None
    if settings.without_customer == "standard":
        return Customer(email=settings.standard_email, full_name="Standard customer"), None
    if order.customer_ref is None:
        return None, Skip("no_customer", "The sale names no customer.")
    if customer is None:
        return None, Skip("customer_not_found", f"The till does not show relation {order.customer_ref}.")
    problem = customer.email_problem or "missing"
    return None, Skip(
        f"email_{problem}", f"The e-mail address of relation {order.customer_ref} is {problem}."
    )


def _for_customer(buyer: Customer, settings: OrdersSettings, known: Known) -> tuple[Wait, ...]:
    """Consent comes before commerce: who buys before the contact is made stays without marketing for good (mailchimp.md §3.2)."""
    if CUSTOMERS not in known.flows or buyer.email is None or buyer.id is None:
        return ()
    return (
        Wait(
            CUSTOMER,
            buyer.email,
            "The customers flow has not brought its customer yet.",
            absent="skip" if settings.people_not_brought == "skip" else "without",
            code="customer_not_brought",
            patience_s=PATIENCE_S,
            states=("present", "archived"),
        ),
    )


# --- with which products ---------------------------------------------------------------------------------------------


def _for_products(lines: Sequence[OrderLine], settings: OrdersSettings, known: Known) -> tuple[Wait, ...]:
    """What every line refers to. A line without an article goes to the placeholder, whatever the policy."""
    patience = PATIENCE_S if PRODUCTS in known.flows else 0.0
    absent = {"hold": "wait", "fail": "fail", "create": "without", "placeholder": "without"}
    return tuple(
        Wait(
            VARIANT,
            sku,
            f"The store does not have article {sku}.",
            absent=absent[settings.missing_products],  # type: ignore[arg-type]
            code="product_missing",
            patience_s=patience,
            states=("present", "archived"),
        )
        for sku in dict.fromkeys(line.sku for line in lines)
        if sku is not None
    )


# --- what is said of it ----------------------------------------------------------------------------------------------


def _told(order: Order, buyer: Customer, settings: OrdersSettings, *, financial: FinancialState) -> Order:
    moment = moment_of(order)
    cancelled = order.cancelled_at
    if cancelled is None and financial == "cancelled":
        cancelled = order.changed_at or moment
    url = order.url
    if url is None and settings.order_url is not None:
        url = settings.order_url.replace("{id}", order.id.partition(":")[2]).replace(
            "{number}", order.number or ""
        )
    return order.model_copy(
        update={
            "customer": buyer,
            "currency": order.currency or settings.currency,
            "financial": financial,
            "placed_at": moment,
            "cancelled_at": cancelled,
            "billing": order.billing or None,
            "url": url,
        }
    )


def _onward(now: FinancialState, before: str | None) -> tuple[FinancialState, list[str]]:
    """The payment status to tell: what it is, or what it was where it would go back."""
    if before is None or before == now or before == "unknown" or now in _ONWARD.get(before, ()):
        return now, []
    return before, [f"status_kept: the sale is {now} in the till, and stays {before} in the store"]  # type: ignore[return-value]


def _modes(settings: OrdersSettings) -> dict[str, WriteMode]:
    return dict.fromkeys(_LATER, "create") if settings.update_existing == "status" else {}


# --- credits ---------------------------------------------------------------------------------------------------------


def _is_credit(order: Order) -> bool:
    return order.credit_of is not None or order.financial == "refunded" or order.total < 0


def _credited(order: Order, settings: OrdersSettings, known: Known) -> Decision:
    """What was given back: never revenue (features O26)."""
    if settings.credits == "skip":
        return Decision(skip=Skip("credit", "It gives money back, and credits are not sent."))
    if settings.credits == "negative":
        return _below_zero(order, settings, known)
    if order.credit_of is None:
        return Decision(
            skip=Skip(
                "credit_of_nothing",
                "It gives money back and does not say for which sale, so none is lowered.",
            )
        )
    original = (_order_of(order.credit_related_ids) if "order" in settings.kinds else None) or order.credit_of
    refund = as_refund(order)
    if not refund.lines or refund.total >= 0:
        return Decision(skip=Skip("no_lines", "The credit gives nothing back."))
    record = _told(refund, order.customer or Customer(), settings, financial="refunded")
    put = Put(
        kind=REFUND,
        natural=order.id,
        record=record,
        options={"refund_of": original},
        holds=((KIND, original),),  # what it comes to is read and lowered: nobody else does so meanwhile
    )
    sale = Wait(
        KIND, original, "The sale that it credits is not in the store.", absent="skip", code="sale_not_sent"
    )
    lines = tuple(
        Wait(VARIANT, sku, "", absent="without", states=("present", "archived"))
        for sku in dict.fromkeys(line.sku for line in refund.lines)
        if sku is not None
    )
    return Decision(puts=(put,), waits=(sale, *lines))


def _below_zero(order: Order, settings: OrdersSettings, known: Known) -> Decision:
    buyer, skip = _buyer(order, settings)
    if buyer is None:
        return Decision(skip=skip)
    skip, asks = elsewhere(order, buyer, settings, known)
    if skip is not None:
        return Decision(skip=skip)
    refund = as_refund(order)
    if not refund.lines:
        return Decision(skip=Skip("no_lines", "The credit gives nothing back."))
    record = _told(refund, buyer, settings, financial="refunded")
    put = Put(
        kind=KIND,
        natural=order.id,
        record=record,
        update=False,
        facts={"financial": "refunded"},
        about=((CUSTOMER, buyer.email or ""),),
        came_about=told_at(order),
    )
    waits = (*_for_customer(buyer, settings, known), *_for_products(refund.lines, settings, known))
    return Decision(puts=(put,), waits=waits, asks=asks)


ORDERS = FlowKind(
    name="orders",
    record_kind=KIND,
    record=Order,
    settings=OrdersSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(KIND, REFUND),
    begins="now",
    scopes={"lines": "id"},
    target_scopes={"lines": "id"},
    tags="customer.tags",
    list_keys={"order": "number", "email": "customer.email", "customer": "customer_ref"},
    also=lambda _settings: ("invoice", "receipt"),
    quiet_import=True,
    parts=_parts,
    history=True,
    way=("till", "audience"),
    compares="target",
    not_compared=(
        "The sales of a till are too many to be read again each time: what stands in the store is compared with what was sent."
    ),
    undo=stays("kept", "What was sold stays sold: an order in Mailchimp is never deleted."),
)
