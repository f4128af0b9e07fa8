"""Two workers at one flow, over HTTP, and one of them is lost in the middle of a batch."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from app.store.tables import deliveries
from tests.dying import killed
from tests.shop import CONSENT, Shop, Worker
from tests.stories.counter import orders, sell, sold, stocked
from tests.stories.storefront import store

FIRST = ("Anna", "Bram", "Cees", "Daan", "Emma", "Fleur", "Gijs", "Hanna", "Iris", "Joost")
LAST = ("Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker")
SALES = 40
LEASES_S = 20.0
"""By then nobody waits for the dead any more."""


async def settled_there(shop: Shop) -> None:
    """What the dead sent is carried out before anybody looks."""
    while shop.mailchimp.log.in_flight or shop.till.log.in_flight:
        await asyncio.sleep(0)


async def lose_one(shop: Shop, redis_url: str, flow_id: str, *, at: int, of: str) -> None:
    """Two workers take batch after batch of what is due, one dies at this step; then everything comes to rest."""

    async def carry(worker: Worker) -> None:
        await together.wait()
        while (await worker.batch(flow_id, limit=10)).claimed:
            pass

    together = asyncio.Barrier(2)
    other = asyncio.ensure_future(carry(shop.worker))
    fate = await killed(shop, carry, at=at, of=of, redis_url=redis_url)
    await other
    await settled_there(shop)
    unfinished = [row for row in await shop.rows(deliveries) if row["state"] != "settled"]

    assert fate.died.is_set(), Counter(fate.steps)
    assert 1 <= len(unfinished) <= 20  # its batch, which nobody else may touch yet, and who waits for it

    shop.clock.advance(LEASES_S)
    await shop.quiet()

    assert {"delivered", "unchanged"} >= {outcome for outcome, _ in (await shop.outcomes()).values()}


def said(shop: Shop, *operations: str) -> dict[str, list[str]]:
    """What was written to each address, in order."""
    found: dict[str, list[str]] = {}
    for entry in shop.mailchimp.log.find():
        if entry.operation in operations and entry.status == 200:
            found.setdefault(entry.path, []).append(entry.text)
    return found


@pytest.mark.parametrize(
    ("at", "of"), [(1, "before member.put"), (7, "after member.put"), (3, "before the commit")]
)
async def test_people_are_each_written_once(shop: Shop, redis_url: str, at: int, of: str) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    people = {f"klant{number}@klant-voorbeeld.nl": name for number, name in enumerate(names)}
    for email, name in people.items():
        shop.till.relations.add(name=name, email=email)
    await shop.poll()
    await lose_one(shop, redis_url, flow_id, at=at, of=of)

    held = shop.content()
    assert people == {email: f"{member['FNAME']} {member['LNAME']}" for email, member in held.items()}
    assert {"transactional"} == {member["status"] for member in held.values()}
    written = said(shop, "member.put", "member.patch")
    assert len(people) == len(written)
    assert {1} == {len(set(bodies)) for bodies in written.values()}  # sent again, it says the same


@pytest.mark.parametrize(("at", "of"), [(7, "after order.post"), (4, "before order.post")])
async def test_sales_are_each_booked_once(shop: Shop, redis_url: str, at: int, of: str) -> None:
    stocked(shop)
    flow_id = await shop.flow("orders")
    await shop.rest()
    sales = {}
    for number in range(SALES):
        email = f"klant{number}@klant-voorbeeld.nl"
        relation = shop.till.relations.add(name=f"Klant {number}", email=email)["relationNumber"]
        sales[f"receipt-{sell(shop, sold(10_001, 49.95), relation=relation)}"] = email
    await shop.poll()
    await lose_one(shop, redis_url, flow_id, at=at, of=of)

    assert sales == {name: sale["customer"] for name, sale in orders(shop).items()}
    assert {1} == {customer.orders_count for customer in store(shop).customers.values()}
    (bodies,) = said(shop, "orders.post").values()
    assert sorted(sales) == sorted(json.loads(body)["id"] for body in bodies)
