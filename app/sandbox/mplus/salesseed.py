"""The sales of a seed: what a shop sold in its last four months, at the counter, on account and on the web.

By a sale's place in the list it is decided what it is; in any twenty:

    3 13       nobody in particular                          10 11  an invoice, paid or not yet
    5          a web order, paid, shipped and invoiced       14     on promotion, paid with a gift card
    7          a web order, paid, the newest not yet shipped 16     brought back
    8          an order, not paid; the old ones picked up    17     on account
    15         an order, shipped in part                     19     money without a sale
    18         an order, cancelled                           others somebody at the counter

The stock was counted after all this: a seed's amounts are what is left.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.ordermath import undelivered

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

DAYS = 120
RECENT = 10  # days: younger orders are still under way
Draw = random.Random


@dataclass(frozen=True, slots=True)
class Sale:
    index: int
    draw: Draw
    age: int  # days


def seed_sales(till: Till, *, sales: int, seed: int) -> None:
    """Nothing where there is nobody to sell to or nothing to sell."""
    seeding = SalesSeed(till)
    if not seeding.articles or not seeding.customers:
        return
    today = till.now().replace(hour=0, minute=0, second=0, microsecond=0)
    till.stock.counted_later = True
    for index in range(sales):
        draw = Draw(f"sale {seed} {index}")
        day = today - timedelta(days=DAYS - index * DAYS // sales)
        moment = day.replace(hour=draw.randrange(9, 18), minute=draw.randrange(60), second=draw.randrange(60))
        with till.back_then(moment):
            seeding.sell(Sale(index, draw, (today - day).days))
    till.stock.counted_later = False


class SalesSeed:
    def __init__(self, till: Till) -> None:
        self.till = till
        products = till.catalogue.products.rows.values()
        cards = [one for product in products for one in product["articleList"]]
        self.articles = [one for one in cards if one["active"] and one["priceIncl"] and not one["siUnit"]]
        rows = till.relations.cards.rows
        self.customers = [number for number, row in rows.items() if row["active"]]
        self.companies = [number for number in self.customers if rows[number].get("companyName")]
        self.cases: Mapping[int, Callable[[Sale], None]] = {
            3: self.anonymous,
            5: self.shipped,
            7: self.paid,
            8: self.ordered,
            10: self.invoiced,
            11: self.invoiced,
            13: self.anonymous,
            14: self.promoted,
            15: self.partly,
            16: self.returned,
            17: self.on_account,
            18: self.cancelled,
            19: self.no_sale,
        }

    def sell(self, sale: Sale) -> None:
        self.cases.get(sale.index % 20, self.counter)(sale)

    # at the counter

    def counter(self, sale: Sale) -> None:
        self._counter(sale.draw, relation=sale.draw.choice(self.customers))

    def anonymous(self, sale: Sale) -> None:
        self._counter(sale.draw)

    def promoted(self, sale: Sale) -> None:
        promotion = {"discountPercentage": sale.draw.choice((10, 20, 25)), "promotion": "Zomeractie"}
        self._counter(sale.draw, relation=sale.draw.choice(self.customers), method="CADEAUKAART", **promotion)

    def returned(self, sale: Sale) -> None:
        relation = sale.draw.choice(self.customers)
        receipt = self._counter(sale.draw, relation=relation)
        with self.till.back_then(self.till.now() + timedelta(hours=1)):
            self.till.receipts.credit(receipt, self.till.counter.head(relation=relation))

    def on_account(self, sale: Sale) -> None:
        self._counter(
            sale.draw, relation=sale.draw.choice(self.companies or self.customers), method="REKENING"
        )

    def no_sale(self, sale: Sale) -> None:
        counter, relation = self.till.counter, sale.draw.choice(self.customers)
        match sale.index // 20 % 5:
            case 0:
                counter.cash(10_000, "Wisselgeld")
            case 1:
                counter.cash(-sale.draw.randrange(500, 3_000), "Bloemen")
            case 2:
                counter.top_up(2_500, f"9000{sale.draw.randrange(10**6):06}", relation=relation)
            case 3:
                counter.deposit(25 * sale.draw.randrange(1, 9), relation=relation)
            case _:
                counter.transfer(5_000, source="CONTANT", to="PIN")

    def _counter(
        self, draw: Draw, *, relation: int | None = None, method: str = "", **promotion: Any
    ) -> dict[str, Any]:
        lines = [
            {
                "articleNumber": card["articleNumber"],
                "text": card["description"],
                "priceIncl": Decimal(card["priceIncl"]) / 100,
                "quantity": quantity,
                **promotion,
            }
            for card, quantity in self._basket(draw)
        ]
        off = Decimal(100 - promotion.get("discountPercentage", 0)) / 100
        due = sum(round(line["priceIncl"] * line["quantity"] * off, 2) for line in lines)
        paid = {"method": method or draw.choice(("PIN", "PIN", "PIN", "CONTANT")), "amount": due}
        if method == "CADEAUKAART":
            paid["giftcardNumber"] = f"9000{draw.randrange(10**6):06}"
        return self.till.counter.sell(lines, [paid], relation=relation)

    def _basket(self, draw: Draw) -> list[tuple[Mapping[str, Any], int]]:
        return [
            (draw.choice(self.articles), draw.choice((1, 1, 1, 2))) for _ in range(draw.choice((1, 1, 2, 3)))
        ]

    # orders and invoices

    def shipped(self, sale: Sale) -> None:
        order = self._order(sale, web=True)
        self.till.orders.pay(order, [self._online(order)], prepay=False)

    def paid(self, sale: Sale) -> None:
        order = self._order(sale, web=True)
        _, order, _ = self.till.orders.pay(order, [self._online(order)], prepay=True)
        if sale.age > RECENT:
            with self._days_later(2):
                slip = self.till.orders.deliver(order)
                self.till.invoices.from_slips([slip], on=self.till.now().date())

    def ordered(self, sale: Sale) -> None:
        order = self._order(sale)
        if sale.age > RECENT:
            with self._days_later(3):
                due = {"method": "PIN", "amount": order["totalInclAmount"]}
                _, order, _ = self.till.orders.pay(order, [due], prepay=True)
                self.till.orders.receipted(self.till.orders.deliver(order))

    def partly(self, sale: Sale) -> None:
        order = self._order(sale, web=True, more=1)
        _, order, _ = self.till.orders.pay(order, [self._online(order)], prepay=True)
        first = order["lineList"][0]
        with self._days_later(min(sale.age, 1)):
            self.till.orders.deliver(order, {first["lineId"]: undelivered(first)})

    def cancelled(self, sale: Sale) -> None:
        self.till.orders.cancel(self._order(sale, web=True))

    def invoiced(self, sale: Sale) -> None:
        given = self._given(sale.draw, sale.draw.choice(self.companies or self.customers))
        invoice = self.till.invoices.create(given)
        if sale.index % 20 == 10 and sale.age > RECENT:
            with self._days_later(9):
                self.till.invoices.pay(invoice, [{"method": "PIN", "amount": invoice["totalInclAmount"]}])

    def _order(self, sale: Sale, *, web: bool = False, more: int = 0) -> dict[str, Any]:
        given = self._given(sale.draw, sale.draw.choice(self.customers), more=more)
        if web:
            given |= {
                "extOrderId": f"web-{sale.index + 1:06}",
                "orderType": "ORDER-TYPE-EXTERNAL-SALES-ORDER",
                "orderCategoryNumber": 1,
                "deliveryMethod": "BEZORGEN",
                "reference": f"Webshop {sale.index + 1:06}",
            }
        return self.till.orders.create(given)

    def _given(self, draw: Draw, relation: int, *, more: int = 0) -> dict[str, Any]:
        row = self.till.relations.cards.rows[relation]
        address = {
            name: row[name]
            for name in ("name", "contact", "address", "zipcode", "city", "country")
            if row.get(name)
        }
        basket = [*self._basket(draw), *((draw.choice(self.articles), 1) for _ in range(more))]
        return {
            "employeeNumber": draw.choice((1, 2, 3)),
            "relationNumber": relation,
            "deliveryAddress": address,
            "invoiceAddress": address,
            "lineList": [
                {"articleNumber": card["articleNumber"], "data": {"quantity": quantity, "decimalPlaces": 0}}
                for card, quantity in basket
            ],
        }

    def _online(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "method": "IDEAL",
            "amount": order["totalInclAmount"],
            "externalReference": f"tr_{order['orderNumber']['number']:08}",
        }

    def _days_later(self, days: int) -> Any:
        moment: datetime = self.till.now() + timedelta(days=days)
        return self.till.back_then(moment)
