"""What a flow of shop orders does, setting by setting: which stores, how they are looked through, and what belongs together.

How a sale is booked, on which articles and with which VAT stands in files of their own.
"""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from app.flows.lookups import compiles
from app.flows.newarticles import NewArticles
from app.flows.nightly import NightlySettings
from app.flows.scansettings import ScanSettings
from app.flows.shoparticlesettings import ArticleSettings, PaymentSettings
from app.flows.shopbookingsettings import BookingSettings, BuyerSettings
from app.flows.shopstores import SourceStore
from app.flows.shoptaxsettings import TaxSettings


class StoreSettings(ScanSettings):
    """Whose orders are taken, and how often their stores are looked through."""

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


class ShopOrdersSettings(
    PaymentSettings,
    TaxSettings,
    ArticleSettings,
    BuyerSettings,
    BookingSettings,
    StoreSettings,
    NightlySettings,
):
    """Which orders are booked, as what, on whom, on which articles, and what becomes of their money."""

    new_articles: NewArticles | None = Field(
        default=None,
        title="New articles",
        description=(
            "How an article that the till does not have is made for an order: under which number, with which VAT and groups. "
            "Needed with `create`."
        ),
        examples=[
            {
                "number_range": {"first": 800_000, "last": 899_999},
                "vat_codes": {"force": "2"},
                "turnover_groups": {"force": "4"},
            }
        ],
    )

    _compile = field_validator("payment_expression", "terms_expression")(compiles)

    @model_validator(mode="after")
    def complete(self) -> ShopOrdersSettings:
        """What belongs together is there together."""
        if self.branch not in (None, 1) and self.workplace is None:
            raise ValueError("branch is another than 1, so workplace must be filled in")
        if self.standard_debtor_when == "always" and self.standard_debtor is None:
            raise ValueError("standard_debtor_when is 'always', so standard_debtor must be filled in")
        if self.missing_article == "placeholder" and not self.placeholder_article:
            raise ValueError("missing_article is 'placeholder', so placeholder_article must be filled in")
        if self.missing_article == "create" and self.new_articles is None:
            raise ValueError("missing_article is 'create', so new_articles must say how they are made")
        if self.payment != "none" and self.payment_methods is None:
            raise ValueError("payment is booked, so payment_methods must say by which method")
        return self

    def store(self, id: str | None) -> SourceStore | None:
        """The settings of a store, if its orders are wanted."""
        return next((store for store in self.stores if store.id == id), None)
