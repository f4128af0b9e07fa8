"""What a products flow does, setting by setting: which products, what is sent of each, and what happens when one leaves."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.flows.nightly import NightlySettings

PLACEHOLDER = re.compile(r"\{([^{}]{1,60})\}")
URL_NAMES = ("id", "sku", "slug", "handle", "external_id", "plu", "gtin")

Away = Literal["hide", "delete", "leave"]


class TaxClass(BaseModel):
    """What one VAT code of the till stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(
        default=None,
        max_length=50,
        title="Name",
        description="What rules and rows see as the tax class.",
        examples=["high"],
    )
    rate: Decimal | None = Field(
        default=None,
        ge=0,
        le=100,
        title="Rate",
        description="Per cent; used where the till gives no rate of its own.",
        examples=["21"],
    )


class ProductsSettings(NightlySettings):
    """Which products are sent, what of them, and what becomes of those that leave."""

    which: Literal["all", "web_shop"] = Field(
        default="all",
        title="Which articles",
        description="`web_shop`: only articles that are marked for the web shop in the till.",
        examples=["web_shop"],
    )
    on_inactive: Away = Field(
        default="hide",
        title="When an article becomes inactive or discontinued",
        description=(
            "`hide`: its variant is made invisible. `delete`: it is deleted in the store; orders that name it keep their "
            "lines, without its title. `leave`: it stays as it is. One that was never sent is not sent."
        ),
        examples=["hide"],
    )
    when_filtered: Away = Field(
        default="hide",
        title="When an article no longer passes the filters",
        description="The same choice for what was sent before and is now kept back by a filter, a list or the web shop mark.",
        examples=["hide"],
    )
    on_gone: Away = Field(
        default="leave",
        title="When a product is not found any more",
        description="The till deletes nothing, so an absent product mostly means missing rights: `leave` is the safe choice.",
        examples=["leave"],
    )
    identify_by: Literal["sku", "gtin"] = Field(
        default="sku",
        title="What a variant is known by",
        description="`gtin`: its barcode (EAN), and the SKU where it has none. Choose before the first import: it names the variants.",
        examples=["sku"],
    )
    # -- what may be written of a product that is there -------------------------------------------------------------
    update_existing: bool = Field(
        default=True,
        title="Update existing products",
        description="Off: products are only added; one that is in the store is never changed.",
        examples=[True],
    )
    update_title: bool = Field(
        default=True,
        title="Update titles",
        description="Off: a title is sent when the product is made, and then left to you.",
        examples=[False],
    )
    update_description: bool = Field(
        default=True,
        title="Update descriptions",
        description="Off: a description is sent when the product is made, and then left to you.",
        examples=[False],
    )
    update_category: bool = Field(
        default=True,
        title="Update categories",
        description="Off: type and vendor are sent when the product is made, and then left to you.",
        examples=[True],
    )
    update_images: bool = Field(
        default=True,
        title="Update images",
        description="Off: images are sent when the product is made, and then left to you.",
        examples=[True],
    )
    # -- texts ----------------------------------------------------------------------------------------------------------
    title_from: Literal["product", "article"] = Field(
        default="product",
        title="Title",
        description="`product`: the product's description in the till. `article`: that of its first article.",
        examples=["product"],
    )
    description_from: Literal["long", "short", "both", "none"] = Field(
        default="long",
        title="Description",
        description="`long`: the till's extra text. `short`: its invoice text. `both`: the short one, then the long one.",
        examples=["long"],
    )
    description_template: str = Field(
        default="{description}",
        max_length=5_000,
        title="Description template",
        description=(
            "`{description}`, `{short}`, `{brand}`, `{category}` and the name of any property or custom field in braces "
            "are filled in; a line whose braces all stay empty is left out."
        ),
        examples=["{description}\n\nMaterial: {Materiaal}"],
    )
    markup: Literal["text", "keep"] = Field(
        default="text",
        title="Markup in descriptions",
        description="`text`: HTML becomes readable text. `keep`: it is sent as it stands.",
        examples=["text"],
    )
    longest_title: int = Field(
        default=255,
        ge=20,
        le=1_000,
        title="Longest title",
        description="In characters; a longer one is cut, with a warning.",
        examples=[255],
    )
    longest_description: int = Field(
        default=10_000,
        ge=100,
        le=60_000,
        title="Longest description",
        description="In characters; a longer one is cut, with a warning.",
        examples=[10_000],
    )
    product_url: str | None = Field(
        default=None,
        max_length=500,
        title="Address of a product in your shop",
        description="With {id}, {sku}, {slug}, {handle}, {external_id}, {plu} or {gtin}. Empty: products have no link.",
        examples=["https://shop.example.nl/p/{slug}-{id}"],
    )
    # -- categories -------------------------------------------------------------------------------------------------------
    category_to: Literal["type", "vendor", "nowhere"] = Field(
        default="type",
        title="Where the category goes",
        description="Mailchimp has one category per product, its type; `vendor` puts it where the brand would stand.",
        examples=["type"],
    )
    category_form: Literal["name", "path"] = Field(
        default="name",
        title="Category",
        description="`name`: the group's own name. `path`: with the groups above it, such as `Dames > Jurken`.",
        examples=["path"],
    )
    category_separator: str = Field(
        default=" > ",
        min_length=1,
        max_length=10,
        title="Between the names of a path",
        description="What stands between two groups.",
        examples=[" > "],
    )
    category_fallback: str | None = Field(
        default=None,
        max_length=100,
        title="Category of products without one",
        description="Empty: such products are sent without a category.",
        examples=["Other"],
    )
    # -- variants ---------------------------------------------------------------------------------------------------------
    attributes: dict[str, str] = Field(
        default_factory=lambda: {"colour": "", "size": ""},
        title="Attributes",
        description=(
            "What tells variants apart, in this order: `colour`, `size` or a custom field of the article, with the word to "
            "put before its value, or none. They make up a variant's title; others are not sent and listed as a hint."
        ),
        examples=[{"colour": "Colour", "size": "Size"}],
    )
    variant_title: Literal["attributes", "full"] = Field(
        default="attributes",
        title="Title of a variant",
        description="`attributes`: such as `red / M`. `full`: with the product's title before it.",
        examples=["full"],
    )
    properties: dict[str, Literal["vendor", "type", "description"]] = Field(
        default_factory=dict,
        title="Properties",
        description=(
            "Custom fields that only inform, and where each goes: they never make a variant. Mailchimp's products have no "
            "other place for them than description, vendor and type."
        ),
        examples=[{"Materiaal": "description"}],
    )
    visibility: Literal["always", "web_shop"] = Field(
        default="always",
        title="Which variants are visible",
        description=(
            "`always`: every variant that is sent. `web_shop`: the others are sent too, invisible, so that sales of them "
            "find their product. Mailchimp's products have no visibility of their own, only variants have."
        ),
        examples=["web_shop"],
    )
    # -- money ------------------------------------------------------------------------------------------------------------
    prices: Literal["incl", "excl"] = Field(
        default="incl",
        title="Prices",
        description="With or without VAT. The till's own price is used where it states it, and computed to the cent where not.",
        examples=["incl"],
    )
    without_price: Literal["leave_out", "send"] = Field(
        default="leave_out",
        title="Articles without a price",
        description="A price of zero counts as none. `send`: they are sent at zero. Negative prices are never sent.",
        examples=["leave_out"],
    )
    tax_classes: dict[str, TaxClass] = Field(
        default_factory=dict,
        title="Tax classes",
        description="What the till's VAT codes stand for.",
        examples=[{"1": {"name": "low", "rate": "9"}, "2": {"name": "high", "rate": "21"}}],
    )
    unknown_tax_class: Literal["keep", "fail"] = Field(
        default="keep",
        title="VAT codes that are not in the table",
        description="`keep`: the till's own code and rate count. `fail`: the product waits for you to add the code.",
        examples=["keep"],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency of the till",
        description="ISO 4217 code of prices that name none.",
        examples=["EUR"],
    )
    store_currency: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        title="Currency of the store",
        description="A store has one currency for ever. Empty: the till's.",
        examples=["EUR"],
    )
    other_currency: Literal["leave_out", "convert"] = Field(
        default="leave_out",
        title="Prices in another currency than the store's",
        description="`convert`: by the rates below. Nothing is ever sent with another currency's number.",
        examples=["leave_out"],
    )
    currency_rates: dict[str, Decimal] = Field(
        default_factory=dict,
        title="Rates",
        description="What one unit of a currency is worth in the store's.",
        examples=[{"USD": "0.92"}],
    )
    # -- images and quantity ----------------------------------------------------------------------------------------------
    images: Literal["all", "main", "off"] = Field(
        default="all",
        title="Images",
        description=(
            "`all`: the product's image, one per variant, and the list of images. `main`: only the product's image. "
            "An image without a public address cannot be sent; each is a warning."
        ),
        examples=["main"],
    )
    check_images: bool = Field(
        default=True,
        title="Check images",
        description=(
            "Each image's address is asked for once, when it is first sent or changes; one that leads nowhere, is no image "
            "or larger than 10 MB is sent all the same, with a warning that names it. That is one small request per image "
            "to where the images are, beside the writing; a server that does not answer three times is left alone for "
            "five minutes. Off: nobody notices."
        ),
        examples=[False],
    )
    quantity: Literal["on", "off"] = Field(
        default="off",
        title="Quantity with the product",
        description=(
            "`on`: the sellable stock is read and sent along with the product. While a stock flow runs between the same "
            "connections, it alone writes quantities, whatever is chosen here."
        ),
        examples=["off"],
    )

    @field_validator("product_url")
    @classmethod
    def usable_address(cls, value: str | None) -> str | None:
        """An http address whose braces hold names that a product has."""
        if value is None or not value.strip():
            return None
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https://")
        unknown = [name for name in PLACEHOLDER.findall(value) if name not in URL_NAMES]
        if unknown:
            raise ValueError(f"knows no {{{unknown[0]}}}; choose among {', '.join(URL_NAMES)}")
        return value.strip()

    @field_validator("currency_rates")
    @classmethod
    def positive(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        """A rate of zero or less converts nothing."""
        for currency, rate in value.items():
            if not rate.is_finite() or rate <= 0:
                raise ValueError(f"the rate of {currency[:10]} must be more than zero")
        return value

    @model_validator(mode="after")
    def attribute_or_property(self) -> ProductsSettings:
        """A field either makes variants or informs."""
        both = sorted(set(self.attributes) & set(self.properties))
        if both:
            raise ValueError(f"{both[0]!r} stands under attributes and under properties; choose one")
        return self
