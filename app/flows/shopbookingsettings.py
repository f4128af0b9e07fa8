"""How a shop's order is booked: as what, by whom, when, and on whom."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from app.flows.base import FlowSettings
from app.mapping.tables import Table
from app.values.money import to_decimal


class BookingSettings(FlowSettings):
    """As what, by whom and when a sale is booked."""

    book_as: Literal["order", "invoice"] = Field(
        default="order",
        title="Booked as",
        description="`order`, or `invoice`. An order that was booked stays what it was booked as.",
        examples=["order"],
    )
    update_existing: bool = Field(
        default=False,
        title="Later changes",
        description="On: reference, addresses and delivery of a booked order follow the shop. Invoices never change.",
        examples=[False],
    )
    when_cancelled: Literal["undo", "leave"] = Field(
        default="undo",
        title="When a booked order is cancelled or refunded",
        description="`undo`: the till's order is cancelled, its invoice credited. `leave`: nothing, with a warning.",
        examples=["undo"],
    )
    refund_article: int | None = Field(
        default=None,
        ge=1,
        title="Article for partial refunds",
        description=(
            "Books what a shop paid back of an order as a sale of its own, with a negative line of this article. Empty: a "
            "partial refund is only told as a warning."
        ),
        examples=[9003],
    )
    employee_number: int = Field(
        default=999_999,
        ge=1,
        title="Employee",
        description="In whose name sales are booked; 999999 is the till's super user. A rule may set another per order.",
        examples=[999999],
    )
    branch: int | None = Field(
        default=None,
        ge=1,
        title="Branch",
        description="Where sales are booked. Empty: branch 1. Another branch needs a workplace.",
        examples=[2],
    )
    workplace: int | None = Field(
        default=None,
        ge=1,
        title="Workplace",
        description="The till in the branch that sales are booked on.",
        examples=[1],
    )
    branch_employees: dict[str, int] = Field(
        default_factory=dict,
        title="Employee per branch",
        description="For orders that a rule gives another branch.",
        examples=[{"2": 12}],
    )
    delivery_method: str | None = Field(
        default=None,
        max_length=50,
        title="Delivery method",
        description="The till's code for how orders are delivered.",
        examples=["BEZORGEN"],
    )
    order_category: int | None = Field(
        default=None,
        ge=0,
        title="Order category",
        description="The till's number of the category that these orders get.",
        examples=[1],
    )
    financial_date: Literal["order", "today"] = Field(
        default="order",
        title="Financial date",
        description=(
            "`order`: the day of the order on the shop's clock; one without a date, or of the date zero, is held back. `today`: "
            "the day it is booked."
        ),
        examples=["order"],
    )


class BuyerSettings(FlowSettings):
    """On whom a sale is booked, and when he pays."""

    create_relations: bool = Field(
        default=True,
        title="Make relations",
        description="On: a buyer whose address the till does not know is made.",
        examples=[True],
    )
    update_relations: bool = Field(
        default=True,
        title="Update relations",
        description=(
            "On: a buyer whom the till knows gets the name, phone and addresses of his newest order. Orders that are taken "
            "along from the past never do that."
        ),
        examples=[True],
    )
    companies: Literal["company", "person"] = Field(
        default="company",
        title="Company orders",
        description="`company`: on the company, with the person as its contact. `person`: on the person.",
        examples=["company"],
    )
    standard_debtor: int | None = Field(
        default=None,
        ge=1,
        title="Standard debtor",
        description="Number of the relation that sales are booked on where the buyer is not.",
        examples=[1000],
    )
    standard_debtor_when: Literal["never", "fallback", "always"] = Field(
        default="fallback",
        title="Use the standard debtor",
        description="`fallback`: for buyers without a relation or an address. `always`: for all; no buyer is written.",
        examples=["fallback"],
    )
    without_email: Literal["fail", "skip"] = Field(
        default="fail",
        title="Orders without an e-mail address",
        description="Where no standard debtor stands in: `fail` holds the order back, `skip` leaves it out.",
        examples=["fail"],
    )
    terms_expression: str = Field(
        default="store",
        max_length=500,
        title="Payment terms hang on",
        description="An expression over the order; its value goes through the table below.",
        examples=["store", "if(customer.company, 'company', 'person')"],
    )
    terms: Table | None = Field(
        default=None,
        title="Payment terms",
        description=(
            "Days, as a constant (`force`) or by table: for the relation's payment days, and an invoice's due date where its "
            "financial date is the order's. Empty: the till's own."
        ),
        examples=[{"force": 14}, {"entries": {"company": 30, "person": 0}}],
    )

    @field_validator("terms")
    @classmethod
    def whole_days(cls, value: Table | None) -> Table | None:
        """Days are whole and not negative."""
        for said in () if value is None else (value.force, value.default, *value.entries.values()):
            days = None if said is None else to_decimal(said)
            if said is not None and (days is None or days < 0 or days != days.to_integral_value()):
                raise ValueError("takes whole numbers of days, none of them negative")
        return value
