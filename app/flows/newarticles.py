"""How articles are made for orders: the settings of a flow of shop products, as far as an order needs them."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from app.flows.shopproductsettings import ArticleFieldSettings, NumberRange, Numbers, Prices
from app.mapping.tables import Table


class NewArticles(ArticleFieldSettings):
    """Under which numbers, and with which VAT, groups, texts and pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    numbers: Numbers = "sku"
    number_range: NumberRange = Field(
        title="Range of numbers",
        description=(
            "Numbers that only this flow gives out; no other flow into this till may have one of them. Those that the till has "
            "already are passed over."
        ),
        examples=[{"first": 800_000, "last": 899_999}],
    )
    prices: Prices = "incl"
    turnover_groups: Table = Field(
        title="Turnover groups",
        description=(
            "The till's number of the turnover group, 1 to 999: what is sold at once must stand on an account. `force` for one "
            "group always."
        ),
        examples=[{"entries": {"Truien": "1"}, "default": "4", "missing": "default"}],
    )
