"""What a flow of shop products does, setting by setting: which stores, under which numbers, and what an article is given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.flows.base import FlowSettings
from app.flows.lookups import compiles
from app.flows.nightly import NightlySettings
from app.flows.scansettings import ScanSettings
from app.flows.shoparticlesettings import ArticleNames
from app.mapping.tables import Table
from app.values.articlenumber import LARGEST

Part = Literal["colour", "size", "skip"]

Prices = Annotated[
    Literal["incl", "excl"],
    Field(
        title="Prices of the shop",
        description="Whether they hold the VAT; Mailchimp does not know. The till reckons the other price from its own rate.",
        examples=["incl"],
    ),
]
Numbers = Annotated[
    Literal["sku", "assigned"],
    Field(
        title="Numbers of new articles",
        description=(
            "`sku`: a SKU of digits (no leading zero, at most 18) is the article's number, and others get one of the range below. "
            "`assigned`: all get one of the range. A SKU keeps its number for ever, whichever flow made its article."
        ),
        examples=["sku"],
    ),
]


class ProductStore(BaseModel):
    """One store of the Mailchimp account whose products become articles of the till."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^[^/\s]{1,50}$",
        title="Store",
        description="Its id in Mailchimp. Never the store that this service writes: its products came from the till.",
        examples=["webshop"],
    )
    prices: Prices = "incl"


class NumberRange(BaseModel):
    """Article numbers that nobody else gives out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int = Field(
        ge=1, le=LARGEST, title="First", description="The first number to give out.", examples=[900_000]
    )
    last: int = Field(ge=1, le=LARGEST, title="Last", description="The last one.", examples=[999_999])

    @model_validator(mode="after")
    def in_order(self) -> NumberRange:
        """The first is not behind the last."""
        if self.first > self.last:
            raise ValueError("begins behind its end")
        return self


class NumberSettings(ArticleNames):
    """Under which article numbers what is new is made."""

    numbers: Numbers = "sku"
    number_range: NumberRange | None = Field(
        default=None,
        title="Range of numbers",
        description=(
            "Numbers that only this service gives out; those that the till has already are passed over. Empty: a product with a "
            "SKU that is no number is held back, with every such SKU named."
        ),
        examples=[{"first": 900_000, "last": 999_999}],
    )


class ArticleFieldSettings(FlowSettings):
    """What the till needs to know of an article and Mailchimp does not tell, and how texts and pictures are taken."""

    vat_expression: str = Field(
        default="category_name",
        max_length=500,
        title="VAT code hangs on",
        description=(
            "An expression over the product, with the single `variant` beside it; its value goes through the table below. "
            "`category_name` is the product's type."
        ),
        examples=["category_name", "store", "variant.sku"],
    )
    vat_codes: Table = Field(
        title="VAT codes",
        description=(
            "The till's code for each value; `default` for products without one, `force` for one code always. A value that is "
            "not listed goes by `missing`: `default`, `skip` or `fail`; without a code nothing is made."
        ),
        examples=[{"entries": {"Boeken": "1"}, "default": "2", "missing": "default"}],
    )
    turnover_expression: str = Field(
        default="category_name",
        max_length=500,
        title="Turnover group hangs on",
        description="An expression as above.",
        examples=["category_name"],
    )
    turnover_groups: Table | None = Field(
        default=None,
        title="Turnover groups",
        description="The till's number of the turnover group, 1 to 999. Empty: the till's own default.",
        examples=[{"entries": {"Truien": "1"}, "default": "4", "missing": "default"}],
    )
    group_expression: str = Field(
        default="category_name",
        max_length=500,
        title="Article group hangs on",
        description="An expression over the product.",
        examples=["category_name"],
    )
    article_groups: Table | None = Field(
        default=None,
        title="Article groups",
        description=(
            "The till's number of the group that the product joins. It never leaves one: groups that you put it into stay. Empty: none."
        ),
        examples=[{"entries": {"Truien": "12"}, "missing": "blank"}],
    )
    variant_parts: tuple[Part, ...] = Field(
        default=("colour", "size"),
        max_length=5,
        title="Parts of a variant's title",
        description=(
            "What stands in it beside the product's title, in this order, separated by ` / `, ` - `, `|`, `;` or a comma and a "
            "space. A single part that looks like a size is one. Rows may say colour and size themselves."
        ),
        examples=[["colour", "size"], ["size"]],
    )
    longest_title: int = Field(
        default=100,
        ge=20,
        le=1_000,
        title="Longest title",
        description="In characters; a longer one is cut, with a warning: it stands on receipts and buttons.",
        examples=[100],
        json_schema_extra={"unit": "characters"},
    )
    longest_description: int = Field(
        default=4_000,
        ge=100,
        le=60_000,
        title="Longest description",
        description="In characters, without its markup; a longer one is cut, with a warning.",
        examples=[4_000],
        json_schema_extra={"unit": "characters"},
    )
    images: Literal["all", "main", "off"] = Field(
        default="all",
        title="Pictures",
        description=(
            "The till fetches them by their public address. `main`: the product's own only. Pictures are added and never taken "
            "away; one that the till cannot fetch is a warning."
        ),
        examples=["all"],
    )
    without_price: Literal["leave_out", "zero"] = Field(
        default="leave_out",
        title="Variants without a price",
        description="Mailchimp shows them at 0. `leave_out`: not made, with the reason in the activity. `zero`: made at 0.00.",
        examples=["leave_out"],
    )
    _compile = field_validator("vat_expression", "turnover_expression", "group_expression")(compiles)


class ShopProductsSettings(ArticleFieldSettings, NumberSettings, ScanSettings, NightlySettings):
    """Which products are taken, under which numbers, and what becomes of them later."""

    stores: tuple[ProductStore, ...] = Field(
        min_length=1,
        max_length=50,
        title="Stores",
        description=(
            "Whose products are taken. Mailchimp does not tell which products changed, so all products of these stores are "
            "looked through: a call for each thousand of them, every time."
        ),
        examples=[[{"id": "webshop"}]],
    )
    scan_every_s: float = Field(
        default=600,
        ge=15,
        le=86_400,
        title="Look at most every",
        description="The least time between two looks through the stores.",
        examples=[600],
        json_schema_extra={"unit": "seconds"},
    )
    update_existing: bool = Field(
        default=False,
        title="Update existing articles",
        description=(
            "Off: articles are only made; one that the till has is never changed, and new variants are added beside it. On: what "
            "changes in the shop changes in the till, row by row, as each row's mode says."
        ),
        examples=[True],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency of the till",
        description="ISO 4217 code. Products of a store in another currency are left out.",
        examples=["EUR"],
    )
    on_gone: Literal["leave", "inactive"] = Field(
        default="leave",
        title="When a product or variant is deleted in the shop",
        description="`leave`: its article stays as it is. `inactive`: made inactive, and active again when it comes back.",
        examples=["inactive"],
    )
    when_filtered: Literal["leave", "inactive"] = Field(
        default="leave",
        title="When a product no longer passes the filters",
        description="The same choice for what was made before and is now kept back by a filter or a list.",
        examples=["leave"],
    )

    @field_validator("stores")
    @classmethod
    def each_once(cls, value: tuple[ProductStore, ...]) -> tuple[ProductStore, ...]:
        """Every store once."""
        if len({store.id for store in value}) < len(value):
            raise ValueError("names a store twice")
        return value

    @model_validator(mode="after")
    def complete(self) -> ShopProductsSettings:
        """What belongs together is there together."""
        if self.numbers == "assigned" and self.number_range is None:
            raise ValueError("numbers are assigned, so number_range must say which")
        return self

    def store(self, id: str | None) -> ProductStore | None:
        """The settings of a store, if its products are wanted."""
        return next((store for store in self.stores if store.id == id), None)
