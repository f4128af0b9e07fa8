"""What a flow of shop orders does, setting by setting: which orders of which stores, on whom, as what, and how they are paid."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.errors import InvalidInput
from app.flows.base import FlowSettings
from app.mapping.expressions import compile_expression
from app.mapping.tables import Table
from app.records.order import FinancialState, FulfilmentState
from app.values.money import to_decimal


class SourceStore(BaseModel):
    """One store of the Mailchimp account whose orders are booked in the till."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^[^/\s]{1,50}$",
        title="Store",
        description="Its id in Mailchimp. Never the store that this service writes: its orders came from the till.",
        examples=["webshop"],
    )
    prefix: str | None = Field(
        default=None,
        max_length=50,
        title="Before the order number",
        description=(
            "Makes the shop's order number the till's external number, which must be unique among all shops. Empty text: the "
            "number alone. Not filled in: the store's id and a dash."
        ),
        examples=["web-"],
    )
    take: tuple[FinancialState, ...] = Field(
        default=("paid",),
        min_length=1,
        title="Booked when",
        description="States of payment in which an order is booked. Others wait: they are looked at again when they change.",
        examples=[["paid"], ["paid", "open"]],
    )
    fulfilment: tuple[FulfilmentState, ...] = Field(
        default=(),
        title="Only when",
        description="States of delivery in which an order is booked. Empty: any.",
        examples=[["shipped"]],
    )
    words: dict[str, FinancialState] = Field(
        default_factory=dict,
        title="Words for payment",
        description="What the shop's own words mean, where they are not Mailchimp's.",
        examples=[{"betaald": "paid", "wacht": "open"}],
    )
    prices: Literal["auto", "with_vat", "without_vat"] = Field(
        default="auto",
        title="Prices of lines",
        description="Whether they hold the VAT. `auto`: what adds up to the order's total.",
        examples=["auto"],
    )
    line_discounts: Literal["auto", "in_price", "on_top"] = Field(
        default="auto",
        title="Discounts of lines",
        description="Whether a line's price is what is left after its discount. `auto`: what adds up to the total.",
        examples=["auto"],
    )

    @property
    def before(self) -> str:
        """What stands before the order's number in the till."""
        return f"{self.id}-" if self.prefix is None else self.prefix


class ShopOrdersSettings(FlowSettings):
    """Which orders are booked, as what, on whom, on which articles, and what becomes of their money."""

    stores: tuple[SourceStore, ...] = Field(
        min_length=1,
        max_length=50,
        title="Stores",
        description=(
            "Whose orders are booked. Mailchimp does not tell which orders changed, so all orders of these stores are "
            "looked through: a call for each thousand of them, every time."
        ),
        examples=[[{"id": "webshop"}]],
    )
    scan_every_s: float = Field(
        default=120,
        ge=15,
        le=86_400,
        title="Look at most every",
        description="The least time between two looks through the stores. A change of a contact is looked at at once.",
        examples=[120],
        json_schema_extra={"unit": "seconds"},
    )
    scan_calls_a_minute: float = Field(
        default=10,
        gt=0,
        le=60,
        title="Calls for looking",
        description=(
            "What looking may cost on average. With 10, stores of 50,000 orders are looked through every five minutes: 50 "
            "calls each time."
        ),
        examples=[10],
        json_schema_extra={"unit": "calls a minute"},
    )

    # --- as what ---------------------------------------------------------------------------------------------------

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
        description="`order`: the day of the order on the shop's clock. `today`: the day it is booked.",
        examples=["order"],
    )

    # --- on whom ---------------------------------------------------------------------------------------------------

    create_relations: bool = Field(
        default=True,
        title="Make relations",
        description="On: a buyer whose address the till does not know is made.",
        examples=[True],
    )
    update_relations: bool = Field(
        default=True,
        title="Update relations",
        description="On: a buyer whom the till knows gets the name, phone and addresses of his newest order.",
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

    # --- on which articles -----------------------------------------------------------------------------------------

    sku_table: dict[str, str] = Field(
        default_factory=dict,
        max_length=20_000,
        title="SKU table",
        description="What a shop's SKU is called in the till, before anything is looked up.",
        examples=[{"AB-1": "1001"}],
    )
    match_by: tuple[Literal["article_number", "plu", "barcode"], ...] = Field(
        default=("article_number",),
        min_length=1,
        title="Find articles by",
        description="What a SKU may be, tried in this order: article number, PLU, barcode (EAN).",
        examples=[["article_number", "barcode"]],
    )
    missing_article: Literal["fail", "hold", "placeholder"] = Field(
        default="fail",
        title="Articles that the till does not have",
        description=(
            "`fail`: the order is held back with every such SKU named, and nothing is written. `hold`: it waits until the "
            "article is there. `placeholder`: the article below stands in, under the line's own text."
        ),
        examples=["fail"],
    )
    placeholder_article: str | None = Field(
        default=None,
        max_length=50,
        title="Placeholder article",
        description="Number of the article that stands in for unknown ones.",
        examples=["9999"],
    )
    shipping_article: str | None = Field(
        default=None,
        max_length=50,
        title="Article for shipping",
        description="Number of the article that shipping cost is booked on. Needed for orders with such a cost.",
        examples=["9001"],
    )
    shipping_text: str = Field(
        default="Verzendkosten",
        max_length=100,
        title="Text for shipping",
        description="What the line says.",
        examples=["Verzendkosten"],
    )
    shipping_vat_code: str | None = Field(
        default=None,
        pattern=r"^\d{1,4}$",
        title="VAT code for shipping",
        description="Empty: the code of the article, or of the country where the table below has one.",
        examples=["2"],
    )
    discount_article: str | None = Field(
        default=None,
        max_length=50,
        title="Article for discounts",
        description=(
            "Books the discount of a whole order as a line of its own, with the promo code in its text. Empty: it is shared "
            "out over the lines to the cent, so that each keeps its VAT."
        ),
        examples=["9002"],
    )
    totals: Literal["block", "warn"] = Field(
        default="block",
        title="When the sums do not add up",
        description="Lines, shipping, discounts and VAT against the order's total: hold the order back, or book it with a warning.",
        examples=["block"],
    )

    # --- VAT and accounts ------------------------------------------------------------------------------------------

    country: str = Field(
        default="NL",
        pattern=r"^[A-Z]{2}$",
        title="Home country",
        description="ISO 3166 code of the country whose VAT is ours, and of addresses without one.",
        examples=["NL"],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency of the till",
        description="ISO 4217 code. An order in another currency is held back.",
        examples=["EUR"],
    )
    eu_consumers: Literal["home", "destination"] = Field(
        default="home",
        title="Consumers in the EU",
        description="`destination`: the VAT of the buyer's country, by the till's table for it (one-stop shop).",
        examples=["destination"],
    )
    eu_businesses: Literal["shift", "as_consumers"] = Field(
        default="shift",
        title="Businesses in the EU",
        description=(
            "`shift`: the VAT is shifted to a company of another member state with a valid VAT number, if the shop charged "
            "none."
        ),
        examples=["shift"],
    )
    vat_number_field: str | None = Field(
        default=None,
        pattern=r"^[A-Z0-9_]{1,10}$",
        title="Merge field of the VAT number",
        description=(
            "Tag of the field in the store's audience that holds a buyer's VAT number; Mailchimp's orders hold none. A call "
            "more per order. Empty: nobody is known as a business."
        ),
        examples=["VATNUMBER"],
    )
    outside_eu: Literal["none", "home"] = Field(
        default="none",
        title="Buyers outside the EU",
        description="`none`: no VAT, if the shop charged none.",
        examples=["none"],
    )
    unknown_country: Literal["home", "fail"] = Field(
        default="home",
        title="Orders without a country",
        description="`home`: like an order at home, with a warning. `fail`: held back.",
        examples=["home"],
    )
    vat_codes: Table | None = Field(
        default=None,
        title="VAT codes",
        description=(
            "The till's code for every line, by country (`BE`) or by kind of buyer (`domestic`, `eu_consumer`, `eu_business`, "
            "`outside_eu`, `unknown`). Empty, or not listed: each article keeps its own."
        ),
        examples=[{"entries": {"BE": "2", "eu_business": "0"}}],
    )
    accounts: Table | None = Field(
        default=None,
        title="Revenue accounts",
        description="The account of the goods' lines by country; the till's turnover group with that account is booked on.",
        examples=[{"entries": {"BE": "8090"}, "default": "8000", "missing": "default"}],
    )
    account_without_group: Literal["fail", "leave"] = Field(
        default="fail",
        title="An account that no turnover group has",
        description="`fail` holds the order back, `leave` keeps the article's own group.",
        examples=["fail"],
    )

    # --- payment ---------------------------------------------------------------------------------------------------

    payment: Literal["none", "prepay", "final"] = Field(
        default="none",
        title="Payments of paid orders",
        description=(
            "`none`: not booked. `prepay`: booked as a deposit, nothing is shipped. `final`: booked, delivered and invoiced "
            "in the same breath; of an invoice simply paid."
        ),
        examples=["prepay"],
    )
    payment_expression: str = Field(
        default="store",
        max_length=500,
        title="Payment method hangs on",
        description=(
            "An expression over the order; its value goes through the table below. Mailchimp's orders hold no method, so take "
            "the store, the financial status, the landing site, or a constant."
        ),
        examples=["store", "custom.financial_status", "landing_site"],
    )
    payment_methods: Table | None = Field(
        default=None,
        title="Payment methods",
        description="The till's code for each value; `force` for one method always.",
        examples=[{"force": "IDEAL"}, {"entries": {"webshop": "MOLLIE"}, "missing": "fail"}],
    )

    @field_validator("payment_expression", "terms_expression")
    @classmethod
    def compiles(cls, value: str) -> str:
        """An expression that can be run."""
        try:
            compile_expression(value, place="expression")
        except InvalidInput as error:
            raise ValueError(error.detail) from None
        return value

    @field_validator("stores")
    @classmethod
    def each_once(cls, value: tuple[SourceStore, ...]) -> tuple[SourceStore, ...]:
        """Every store once, and no two with the same external numbers."""
        if len({store.id for store in value}) < len(value):
            raise ValueError("names a store twice")
        if len({store.before for store in value}) < len(value):
            raise ValueError(
                "gives two stores the same text before the order number, so their numbers could collide"
            )
        return value

    @field_validator("terms")
    @classmethod
    def whole_days(cls, value: Table | None) -> Table | None:
        """Days are whole and not negative."""
        for said in () if value is None else (value.force, value.default, *value.entries.values()):
            days = None if said is None else to_decimal(said)
            if said is not None and (days is None or days < 0 or days != days.to_integral_value()):
                raise ValueError("takes whole numbers of days, none of them negative")
        return value

    @model_validator(mode="after")
    def complete(self) -> ShopOrdersSettings:
        """What belongs together is there together."""
        if self.branch not in (None, 1) and self.workplace is None:
            raise ValueError("branch is another than 1, so workplace must be filled in")
        if self.standard_debtor_when == "always" and self.standard_debtor is None:
            raise ValueError("standard_debtor_when is 'always', so standard_debtor must be filled in")
        if self.missing_article == "placeholder" and not self.placeholder_article:
            raise ValueError("missing_article is 'placeholder', so placeholder_article must be filled in")
        if self.payment != "none" and self.payment_methods is None:
            raise ValueError("payment is booked, so payment_methods must say by which method")
        return self

    def store(self, id: str | None) -> SourceStore | None:
        """The settings of a store, if its orders are wanted."""
        return next((store for store in self.stores if store.id == id), None)
