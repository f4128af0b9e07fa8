"""Which mails an order starts (mailchimp.md §3.4, §3.6). A store that is syncing starts none.

Only a status that changes sends; but each change does, so a replay that flips a status mails a customer again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.sandbox.mailchimp.mails import MailKind
from app.sandbox.mailchimp.store import Order, Store
from app.sandbox.mailchimp.world import Account

BY_FINANCIAL_STATUS: Mapping[str, MailKind] = {
    "pending": "order_confirmation",
    "paid": "order_invoice",
    "refunded": "order_refunded",
    "cancelled": "order_cancelled",
}


def mails_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[MailKind]:
    kinds: list[MailKind] = []
    financial = after.get("financial_status", "")
    if financial != before.get("financial_status", "") and financial in BY_FINANCIAL_STATUS:
        kinds.append(BY_FINANCIAL_STATUS[financial])
    if after.get("fulfillment_status") == "shipped" != before.get("fulfillment_status"):
        kinds.append("order_shipped")
    cancelled = after.get("cancelled_at_foreign") and not before.get("cancelled_at_foreign")
    if cancelled and "cancelled" not in (financial, before.get("financial_status")):
        kinds.append("order_cancelled")
    return kinds


def send_order_mails(
    account: Account, store: Store, order: Order, *, before: Mapping[str, Any], first: bool
) -> None:
    if store.is_syncing:
        return
    kinds = mails_of(before, order.data) if "order_notifications" in store.automations else []
    if first and "first_purchase" in store.automations and order.data.get("processed_at_foreign"):
        kinds.append("first_purchase")
    for kind in kinds:
        account.world.mail(
            kind, email=order.customer.email, list_id=store.list_id, store_id=store.id, about=order.id
        )
