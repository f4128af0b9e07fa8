"""Which fields records at Mailchimp have in every account, for whoever writes mapping rows.

Merge fields, groups and tags are each audience's own (:mod:`fields`); of a product, a variant, a quantity or an order this is
all that has a place there.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.base import Fields, RemoteField
from app.connectors.mailchimp import (
    contacts,
    customers,
    fields,
    orders,
    products,
    shoporders,
    shopproducts,
    stock,
)


def _by_path(written: Fields) -> dict[str, RemoteField]:
    """As paths are written everywhere: a list has no brackets at its end."""
    return {path.removesuffix("[]"): field for path, field in written.items()}


OUT_FIELDS: Mapping[str, Fields] = {
    contacts.KIND: contacts.FIELDS,
    shoporders.KIND: shoporders.FIELDS,
    shopproducts.KIND: shopproducts.FIELDS,
}
"""Kind of record that is read: its fields by path."""

IN_FIELDS: Mapping[str, Fields] = {
    customers.KIND: {
        **fields.ALWAYS_THERE,
        "merge_fields.*": fields.ANY_FIELD,
        "interests.*": fields.ANY_GROUP,
    },
    products.KIND: _by_path(products.WRITABLE),
    stock.KIND: _by_path(stock.WRITABLE),
    orders.KIND: _by_path(orders.WRITABLE),
}
"""Kind of record that is written: its fields by path."""
