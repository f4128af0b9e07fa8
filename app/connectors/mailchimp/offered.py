"""Which fields a member has, for whoever writes mapping rows: paths and kinds. Merge fields and groups are each audience's own."""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.mailchimp import customers

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
    }
}
"""Kind of record: its fields by path, as text, number, yes/no, date, object or anything."""
