"""Nothing doubled, nothing half made: products through random faults on both sides, by two workers, and then counted.

Calls fail before and after they are done, are done late, are refused and throttled, while a shop adds, changes and deletes
products. When all is quiet the till holds exactly what the shop sells, our own store holds exactly what the till sells, and
nothing moves any more.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.connectors.mplus.productsteps import image_name
from app.errors import AppError
from app.sandbox.mailchimp.shopping import Shopping
from app.store import requests
from app.store.tables import numbers
from tests.shop import Shop, Worker, another_worker
from tests.stories.assortment import articles, offer, open_store, take_products, variant, written
from tests.stories.faulty import any_fault, work_off
from tests.stories.webshop import STORE

pytestmark = pytest.mark.long

TILL_CALLS = ("createProduct", "createProduct", "updateProduct", "createImageFromUrl", "getProducts")
SHOP_CALLS = ("products.get", "product.get", "product.put")
FAULT_ROUNDS = int(os.environ.get("FAULT_ROUNDS", "12"))
SETTINGS = {
    "update_existing": True,
    "on_gone": "inactive",
    "number_range": {"first": 900_000, "last": 990_000},
}


@dataclass
class Trial:
    """A shop, the flows in both directions, and two workers. ``ever`` are all SKUs that there ever were."""

    shop: Shop
    store: Shopping
    flows: tuple[str, str]
    other: Worker
    chance: random.Random
    pictures: list[str]
    ever: set[str] = field(default_factory=set)

    async def round(self, number: int) -> None:
        """New products, changes of old ones, deletions, and a few faults."""
        for at in range(3):
            base = 10_000 + 100 * number + 10 * at
            skus = [self.chance.choice((str(base + n), f"SKU {base + n}/x")) for n in range(3)]
            picture = {"image_url": self.chance.choice(self.pictures)} if self.chance.random() < 0.5 else {}
            self.offer(f"p{number}-{at}", skus, **picture)
        known = sorted(self.store.store.products)
        for id in self.chance.sample(known, min(3, len(known))):
            product = self.store.store.products[id]
            match self.chance.randrange(4):
                case 0:
                    self.offer(id, [f"{id} extra {number}"])
                case 1 if len(product.variants) > 1:
                    product.variants.pop(self.chance.choice(sorted(product.variants)))
                case 2 if len(known) > 4:
                    del self.store.store.products[id]
                case _:
                    for each in product.variants.values():
                        each["price"] = self.chance.randrange(100, 9_999) / 100
        for _ in range(self.chance.randrange(2, 8)):
            self.shop.till.faults.add(any_fault(self.chance, TILL_CALLS))
        for _ in range(self.chance.randrange(0, 3)):
            self.shop.mailchimp.faults.add(any_fault(self.chance, SHOP_CALLS))
        await self.deliver()

    def offer(self, id: str, skus: list[str], **more: Any) -> None:
        """Written by the shop, at random prices."""
        self.ever |= set(skus)
        each = [variant(sku, f"Trui {sku}", self.chance.randrange(100, 9_999) / 100) for sku in skus]
        offer(self.store, id, *each, title="Trui", **more)

    async def deliver(self) -> None:
        """Look and poll, then work off, with two workers, whatever is due, until nothing is."""
        with suppress(AppError):  # the next look finds what this one did not
            await self.shop.worker.schedule.scanner.scan(self.flows[0])
        with suppress(AppError):
            await self.shop.poll()
        await work_off(self.shop, self.other)

    async def quiet(self) -> None:
        """No more faults; what failed is asked for once more, and what waits for a yes gets it."""
        for faults in (self.shop.till.faults, self.shop.mailchimp.faults):
            faults.clear()
        for flow in self.flows:
            await self.shop.replay(flow, failed=True)
        await self.deliver()
        async with self.shop.db.write() as conn:
            await requests.say_yes(conn, clock=self.shop.clock, flow_id=self.flows[0])
        for _ in range(3):
            await self.deliver()


def sold(trial: Trial) -> dict[str, int]:
    """What the shop sells: price in cents by SKU."""
    variants = (each for product in trial.store.store.products.values() for each in product.variants.values())
    return {each["sku"]: round(each["price"] * 100) for each in variants}


def check(trial: Trial) -> None:
    """The till against the shop, our own store against the till."""
    shop = trial.shop
    held = articles(shop)
    marks = Counter(article["extArticleId"] for article in held.values())
    assert dict.fromkeys(marks, 1) == dict(marks)
    active = {article["extArticleId"]: article["priceIncl"] for article in held.values() if "inactive" not in article}  # fmt: skip
    assert sold(trial) == active
    assert set(marks) <= trial.ever
    assert {number for sku, number in _numbers(held) if sku.isdigit() and number != int(sku)} == set()
    for product in trial.store.store.products.values():
        url = product.data.get("image_url")
        for each in product.variants.values():
            [number] = [number for sku, number in _numbers(held) if sku == each["sku"]]
            names = [image["imageName"] for image in shop.till.images.of("PRODUCT", number)]
            assert ([image_name(url)] if url else []) == names
    [own] = [store for id, store in shop.audience.account.stores.items() if id != STORE]
    shown = {
        int(each["sku"]): round(each["price"] * 100)
        for product in own.products.values()
        for each in product.variants.values()
        if each.get("visibility") != "hidden"
    }
    assert {number: held[number]["priceIncl"] for number in held if "inactive" not in held[number]} == shown


def _numbers(held: dict[int, dict[str, Any]]) -> list[tuple[str, int]]:
    return [(article["extArticleId"], number) for number, article in held.items()]


async def tried(shop: Shop, redis_url: str, *, rounds: int, seed: int) -> None:
    images = shop.till.images
    pictures = [images.url(images.pictures[images.add(f"{n}.png", at=shop.till.now())]) for n in range(3)]
    store = open_store(shop)
    flows = (await take_products(shop, SETTINGS), await shop.flow("products"))
    async with another_worker(shop, redis_url) as other:
        trial = Trial(shop, store, flows, other, random.Random(seed), pictures)
        for number in range(rounds):
            await trial.round(number)
        await trial.quiet()
        assert shop.till.faults.taken > 0
        check(trial)
        given = [row["number"] for row in await shop.rows(numbers)]
        assert len(given) == len(set(given))
        before = (written(shop), shop.written(), articles(shop))
        for flow in flows:
            await shop.rewind(flow)
        for _ in range(10):
            shop.clock.advance(700)
            await trial.deliver()
        assert before == (written(shop), shop.written(), articles(shop))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_few_rounds_of_faults(shop: Shop, redis_url: str, seed: int) -> None:
    await tried(shop, redis_url, rounds=4, seed=seed)


@pytest.mark.chaos
async def test_many_rounds_of_faults(shop: Shop, redis_url: str) -> None:
    await tried(shop, redis_url, rounds=FAULT_ROUNDS, seed=3)
