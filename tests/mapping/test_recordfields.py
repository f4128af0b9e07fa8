"""The middle's own catalogue of fields, told from the models of its records."""

from __future__ import annotations

from app.mapping.check import TargetField
from app.mapping.recordfields import kinds_of, record_fields
from app.records.customer import Customer
from app.records.order import Order
from app.records.product import Product


def test_fields_of_a_customer() -> None:
    fields = record_fields(Customer)

    assert {
        "email": TargetField("text", note="Trimmed, lower case; None when there is none that can be used"),
        "active": TargetField("yes/no"),
        "points": TargetField("number"),
        "birthday": TargetField("date"),
        "created_at": TargetField("date"),
        "tags": TargetField("list"),
        "billing": TargetField("object"),
        "billing.city": TargetField("text"),
        "consent.state": TargetField("text", choices=("yes", "no", "unknown")),
        "contacts": TargetField("list"),
        "contacts[].custom.*": TargetField("anything"),
        "custom": TargetField("object", note="What no other field fits"),
        "custom.*": TargetField("anything"),
    }.items() <= fields.items()
    assert "date" == kinds_of(fields)["birthday"]


def test_what_must_be_filled() -> None:
    def needed(model: type[Product] | type[Order]) -> set[str]:
        return {path for path, field in record_fields(model).items() if field.required}

    assert {"id", "variants[].sku", "images[].id"} == needed(Product)
    assert {"id", "lines[].id", "payments[].method", "payments[].amount", "promos[].code", "promos[].amount",
            "vat[].code"} == needed(Order)  # fmt: skip
