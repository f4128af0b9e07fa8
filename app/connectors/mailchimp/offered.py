"""Which fields records at Mailchimp have, for whoever writes mapping rows: paths and kinds.

Merge fields and groups are each audience's own; of a product and a variant this is all that has a place there.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.base import WritableField
from app.connectors.mailchimp import customers, products, stock


def _kinds(fields: Mapping[str, WritableField]) -> dict[str, str]:
    return {path.removesuffix("[]"): field.kind for path, field in fields.items()}


FIELDS: Mapping[str, Mapping[str, str]] = {
    customers.KIND: {
        "email_address": "text",
        "merge_fields": "object",
        "merge_fields.*": "anything",
        "interests": "object",
        "interests.*": "yes/no",
        "marketing_permissions": "object",
        "marketing_permissions.*": "yes/no",
        "tags": "anything",
        "tags.*": "yes/no",
        "language": "text",
        "vip": "yes/no",
        "email_type": "text",
        "location": "object",
        "location.*": "number",
        "timestamp_opt": "date",
        "ip_opt": "text",
        "timestamp_signup": "date",
        "ip_signup": "text",
    },
    products.KIND: _kinds(products.WRITABLE),
    stock.KIND: _kinds(stock.WRITABLE),
}
"""Kind of record: its fields by path, as text, number, yes/no, date, object or anything."""
