"""What an orders flow does, setting by setting: which sales, when, for whom, and what becomes of them later."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from app.flows.nightly import NightlySettings
from app.records.order import FulfilmentState, SaleKind
from app.values.email import normalise_email

Missing = Literal["create", "placeholder", "hold", "fail"]
Updates = Literal["never", "status", "everything"]


class OrdersSettings(NightlySettings):
    """Which sales are sent, when, for whom, with which products, and what is changed afterwards."""

    kinds: tuple[SaleKind, ...] = Field(
        default=("order", "receipt"),
        min_length=1,
        title="Which sales",
        description=(
            "`order`: orders of the back office and the web. `invoice`: invoices. `receipt`: sales at the counter. One sale "
            "that exists as several of them arrives once: as its order where orders are sent. Choose before the first start."
        ),
        examples=[["order", "receipt"]],
    )
    send_orders: Literal["paid_or_invoiced", "paid", "at_once"] = Field(
        default="paid_or_invoiced",
        title="When an order is sent",
        description=(
            "`paid_or_invoiced`: when it is fully paid, or an invoice is made of it. `paid`: when it is fully paid. `at_once`: "
            "as soon as it exists. Invoices and receipts are always sent at once."
        ),
        examples=["paid_or_invoiced"],
    )
    fulfilment: tuple[FulfilmentState, ...] = Field(
        default=(),
        title="Only orders that are delivered so",
        description=(
            "States of delivery in which an order is sent; it goes once it is in one. Empty: any. Invoices and receipts have none "
            "and are sent at once. What was sent goes on being told."
        ),
        examples=[["shipped"]],
    )
    branches: tuple[str, ...] = Field(
        default=(),
        title="Branches of this audience",
        description=(
            "Numbers of branches, where branches have an audience each: one flow to each audience, every branch in one of them. "
            "Empty: sales of all branches. Choose before the first start."
        ),
        examples=[["1", "4"]],
    )
    branches_by: Literal["first_sale", "each_sale"] = Field(
        default="first_sale",
        title="Who belongs to a branch",
        description=(
            "Counts with `branches`. `first_sale`: all sales of a buyer go to the audience of the branch where they first bought, "
            "so that one buyer is one contact and their revenue stands in one place. The till is asked once for each buyer's "
            "first sale, however long ago, and what was found stays, also when an older sale appears later. "
            "`each_sale`: every sale goes by its own branch, and who buys in two branches is in both audiences. "
            "Sales of the standard customer go by their own branch in any case."
        ),
        examples=["each_sale"],
    )
    # -- which are left out ---------------------------------------------------------------------------------------------
    skip_branches: tuple[str, ...] = Field(
        default=(),
        title="Branches that are left out",
        description="Numbers of branches whose sales another link to Mailchimp sends already.",
        examples=[["3"]],
    )
    skip_workplaces: tuple[str, ...] = Field(
        default=(),
        title="Workplaces that are left out",
        description="As `branch.workplace`, or the number of a workplace in every branch.",
        examples=[["1.9"]],
    )
    skip_categories: tuple[str, ...] = Field(
        default=(),
        title="Sales categories that are left out",
        description="Numbers of order or sales categories, for example the one of the web shop.",
        examples=[["4"]],
    )
    external_sales: Literal["send", "skip"] = Field(
        default="skip",
        title="Sales that another system brought into the till",
        description=(
            "Those that carry an external number: a web shop's orders, or orders that this service itself wrote into the "
            "till. A web shop mostly has a link to Mailchimp of its own, and sending them again would count them twice."
        ),
        examples=["skip"],
    )
    # -- for whom ---------------------------------------------------------------------------------------------------------
    without_customer: Literal["skip", "standard"] = Field(
        default="skip",
        title="Sales without a customer",
        description=(
            "Without a relation, or with one that has no usable e-mail address. `standard`: they are booked on the standard "
            "customer, which becomes one contact of the audience."
        ),
        examples=["skip"],
    )
    standard_email: str | None = Field(
        default=None,
        title="E-mail address of the standard customer",
        description="An address of your own, with `standard`.",
        examples=["counter@shop.example.nl"],
    )
    people_not_brought: Literal["send", "skip"] = Field(
        default="send",
        title="People whom the customers flow has not brought",
        description=(
            "Counts while a customers flow runs between the same connections, which knows who has consented. Sales wait for it "
            "for a minute. `send`: then they go without it, and Mailchimp makes a transactional contact, which counts on the "
            "bill. `skip`: they are left out, and go as soon as the person is there."
        ),
        examples=["send"],
    )
    # -- with which products ----------------------------------------------------------------------------------------------
    missing_products: Missing = Field(
        default="create",
        title="Articles that the store does not have",
        description=(
            "`create`: a simple product is made of the line, under the id by which a products flow will find it and complete it. `placeholder`: the line goes to one product for everything else. "
            "`hold`: the sale waits until the products flow has brought it, for a day at most. `fail`: the sale is held back "
            "for you, with every missing article named. While a products flow runs it is waited for, a minute with the first two."
        ),
        examples=["hold"],
    )
    placeholder_title: str = Field(
        default="Other articles",
        min_length=1,
        max_length=100,
        title="Title of the placeholder",
        description="What the one product for everything else is called.",
        examples=["Overige artikelen"],
    )
    weights: Literal["titled", "plain"] = Field(
        default="titled",
        title="Weights and lengths",
        description=(
            "Mailchimp counts whole pieces, so 0.250 kg is one piece at the line's price. `titled`: of a hidden variant that "
            "says the weight in its title; the store gets one for each weight that is sold. `plain`: of the article itself, and "
            "the weight is not told."
        ),
        examples=["plain"],
    )
    # -- what is said of it -----------------------------------------------------------------------------------------------
    shipping_articles: tuple[str, ...] = Field(
        default=(),
        title="Shipping articles",
        description="Article numbers whose lines are shipping costs: they are no line, and stand in the shipping total.",
        examples=[["9001"]],
    )
    discount_articles: tuple[str, ...] = Field(
        default=(),
        title="Discount articles",
        description=(
            "Article numbers whose lines, below zero, take something off the whole sale: they are no line, and stand in the "
            "discount total."
        ),
        examples=[["9002"]],
    )
    promo_articles: dict[str, str] = Field(
        default_factory=dict,
        title="Promo codes",
        description="What an article stands for: its lines, below zero, are sent as this promo code's discount.",
        examples=[{"9003": "SUMMER10"}],
    )
    promotions: dict[str, str] = Field(
        default_factory=dict,
        title="Promotions as promo codes",
        description=(
            "The promo code that a promotion of the till stands for, by the promotion's name: what it took off the lines is sent "
            "as that code's discount. Promotions that are not named here lower the prices and are not told."
        ),
        examples=[{"Zomeractie": "SUMMER"}],
    )
    order_url: str | None = Field(
        default=None,
        max_length=500,
        title="Address of an order",
        description="Where you look an order up; {id} and {number} are filled in. Empty: none is sent.",
        examples=["https://shop.example.nl/orders/{number}"],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency of the till",
        description="ISO 4217 code of amounts that name none. A sale in another currency than the store's is left out.",
        examples=["EUR"],
    )
    totals_check: Literal["warn", "block", "off"] = Field(
        default="warn",
        title="When the lines do not add up",
        description=(
            "The till's lines against its total. `warn`: the sale is sent with the till's total, and a warning. `block`: it is "
            "held back for you. A difference of rounding VAT per rate is none."
        ),
        examples=["block"],
    )
    # -- later ------------------------------------------------------------------------------------------------------------
    update_existing: Updates = Field(
        default="never",
        title="Later changes of a sale that was sent",
        description=(
            "`never`: it stays as it was sent. `status`: paid, shipped and cancelled follow; each can send a mail, so only "
            "real changes are sent, and never one back. `everything`: lines, amounts and addresses follow, too. Credits are "
            "applied in any case, by the setting below."
        ),
        examples=["status"],
    )
    credits: Literal["refund", "negative", "skip"] = Field(
        default="refund",
        title="Returns and credits",
        description=(
            "`refund`: the sale that is credited is lowered by it and marked as refunded, in part or whole. `negative`: a sale "
            "of its own, whose total is below zero; Mailchimp documents nothing about such totals. `skip`: nothing. It never "
            "arrives as revenue. What goes back is a line at 0 with its amount as discount: no price is below zero."
        ),
        examples=["refund"],
    )

    @field_validator("standard_email")
    @classmethod
    def usable_address(cls, value: str | None) -> str | None:
        """One spelling, or a clear no."""
        if value is None or not value.strip():
            return None
        found = normalise_email(value)
        if found is None:
            raise ValueError("is no e-mail address")
        return found

    @field_validator("order_url")
    @classmethod
    def usable_url(cls, value: str | None) -> str | None:
        """An http address, or none."""
        if value is None or not value.strip():
            return None
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https://")
        return value.strip()

    @model_validator(mode="after")
    def complete(self) -> OrdersSettings:
        """What needs another setting has it, and an article is one thing."""
        if self.without_customer == "standard" and self.standard_email is None:
            raise ValueError("without_customer is 'standard', so standard_email must be filled in")
        places = [set(self.shipping_articles), set(self.discount_articles), set(self.promo_articles)]
        for n, one in enumerate(places):
            for other in places[n + 1 :]:
                if both := sorted(one & other):
                    raise ValueError(
                        f"article {both[0]!r} is two of shipping, discount and promo code; choose one"
                    )
        return self
