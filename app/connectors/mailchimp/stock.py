"""Quantities of variants: one row, one call, nothing else of the variant is touched. Pure.

Which variant of which product an article is stands in the target that the products flow brought.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.base import Intent, Leave, RemoteField, Steps
from app.connectors.mailchimp.productchanges import SetQuantity
from app.connectors.mailchimp.products import VARIANT

KIND = "stock"

IN_ROWS: tuple[tuple[str, str], ...] = (("inventory_quantity", "quantity"),)
"""Leg 2: what may be sold of an article to the variant's quantity, in whole pieces."""

WRITABLE: Mapping[str, RemoteField] = {
    "inventory_quantity": RemoteField("Quantity, in whole pieces", "number", required=True)
}


def steps(intent: Intent) -> Steps:
    """The one call."""
    if intent.desired is None:
        return Leave("kept", "A quantity is not taken away; its variant is, by the products flow.")
    place = intent.references.get((VARIANT, intent.natural or ""), "")
    product, _, variant = place.partition("/")
    if not variant:
        return Leave("not_in_store", "The store has no variant of this article.")
    quantity = intent.document.get("inventory_quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        return Leave("no_quantity", "The mapping gives no whole number as the quantity.")
    return (SetQuantity(product=product, variant=variant, quantity=quantity),)
