"""Life in the shop: every few seconds somebody does something at the till, the same things in the same order for a seed.

    async with asyncio.TaskGroup() as group:
        group.create_task(live(till, every=4.0, told=print))

What happened is told as a sentence without names or addresses.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.sandbox.control import RefusedError
from app.sandbox.mplus.cards import NEWSLETTER, value_of
from app.sandbox.mplus.documents import Refused
from app.sandbox.mplus.relationseed import person_card, postal
from app.sandbox.people import address, person

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

SALES = 0.4  # of all deeds
NEWCOMERS = 5_000_000  # people of a seed from this place on: never those the shop was filled with


class Life:
    """One deed after another. ``step`` does the next one and says what it was."""

    def __init__(self, till: Till, *, seed: int = 1) -> None:
        self.till = till
        self.seed = seed
        self.steps = 0
        self.last_session = ""
        self._draw = random.Random(f"life {seed}")

    async def step(self) -> str:
        self.steps += 1
        if self.till.relations.cards.rows and self._draw.random() < SALES:
            return await self.sale()
        deeds = (self.arrives, self.moves, self.consents, self.changes_address, self.leaves, self.calls)
        deed = self._draw.choices(deeds, (25, 20, 25, 15, 5, 10))[0]
        if not self.till.relations.cards.rows:
            deed = self.arrives
        number = self.pick() if deed != self.arrives else 0
        try:
            said = deed(number)
        except RefusedError:
            return f"relation {number}: the till refused"
        if self._draw.random() < 0.5:
            await self.till.sessions.select_relation(number or max(self.till.relations.cards.rows))
            said += ", at the till"
        return said

    async def sale(self) -> str:
        deeds = (self.buys, self.brings_back, self.orders, self.collects, self.cancels)
        deed = self._draw.choices(deeds, (60, 5, 15, 15, 5))[0]
        try:
            return await deed(self.pick()) or await self.buys(self.pick())
        except (RefusedError, Refused):
            return "a sale: the till refused"

    def pick(self) -> int:
        numbers = list(self.till.relations.cards.rows)
        return numbers[self._draw.randrange(len(numbers))]

    def arrives(self, _: int) -> str:
        newcomer = person(self.seed, NEWCOMERS + self.steps)
        row = self.till.relations.add(**person_card(newcomer, draw=self._draw))
        return f"relation {row['relationNumber']}: new customer"

    def moves(self, number: int) -> str:
        country = self._draw.choice(("NL", "NL", "BE", "DE"))
        self.till.relations.edit(number, **postal(address(self._draw, country)))
        return f"relation {number}: moved house"

    def consents(self, number: int) -> str:
        given = not value_of(self.till.relations.cards.rows[number], NEWSLETTER)
        self.till.relations.consent(number, given=given)
        return f"relation {number}: {'said yes to' if given else 'withdrew from'} the newsletter"

    def changes_address(self, number: int) -> str:
        other = person(self.seed, NEWCOMERS * 2 + self.steps)
        self.till.relations.edit(number, email=other.email)
        return f"relation {number}: new e-mail address"

    def leaves(self, number: int) -> str:
        active = not self.till.relations.cards.rows[number]["active"]
        self.till.relations.edit(number, active=active)
        return f"relation {number}: set {'active again' if active else 'inactive'}"

    def calls(self, number: int) -> str:
        self.till.relations.edit(number, mobile=f"06-{self._draw.randrange(10_000_000, 59_999_999)}")
        return f"relation {number}: new telephone number"

    # sales: what cannot be done, because there is nothing to do it to, says nothing

    async def buys(self, number: int) -> str:
        known = self._draw.random() < 0.7
        session, _ = await self.till.sessions.complete(
            relation=number if known else None,
            lines=[{"articleNumber": article} for article in self.basket()],
            method=self._draw.choice(("PIN", "PIN", "CONTANT")),
        )
        self.last_session = session.session_id
        return f"relation {number}: bought something" if known else "somebody bought something"

    async def brings_back(self, _: int) -> str:
        session = self.till.sessions.sessions.get(self.last_session)
        if session is None or session.credited:
            return ""
        await self.till.sessions.credit(self.last_session)
        return "the last sale was brought back"

    async def orders(self, number: int) -> str:
        lines = [{"articleNumber": article} for article in self.basket() if article > 1]
        if not lines:
            return ""
        order = self.till.orders.create({"relationNumber": number, "employeeNumber": 1, "lineList": lines})
        if self._draw.random() < 0.5:
            paid = {"method": "IDEAL", "amount": order["totalInclAmount"]}
            self.till.orders.pay(order, [paid], prepay=True)
        return f"relation {number}: ordered something"

    async def collects(self, _: int) -> str:
        order = self.open_order()
        if order is None:
            return ""
        due = order["totalInclAmount"] - order["prepaidAmount"]
        given = [{"method": "PIN", "amount": due}] if due else []
        self.till.orders.pay(order, given, prepay=False)
        return f"relation {order['relationNumber']}: got what was ordered"

    async def cancels(self, _: int) -> str:
        order = self.open_order()
        if order is None:
            return ""
        self.till.orders.cancel(order)
        return f"relation {order['relationNumber']}: cancelled an order"

    def basket(self) -> list[int]:
        """Article numbers; in a shop without goods there is coffee."""
        numbers = list(self.till.catalogue.product_of) or [1]
        return [self._draw.choice(numbers) for _ in range(self._draw.choice((1, 1, 2)))]

    def open_order(self) -> dict[str, Any] | None:
        """One of the newest that nothing has left of yet."""
        newest = list(self.till.orders.cards.rows.values())[-50:]
        found = [
            row
            for row in newest
            if row["deliveryState"].endswith("NOTHING") and row["cancelState"].endswith("NOTHING")
        ]
        return self._draw.choice(found) if found else None


async def live(till: Till, *, every: float = 4.0, told: Callable[[str], None] = lambda _: None) -> None:
    """Until cancelled, going on where the till's life stands. Uses the time of the loop; a step never fails because a
    webhook could not be delivered."""
    while True:
        await asyncio.sleep(every)
        told(await till.life.step())
