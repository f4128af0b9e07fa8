"""Which VAT a shop's order bears, and on which account it is booked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.flows.base import FlowSettings
from app.mapping.tables import Table


class TaxSettings(FlowSettings):
    """VAT and revenue account, by where an order goes and who buys it."""

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
