"""Life in the shop goes the same way for the same seed, and never stops at a refusal."""

import asyncio
from collections import Counter

from app.sandbox.mplus.life import Life, live
from app.sandbox.mplus.till import Till, create_till

PEOPLE = (
    "new customer",
    "moved house",
    "yes to",
    "withdrew",
    "e-mail",
    "active",
    "telephone",
)
SALES = ("bought something", "brought back", "ordered something", "got what", "cancelled")


async def lived(till: Till, steps: int) -> list[str]:
    life = Life(till, seed=5)
    return [await life.step() for _ in range(steps)]


async def test_the_same_seed_lives_the_same_life(till: Till) -> None:
    other = create_till(size=20, seed=1, articles=60, sales=0, now=lambda: till.now())

    assert await lived(till, 30) == await lived(other, 30)
    assert till.state() == other.state()


async def test_everything_happens_and_leaves_its_marker(till: Till) -> None:
    said = await lived(till, 300)
    kinds = Counter(word for word in (*PEOPLE, *SALES) for one in said if word in one)

    assert 12 == len(kinds)
    assert 20 + sum(kinds[word] for word in PEOPLE) == till.relations.cards.visible
    assert 300 == sum(kinds.values())
    bought = kinds["bought something"]
    assert (bought + kinds["brought back"], kinds["ordered something"]) == (
        len(till.receipts.cards),
        len(till.orders.cards),
    )
    assert kinds["got what"] == len(till.invoices.cards)
    assert [] == [one for one in said if "@" in one]


async def test_an_empty_shop_gets_its_first_customer() -> None:
    till = create_till(size=0)

    assert ["relation 1: new customer"] == [
        said.removesuffix(", at the till") for said in await lived(till, 1)
    ]


async def test_living_goes_on_until_it_is_stopped(till: Till) -> None:
    told: list[str] = []
    enough = asyncio.Event()

    def hear(said: str) -> None:
        told.append(said)
        if len(told) == 3:
            enough.set()

    task = asyncio.create_task(live(till, every=0, told=hear))
    await asyncio.wait_for(enough.wait(), 5)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert len(told) >= 3
