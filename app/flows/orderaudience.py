"""Whose audience a sale belongs to, where several branches have one each: that of the branch where its buyer first bought, so that
one buyer is one contact. Pure. Feature C-12."""

from __future__ import annotations

from datetime import UTC, datetime, time

from app.flows.ordersettings import OrdersSettings
from app.records.customer import Customer
from app.records.decision import FirstBuy, Known, Skip
from app.records.order import Order

CUSTOMER = "customer"


def elsewhere(
    order: Order, buyer: Customer, settings: OrdersSettings, known: Known
) -> tuple[Skip | None, FirstBuy | None]:
    """Why the sale is another audience's; and what must be asked before that can be told.

    Whoever is no relation of the source has no first sale to ask for: their sales go by their own branch, as those of the standard customer do.
    """
    if not settings.branches:
        return None, None
    by_first = settings.branches_by == "first_sale" and order.branch is not None
    if not by_first or buyer.email is None or buyer is not order.customer or order.customer_ref is None:
        if order.branch in settings.branches:
            return None, None
        text = f"It was sold in branch {order.branch or '?'}, and this flow brings other branches."
        return Skip("other_branch", text, filtered=True), None
    first = known.first_branch(CUSTOMER, buyer.email)
    if first is None:
        return None, FirstBuy(
            kind=CUSTOMER,
            natural=buyer.email,
            buyer=order.customer_ref,
            sale=order.id,
            branch=order.branch or "",
            at=moment_of(order),
        )
    if first in settings.branches:
        return None, None
    text = f"Its buyer first bought in branch {first}, and this flow brings the buyers of other branches."
    return Skip("other_branch", text, filtered=True), None


def moment_of(order: Order) -> datetime | None:
    """When the sale was made; at noon of its day where only that is told."""
    if order.placed_at is None and order.financial_date is not None:
        return datetime.combine(order.financial_date, time(12), UTC)
    return order.placed_at


def told_at(order: Order) -> datetime | None:
    """When that happened which its first notice would tell: it was paid, or it was made."""
    moments = [moment_of(order), *(payment.at for payment in order.payments)]
    # A mapping may make a moment without a zone of it.
    known = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in moments if each is not None)
    return max(known, default=None)
