"""Stock: what may be sold of each article, in whole pieces, to the variant that a products flow brought.

Pure. The till's free amount is net of reservations already; the formula that people take for granted, free less
reserved, is here too, for tills that are run otherwise. Features S1 to S7, S9.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, model_validator

from app.errors import InvalidInput, MappingFailed
from app.flows.base import FlowKind
from app.flows.nightly import NightlySettings
from app.flows.policies import stays
from app.mapping.expressions import Expression, compile_expression
from app.mapping.run import Run
from app.records.decision import Decision, Known, Put, Skip, Wait
from app.records.stock import BranchStock, Sellable, StockLevel
from app.values.money import to_decimal

KIND, VARIANT = "stock", "variant"
MOST = 2_000_000_000
"""More pieces than this no store counts."""

_ROUNDING = {"down": ROUND_FLOOR, "nearest": ROUND_HALF_UP, "up": ROUND_CEILING}


class StockSettings(NightlySettings):
    """How a quantity is made of the till's amounts."""

    formula: Literal["sellable", "free_less_reserved", "free_and_incoming", "on_hand", "custom"] = Field(
        default="sellable",
        title="Quantity",
        description=(
            "`sellable`: the till's free amount, which is net of reservations already, so nothing is taken off twice. "
            "`free_less_reserved`: takes reservations off once more; choose it only if your till's free amount still holds "
            "them. `free_and_incoming`: with what is on order. `on_hand`: what lies there, reserved or not. "
            "`custom`: the expression below."
        ),
        examples=["sellable"],
    )
    expression: str | None = Field(
        default=None,
        max_length=2_000,
        title="Own formula",
        description=(
            "With `custom`: an expression over `free`, `reserved`, `incoming` and `on_hand` (summed over the chosen "
            "branches) and `branches`, that gives a number."
        ),
        examples=["max([free, `0`])", "on_hand"],
    )
    branches: tuple[str, ...] = Field(
        default=(),
        title="Branches",
        description="Numbers of the branches whose stock is summed. Empty: all of them.",
        examples=[["1", "3"]],
    )
    buffer: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1_000_000,
        title="Safety buffer",
        description="Taken off every quantity, so that the shop's last pieces are not sold twice.",
        examples=["2"],
    )
    floor_at_zero: bool = Field(
        default=True,
        title="Never below zero",
        description="On: an oversold article shows 0.",
        examples=[True],
    )
    rounding: Literal["down", "nearest", "up"] = Field(
        default="down",
        title="Rounding",
        description="Mailchimp counts whole pieces: 3.7 becomes 3 with `down`.",
        examples=["down"],
    )
    unmanaged: int | None = Field(
        default=999,
        ge=0,
        le=MOST,
        title="Articles without stock keeping",
        description=(
            "The constant quantity of articles that the till keeps no stock of. Empty: nothing is sent for them. An article "
            "composed of others has as many as its scarcest part allows; when a part is sold it follows by night."
        ),
        examples=[999],
    )
    day_stock: Literal["count", "constant"] = Field(
        default="count",
        title="Day-stock articles",
        description="`count`: what is left of today. `constant`: like articles without stock keeping.",
        examples=["count"],
    )

    on_drift: Literal["report", "heal"] = Field(
        default="heal",
        title="What differs by night",
        description="`heal`: quantities that were missed, or changed in Mailchimp, are sent again. `report`: they are only named.",
        examples=["heal"],
    )

    @model_validator(mode="after")
    def formula_is_complete(self) -> StockSettings:
        """The own formula must be there when it is chosen, and must compile."""
        if self.formula != "custom":
            return self
        if not self.expression:
            raise ValueError("formula is 'custom', so expression must be filled in")
        try:
            _compiled(self.expression)
        except InvalidInput as error:
            raise ValueError(f"expression: {error.detail}") from None
        return self


def decide(level: StockLevel, settings: StockSettings, known: Known) -> Decision:  # noqa: ARG001 - every flow's shape
    """One quantity for the article's variant; an article that is not in the store waits for nothing."""
    quantity = quantity_of(level, settings)
    if quantity is None:
        return Decision(skip=Skip("not_managed", "The till keeps no stock of this article."))
    put = Put(kind=KIND, natural=level.sku, record=Sellable(sku=level.sku, quantity=quantity))
    reason = "The article is not in the store; its quantity goes there as soon as it is."
    return Decision(
        puts=(put,), waits=(Wait(VARIANT, level.sku, reason, absent="skip", code="not_in_store"),)
    )


def quantity_of(level: StockLevel, settings: StockSettings) -> int | None:
    """Whole pieces that may be sold; None where nothing is to be said. Raises MappingFailed where the formula fails."""
    if not level.managed or (level.day_stock and settings.day_stock == "constant"):
        return settings.unmanaged
    chosen = [b for b in level.branches if not settings.branches or b.branch in settings.branches]
    amount = _amount(chosen, settings, sku=level.sku) - settings.buffer
    whole = int(amount.to_integral_value(rounding=_ROUNDING[settings.rounding]))
    if settings.floor_at_zero:
        whole = max(0, whole)
    return max(-MOST, min(MOST, whole))


def gone(_settings: StockSettings, _known: Known) -> Decision:
    """An article that has no stock any more says nothing: its variant stays as the products flow has it."""
    return Decision(skip=Skip("not_found", "The till does not show this article any more."))


def filtered(_settings: StockSettings, _known: Known, skip: Skip) -> Decision:
    """Kept back: the quantity stays as it is."""
    return Decision(skip=skip)


def _amount(branches: list[BranchStock], settings: StockSettings, *, sku: str) -> Decimal:
    free = sum((b.free for b in branches), Decimal(0))
    reserved = sum((b.reserved for b in branches), Decimal(0))
    incoming = sum((b.incoming for b in branches), Decimal(0))
    if settings.formula == "free_less_reserved":
        return free - reserved
    if settings.formula == "free_and_incoming":
        return free + incoming
    if settings.formula == "on_hand":
        return free + reserved
    if settings.formula == "custom":
        sums = {"free": free, "reserved": reserved, "incoming": incoming, "on_hand": free + reserved}
        return _own(settings.expression or "", sums | {"branches": [b.model_dump() for b in branches]}, sku)
    return free


def _own(expression: str, values: dict[str, Any], sku: str) -> Decimal:
    found = to_decimal(_compiled(expression).evaluate(values, Run()))
    if found is None:
        raise MappingFailed(
            f"The own formula gives no number for article {sku}.",
            field="expression",
            advice="Let it give a number for every article, for instance with coalesce().",
            code="formula_failed",
        )
    return found


@lru_cache(maxsize=64)
def _compiled(expression: str) -> Expression:
    return compile_expression(expression, place="expression")


STOCK = FlowKind(
    name="stock",
    record_kind=KIND,
    record=StockLevel,
    settings=StockSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(KIND,),
    begins="beginning",
    window_s=60.0,
    list_keys={"sku": "sku"},
    reach=lambda level: frozenset(((KIND, level.sku),)),
    follows=VARIANT,
    quiet_import=True,
    put_record=Sellable,
    undo=stays("stock_is_now", "A quantity says what is there now; the one from before would be wrong."),
)
