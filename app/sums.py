"""Sums of sales for the accountant: per day, branch, VAT code and account, at both sides, and why they differ where they do.

The till's own amounts count as they stand in its books. What stands at the target is told per line by the id that each
line has there, so that it falls under the same VAT code and account. Sales that the flow does not send are told with the
reason, so that the difference of two totals is never a riddle. In memory is only what the asked days hold.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from decimal import Decimal

from app.connectors.base import Fetched, Found, KeepsBooks, KeepsSales
from app.connectors.limits import live_work
from app.errors import AppError, Conflict
from app.pipeline.rehearsal import planned
from app.pipeline.route import Route
from app.pipeline.work import Item
from app.records.order import Order, OrderLine
from app.values.money import half_up

SENT, LATER, NO_REVENUE, ELSEWHERE = "sent", "not_sent_yet", "not_revenue", "not_found_at_source"
_TOLD_TWICE = ("told_by_", "kind_off")
_NO_REVENUE = frozenset({"deposit", "gift_card", "payment"})
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """What is summed up together. ``outcome``: ``sent``, or why the flow does not send it."""

    day: str
    branch: str
    vat_code: str
    vat_rate: str
    account: str
    outcome: str


@dataclass(slots=True)
class Amounts:
    """VAT included, unless said otherwise."""

    lines: int = 0
    source: Decimal = ZERO
    source_without_vat: Decimal = ZERO
    target: Decimal = ZERO


@dataclass(slots=True)
class _Place:
    """A sale at the target: under which group each of its lines falls, and what is no line of it."""

    lines: dict[str, Group] = field(default_factory=dict)
    shipping: Group | None = None
    rest: Group | None = None


@dataclass(slots=True)
class Sums:
    """All groups, and where the sales of them stand at the target."""

    accounts: Mapping[str, str]
    groups: dict[Group, Amounts] = field(default_factory=dict)
    places: dict[str, _Place] = field(default_factory=dict)

    def of(self, group: Group) -> Amounts:
        """The amounts of a group."""
        return self.groups.setdefault(group, Amounts())

    def group(self, order: Order, line: OrderLine | None, outcome: str) -> Group:
        """The group of one line of a sale; None: of what is no line."""
        day = order.financial_date or (order.placed_at.date() if order.placed_at else None)
        account = (line.account if line else None) or ""
        return Group(
            day.isoformat() if day else "",
            order.branch or "",
            (line.vat_code if line else None) or "",
            "" if line is None or line.vat_rate is None else format(line.vat_rate.normalize(), "f"),
            self.accounts.get(f"{account}/{order.branch}") or self.accounts.get(account, account),
            outcome,
        )


async def sums(route: Route, first: date, last: date) -> Sums:
    """Add up both sides for these days. Raises Conflict where one keeps no books, and what either side raises."""
    source, target = route.source, route.target
    keeps = isinstance(source, KeepsBooks) and isinstance(target, KeepsSales)
    if route.record_kind != "order" or not keeps:
        raise Conflict(
            "Only a flow that brings the till's sales to a store can be added up.",
            advice="Choose a flow of the kind orders.",
            code="no_sales",
        )
    assert isinstance(source, KeepsBooks)
    assert isinstance(target, KeepsSales)
    live_work.set(False)
    told = Sums(await source.accounts())
    async for page in source.sold_between(first, last, parts=route.parts):
        await _add_page(route, target, page, told)
    async for sale in target.sales_there():
        place = told.places.get(sale.id)
        if place is None:
            continue
        for id, amount in sale.lines.items():
            group = place.lines.get(id)
            if group is not None:
                told.of(group).target += amount
            elif place.rest is not None:
                told.of(_as_found_there(place.rest)).target += amount
        if place.shipping is not None:
            told.of(place.shipping).target += sale.shipping
        if place.rest is not None:
            over = sale.total - sum(sale.lines.values(), ZERO) - (sale.shipping if place.shipping else ZERO)
            if over:
                told.of(place.rest).target += over
    return told


async def _add_page(route: Route, target: KeepsSales, page: Iterable[Fetched], told: Sums) -> None:
    for item in await planned(route, [each for each in page if isinstance(each, Found)]):
        order = item.plan.record if item.plan is not None else None
        if not isinstance(order, Order):
            continue
        outcome = _outcome(item)
        if outcome == NO_REVENUE or outcome.startswith(_TOLD_TWICE):
            continue  # it moves money only, or the same sale is told as another paper
        by_id: dict[str, Group] = {}
        for line in order.lines:
            if line.role == "text":
                continue
            group = told.group(order, line, NO_REVENUE if line.role in _NO_REVENUE else outcome)
            by_id[line.id] = group
            amounts = told.of(group)
            amounts.lines += 1
            amounts.source += _amount(line)
            amounts.source_without_vat += line.total_excl if line.total_excl is not None else _amount(line)
        _place(item, order, by_id, target, told, outcome)


def _place(
    item: Item, order: Order, by_id: Mapping[str, Group], target: KeepsSales, told: Sums, outcome: str
) -> None:
    """Where its lines stand at the target."""
    if item.plan is None:
        return
    for put in item.plan.decision.puts:
        sold = put.record
        assert isinstance(sold, Order)
        ids = [line.id for line in sold.lines]
        credits = put.options.get("refund_of")
        id, there = target.place_of_sale(put.kind, put.natural, ids, credits=credits)
        place = told.places.setdefault(id, _Place())
        place.lines |= {name: by_id[own] for name, own in zip(there, ids, strict=True) if own in by_id}
        if credits is None:
            beside = [by_id[line.id] for line in order.lines if line.id in by_id and line.id not in ids]
            goods = [group for group in beside if group.outcome != NO_REVENUE]
            place.shipping = goods[0] if sold.shipping_total and goods else None
            off = [group for group in goods if group != place.shipping]
            place.rest = (off or goods or [told.group(order, None, outcome)])[0]


def _as_found_there(group: Group) -> Group:
    """A line at the target that is none of the sale's: a credit of another day, or somebody's own."""
    return Group(group.day, group.branch, "", "", "", ELSEWHERE)


def _outcome(item: Item) -> str:
    if item.error is not None:
        return item.error.code if isinstance(item.error, AppError) else "internal_error"
    if item.plan is not None and item.plan.decision.skip is not None:
        return item.plan.decision.skip.code
    if item.absent:
        return item.absent[0].code
    there = any(wish.row is not None and wish.row.state == "present" for wish in item.wishes)
    return SENT if there else LATER


def _amount(line: OrderLine) -> Decimal:
    return line.total if line.total is not None else half_up(line.unit_price * line.quantity)


COLUMNS = (
    *(each.name for each in fields(Group)),
    "lines",
    "source_incl_vat",
    "source_excl_vat",
    "target_incl_vat",
    "difference",
)


def as_csv(told: Sums) -> str:
    """One row for each group, ordered, amounts with two decimals; the last row is the total of those that were sent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    total = Amounts()
    for group, each in sorted(told.groups.items()):
        writer.writerow([*map(_safe, astuple(group)), *_told(each)])
        if group.outcome in (SENT, ELSEWHERE):
            total.lines += each.lines
            total.source += each.source
            total.source_without_vat += each.source_without_vat
            total.target += each.target
    writer.writerow(["total", "", "", "", "", SENT, *_told(total)])
    return text.getvalue()


def _told(each: Amounts) -> tuple[str, ...]:
    money = (each.source, each.source_without_vat, each.target, each.source - each.target)
    return (str(each.lines), *(format(half_up(amount), ".2f") for amount in money))


def _safe(value: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
