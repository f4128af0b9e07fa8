"""Killed at every step there is: each statement, both sides of each commit, each request and each answer. Nothing is lost,
nothing is doubled, and the cursor stands where the references are."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.store.tables import cursors, deliveries, events, glimpses, targets
from tests.dying import DIED, Fate, dies, killed
from tests.shop import CONSENT, Shop, Worker
from tests.stories.bothways import WRITTEN_BACK, contacts
from tests.stories.counter import orders, sell, sold, stocked
from tests.stories.storefront import store
from tests.stories.webshop import ADDRESS, booked, look, relations, take_orders, till_with_articles, webshop

pytestmark = pytest.mark.long

NAMES = ("Visser", "Bakker")
REAL_STEPS = {"poll": (3, 14, 16), "batch": (8, 20, 25)}
LEASES_S = 20.0
"""By then nobody waits for the dead any more."""


class Street:
    """Everybody who lives here: each day one moves in, one marries and one gets another address."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.people: list[tuple[str, str]] = []

    def day(self) -> None:
        """What happens in a day; the newest three are concerned."""
        till, number = self.shop.till.relations, len(self.people) + 1
        if number > 1:
            email, _ = self.people[number - 2]
            till.edit(number - 1, name=f"Anna {NAMES[1]}")
            self.people[number - 2] = (email, NAMES[1])
        if number > 2:
            email = f"nieuw{number - 2}@klant-voorbeeld.nl"
            till.edit(number - 2, email=email)
            self.people[number - 3] = (email, NAMES[1])
        self.people.append((f"anna{number}@klant-voorbeeld.nl", NAMES[0]))
        till.add(relationNumber=number, name=f"Anna {NAMES[0]}", email=self.people[-1][0])

    def check(self) -> None:
        """The audience is what the till says, and each of today's changes was written once."""
        held = {
            email: (member["status"], member["FNAME"], member["LNAME"])
            for email, member in self.shop.content().items()
        }
        assert {email: ("transactional", "Anna", name) for email, name in self.people} == held

        today = ["member.patch"] * min(len(self.people) - 1, 2) + ["member.put"]
        assert today == sorted(self.shop.written())


async def at_every_step(
    shop: Shop,
    redis_url: str,
    work: Callable[[Worker], Awaitable[Any]],
    *,
    before: Callable[[], Awaitable[None]],
    after: Callable[[Fate], Awaitable[None]],
) -> list[str]:
    """Kill a worker at the first step of its work, the next day at the second, and so on until it lives to the end of it.

    ``after`` goes on with another worker and compares. Returns the steps of the last one.
    """
    for at in itertools.count(1):
        await before()
        fate = await killed(shop, work, at=at, redis_url=redis_url)
        try:
            await after(fate)
            await at_rest(shop)
        except AssertionError as error:
            error.add_note(f"after a death at step {at}, {fate.steps[-1]}")
            raise
        if not fate.died.is_set():
            return fate.steps
    raise AssertionError


async def at_rest(shop: Shop) -> None:
    """Every delivery is settled as what it should be; no target is held, and none that is somebody's is doubted."""
    assert {"delivered", "unchanged"} >= {outcome for outcome, _ in (await shop.outcomes()).values()}
    assert {"settled"} == {row["state"] for row in await shop.rows(deliveries)}
    assert [] == [
        row for row in await shop.rows(targets) if row["holder"] or (row["in_doubt"] and row["owner_ref"])
    ]


async def stored(shop: Shop, flow_id: str) -> tuple[int, int]:
    """Where the cursor stands, and how many events there are."""
    async with shop.db.read() as conn:
        position = select(cursors.c.position).where(cursors.c.flow_id == flow_id)
        return (await conn.execute(position)).scalar_one(), (
            await conn.execute(select(func.count()).select_from(events))
        ).scalar_one()


async def test_a_poll(shop: Shop, redis_url: str) -> None:
    flow_id, street = await shop.flow("customers", CONSENT), Street(shop)
    stood = (0, 0)

    async def before() -> None:
        nonlocal stood
        street.day()
        shop.mailchimp.log.clear()
        stood = await stored(shop, flow_id)

    async def after(fate: Fate) -> None:
        position, count = await stored(shop, flow_id)
        mark, today = max(shop.till.relations.markers().values()), min(len(street.people), 3)
        assert (position, count) in (stood, (mark, stood[1] + today))
        shop.clock.advance(LEASES_S)
        await shop.rest()
        assert (mark, stood[1] + today) == await stored(shop, flow_id)
        street.check()

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.poller.poll(shop.till_id), before=before, after=after
    )
    assert {"INSERT INTO events", "UPDATE cursors SET", "after getRelations", "after the commit"} <= set(
        steps
    )


async def test_a_look_through_a_shop(shop: Shop, redis_url: str) -> None:
    """What a look saw is remembered in the commit that asks for it."""
    till_with_articles(shop)
    store, flow_id = webshop(shop), await take_orders(shop)
    ordered: list[str] = []

    async def before() -> None:
        ordered.append(f"{len(ordered) + 1}")
        store.order(ordered[-1], f"koper{ordered[-1]}@klant-voorbeeld.nl", [("1002", 1)])

    async def after(_: Fate) -> None:
        assert len(await shop.rows(glimpses)) == len(await shop.rows(deliveries)) >= len(ordered) - 1
        shop.clock.advance(LEASES_S)
        await look(shop)
        assert [f"webshop-{number}" for number in ordered] == [sale["external"] for sale in booked(shop)]

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.schedule.scanner.scan(flow_id), before=before, after=after
    )
    assert {"INSERT INTO glimpses", "INSERT INTO deliveries", "after orders.get"} <= set(steps)


async def test_a_batch(shop: Shop, redis_url: str) -> None:
    flow_id, street = await shop.flow("customers", CONSENT), Street(shop)

    async def before() -> None:
        street.day()
        await shop.poll()
        shop.mailchimp.log.clear()

    async def after(_: Fate) -> None:
        shop.clock.advance(LEASES_S)
        await shop.quiet()
        street.check()

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.batch(flow_id), before=before, after=after
    )
    assert {"before member.put", "after member.put", "INSERT INTO targets", "UPDATE deliveries SET"} <= set(
        steps
    )


async def test_a_batch_into_a_till_that_can_only_create(shop: Shop, redis_url: str) -> None:
    """Doubles would stay for ever there: each order of each new buyer is booked once, and makes one relation."""
    till_with_articles(shop)
    store, flow_id = webshop(shop), await take_orders(shop)
    ordered: list[str] = []

    async def before() -> None:
        number = f"{len(ordered) + 1}"
        ordered.append(number)
        store.order(number, f"koper{number}@klant-voorbeeld.nl", [("1002", 2)], billing_address=ADDRESS)
        await shop.worker.schedule.scanner.scan(flow_id)

    async def after(_: Fate) -> None:
        shop.clock.advance(LEASES_S)
        await shop.quiet()
        assert [(f"webshop-{number}", f"koper{number}@klant-voorbeeld.nl", 2_000) for number in ordered] == [
            (sale["external"], sale["on"], sale["total"]) for sale in booked(shop)
        ]
        assert [f"koper{number}@klant-voorbeeld.nl" for number in ordered] == [
            relation["email"] for relation in relations(shop)
        ]

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.batch(flow_id), before=before, after=after
    )
    assert {"after createRelation", "before createOrderV3", "after createOrderV3"} <= set(steps)


@pytest.mark.chaos
async def test_a_batch_of_subscribers_who_become_relations(shop: Shop, redis_url: str) -> None:
    flow_id = await contacts(shop, WRITTEN_BACK | {"create_relations": True})
    signed_up: list[str] = []

    async def before() -> None:
        signed_up.append(f"noor{len(signed_up) + 1}@klant-voorbeeld.nl")
        shop.life.sign_up(signed_up[-1], merge_fields={"FNAME": "Noor", "LNAME": "de Visser"})
        await shop.poll()

    async def after(_: Fate) -> None:
        shop.clock.advance(LEASES_S)
        await shop.quiet()
        assert signed_up == [relation["email"] for relation in relations(shop)]

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.batch(flow_id), before=before, after=after
    )
    assert {"before createRelation", "after createRelation"} <= set(steps)


@pytest.mark.chaos
async def test_a_batch_of_sales(shop: Shop, redis_url: str) -> None:
    """Revenue is never told twice: each sale of each new buyer is one order of the store."""
    stocked(shop)
    flow_id = await shop.flow("orders")
    await shop.rest()
    sales: dict[str, str] = {}

    async def before() -> None:
        email = f"koper{len(sales) + 1}@klant-voorbeeld.nl"
        buyer = shop.till.relations.add(name="Anna Visser", email=email)["relationNumber"]
        sales[f"receipt-{sell(shop, sold(10_001, 49.95), relation=buyer)}"] = email
        await shop.poll()

    async def after(_: Fate) -> None:
        shop.clock.advance(LEASES_S)
        await shop.quiet()
        assert sales == {id: sale["customer"] for id, sale in orders(shop).items()}
        assert {(1, Decimal("49.95"))} == {
            (customer.orders_count, customer.total_spent) for customer in store(shop).customers.values()
        }

    steps = await at_every_step(
        shop, redis_url, lambda victim: victim.batch(flow_id), before=before, after=after
    )
    assert {"after customer.put", "before order.post", "after order.post"} <= set(steps)


@pytest.mark.chaos
@pytest.mark.parametrize("work", ["poll", "batch"])
async def test_a_process_that_really_ends(shop: Shop, redis_url: str, work: str) -> None:
    """The same with processes that end by the operating system's leave, here and there on their way, and at its end."""
    flow_id, street = await shop.flow("customers", CONSENT), Street(shop)
    subject = shop.till_id if work == "poll" else flow_id

    for at in (*REAL_STEPS[work], 1_000):
        street.day()
        if work == "batch":
            await shop.poll()
        shop.mailchimp.log.clear()
        code, said = await dies(shop, work, subject, at=at, redis_url=redis_url)
        assert (0 if at == 1_000 else DIED) == code, said
        shop.clock.advance(LEASES_S)
        await shop.rest()
        street.check()
        await at_rest(shop)
