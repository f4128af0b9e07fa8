"""How much at once: batches shrink when the target is slow, and grow again when it is quick."""

from __future__ import annotations

import httpx
from structlog.testing import capture_logs

from app.worker.jobs import Deliverer
from tests.shop import CONSENT, Shop


async def batches(shop: Shop, flow_id: str, *, each_s: float) -> list[int]:
    """The sizes of the batches of one turn, while the audience takes so long for every call."""

    async def takes(_: httpx.Response) -> None:
        shop.clock.advance(each_s)

    shop.resources.http.of("mailchimp").event_hooks = {"response": [takes]}
    with capture_logs() as said:
        await Deliverer(shop.resources, shop.worker.routes).deliver(flow_id)
    return [entry["claimed"] for entry in said if entry["event"] == "batch.done"]


async def test_batches_shrink_on_a_slow_target_and_grow_on_a_quick_one(shop: Shop) -> None:
    """As many as fit into about two seconds of the target's own pace."""
    flow_id = await shop.flow("customers", CONSENT)
    for number in range(1, 401):
        shop.till.relations.add(name="Noor", email=f"klant{number}@klant-voorbeeld.nl")
    await shop.poll()

    assert [50, 100, 200, 50] == await batches(shop, flow_id, each_s=0.0)

    await shop.quiet()
    shop.clock.advance(60)
    for number in range(1, 151):
        shop.till.relations.edit(number, name="Noor Visser")
    await shop.poll()
    sizes = await batches(shop, flow_id, each_s=0.08)

    assert (50, 150) == (sizes[0], sum(sizes))
    assert all(20 <= size <= 25 for size in sizes[1:-1]), sizes


async def test_while_a_full_batch_is_sent_the_next_is_read(shop: Shop) -> None:
    """The bell rings when a full batch is claimed, not when it is done."""
    flow_id = await shop.flow("customers", CONSENT)
    for number in range(1, 52):
        shop.till.relations.add(name="Noor", email=f"klant{number}@klant-voorbeeld.nl")
    await shop.poll()
    await shop.resources.queue.rung()
    rung, before = list[int](), (await shop.resources.queue.depths())["deliveries"]

    async def sent(_: httpx.Response) -> None:
        rung.append((await shop.resources.queue.depths())["deliveries"] - before)

    shop.resources.http.of("mailchimp").event_hooks = {"response": [sent]}
    await Deliverer(shop.resources, shop.worker.routes).deliver(flow_id)

    assert rung[0] == 1
