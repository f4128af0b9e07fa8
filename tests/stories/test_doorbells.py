"""The till rings over HTTP, signed, when something happens at the counter; polls bring it in, and it is written once."""

from __future__ import annotations

from app.store import connections
from app.store.tables import events
from tests.shop import TILL_SECRET, Shop
from tests.stories.bothways import WRITTEN_BACK, booked, contacts, relations
from tests.stories.counter import orders, sold, stocked
from tests.stories.storefront import sent


async def subscribe(shop: Shop, *, secret: str = TILL_SECRET) -> None:
    """What the merchant types into Beheer > Instellingen > Webhooks, each event waiting for its answer."""
    async with shop.db.read() as conn:
        till = await connections.find(conn, shop.till_id)
    token = shop.resources.sealer.unseal(till.webhook_token_sealed)
    shop.till.sessions.subscribe(
        endpoint_url=f"{str(shop.resources.settings.public_url).rstrip('/')}/webhooks/mplus/{token}",
        secret=secret,
        events={"completeSession": True},
    )


async def polls_within(shop: Shop, seconds: int) -> list[int]:
    """Poll the till whenever it is due, deliver what that found, for so long; the seconds at which it was polled."""
    began, moments = shop.clock.now, []
    while True:
        async with shop.db.read() as conn:
            due_at = (await connections.find(conn, shop.till_id)).poll_due_at
        if due_at > began + 1000 * seconds:
            return moments
        shop.clock.now = max(shop.clock.now, due_at)
        moments.append((shop.clock.now - began) // 1000)
        await shop.worker.poller.poll(shop.till_id)
        await shop.deliver()


async def test_a_sale_by_its_webhook_and_by_polls_is_written_once(public_shop: Shop) -> None:
    """The webhook comes before the receipt can be read: one of the polls that it asks for finds it, the usual ones go on."""
    shop = public_shop
    jan = stocked(shop)
    await shop.flow("orders")
    await shop.rest()
    await subscribe(shop)
    shop.till.settings.receipt_delay_seconds = 3
    await polls_within(shop, 0)

    session, (ring,) = await shop.till.sessions.complete(relation=jan, lines=[sold(10_001, 49.95)])

    assert (200, "ok") == (ring.status, ring.verdict)  # the till has checked the signature of our answer

    assert [0, 2, 6, 20, 50] == await polls_within(shop, 60)
    assert [f"receipt-{session.receipt_id}"] == list(orders(shop))
    assert ["webhooks.post", "stores.post", "customer.put", "product.put", "orders.post"] == sent(shop)

    await shop.again()


async def test_a_subscriber_by_the_webhook_and_by_polls_is_one_relation(public_shop: Shop) -> None:
    shop = public_shop
    await contacts(shop, WRITTEN_BACK | {"create_relations": True})
    await shop.rest()
    shop.life.sign_up("noor@klant-voorbeeld.nl", merge_fields={"FNAME": "Noor", "LNAME": "de Visser"})

    assert 1 == await shop.mailchimp.postman.deliver_due()
    assert "webhook" in {row["trigger"] for row in await shop.rows(events)}

    await shop.quiet()
    await shop.rest()
    await shop.rest()

    assert ["noor@klant-voorbeeld.nl"] == [relation["email"] for relation in relations(shop).values()]
    assert ["createRelation"] == booked(shop)


async def test_without_the_webhook_the_usual_poll_finds_it(public_shop: Shop) -> None:
    """What rings with another secret is refused, and asks for nothing; the till never rings twice."""
    shop = public_shop
    jan = stocked(shop)
    await shop.flow("orders")
    await shop.rest()
    await subscribe(shop, secret="b3RoZXI=")
    await polls_within(shop, 0)

    session, (ring,) = await shop.till.sessions.complete(relation=jan, lines=[sold(10_001, 49.95)])

    assert 400 == ring.status
    assert [30] == await polls_within(shop, 40)
    assert [f"receipt-{session.receipt_id}"] == list(orders(shop))
