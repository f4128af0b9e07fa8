"""On which articles a shop's order is booked, and how its money becomes lines and payments."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.flows.base import FlowSettings
from app.mapping.tables import Table


class ArticleNames(FlowSettings):
    """Which article of the till a shop's SKU is."""

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


class ArticleSettings(ArticleNames):
    """What becomes of SKUs without an article, and the articles for shipping and discounts."""

    missing_article: Literal["fail", "create", "hold", "placeholder"] = Field(
        default="fail",
        title="Articles that the till does not have",
        description=(
            "`fail`: the order is held back with every such SKU named, and nothing is written. `create`: the article is made "
            "first, from the shop's product, or from the line where the shop has that no more, as the settings of new articles "
            "say. `hold`: it waits until the article is there. `placeholder`: the article below stands in, under the line's "
            "own text."
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


class PaymentSettings(FlowSettings):
    """Whether and how what was paid is booked."""

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
