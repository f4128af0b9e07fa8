"""The audience's webhook, registered, repaired and removed through the API of the sandbox (T5a)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.connectors.base import RegistersWebhooks, WebhookRegistration
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.hooks import EVENTS
from app.errors import RecordRefused
from tests.connectors.mailchimp.conftest import Shop

URL = "https://winkel-voorbeeld.nl/webhooks/mailchimp/t0ken"
MOVED = "https://nieuw-voorbeeld.nl/webhooks/mailchimp/t0ken"
OTHERS = "https://another-tool-voorbeeld.nl/hook"


@pytest.fixture(autouse=True)
def reachable(shop: Shop) -> None:
    """Our addresses answer Mailchimp's validating GET."""
    shop.sandbox.postman.transport = httpx.MockTransport(lambda _: httpx.Response(200))


def at_mailchimp(shop: Shop) -> dict[str, tuple[str, set[str], set[str]]]:
    return {
        hook.id: (
            hook.url,
            {e for e, on in hook.events.items() if on},
            {s for s, on in hook.sources.items() if on},
        )
        for hook in shop.audience.webhooks.values()
    }


WANTED = ({event for event, on in EVENTS.items() if on}, {"user", "admin"})


async def ensure(client: MailchimpClient, url: str = URL, **known: Any) -> WebhookRegistration:
    return await client.ensure_webhook(url, **{"remote_id": None, "secret_known": False} | known)


def test_the_client_says_that_it_can(client: MailchimpClient) -> None:
    assert isinstance(client, RegistersWebhooks)


async def test_made_with_our_events_and_without_our_own_echo(client: MailchimpClient, shop: Shop) -> None:
    made = await ensure(client)

    assert ("made", shop.audience.webhooks[made.remote_id].secret) == (made.change, made.secret)
    assert {made.remote_id: (URL, *WANTED)} == at_mailchimp(shop)


async def test_in_place_is_left_alone_with_one_look(client: MailchimpClient, shop: Shop) -> None:
    made = await ensure(client)
    shop.calls()

    again = await ensure(client, remote_id=made.remote_id, secret_known=True)

    assert (WebhookRegistration(made.remote_id), ["webhooks.get"]) == (again, shop.calls())


async def test_deleted_by_somebody_it_is_put_back(client: MailchimpClient, shop: Shop) -> None:
    made = await ensure(client)
    shop.audience.webhooks.clear()

    again = await ensure(client, remote_id=made.remote_id, secret_known=True)

    assert ("made", True) == (again.change, bool(again.secret) and again.secret != made.secret)
    assert {again.remote_id: (URL, *WANTED)} == at_mailchimp(shop)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda hook: hook.events.update(profile=False),
        lambda hook: hook.sources.update(api=True),
        lambda hook: setattr(hook, "url", URL + "?utm=1"),
    ],
)
async def test_changed_by_somebody_it_is_mended(client: MailchimpClient, shop: Shop, spoil: Any) -> None:
    made = await ensure(client)
    spoil(shop.audience.webhooks[made.remote_id])

    mended = await ensure(client, remote_id=made.remote_id, secret_known=True)

    assert WebhookRegistration(made.remote_id, change="mended") == mended
    assert {made.remote_id: (URL, *WANTED)} == at_mailchimp(shop)


async def test_our_own_address_changed(client: MailchimpClient, shop: Shop) -> None:
    """Another PUBLIC_URL: the webhook that we remember moves along, and keeps its secret."""
    made = await ensure(client)

    moved = await ensure(client, MOVED, remote_id=made.remote_id, secret_known=True)

    assert ("mended", {made.remote_id: (MOVED, *WANTED)}) == (moved.change, at_mailchimp(shop))


@pytest.mark.parametrize(
    ("signs", "remembered", "secret_known", "change"),
    [
        (True, True, True, "none"),
        (True, True, False, "made_anew"),  # the secret was lost
        (True, False, True, "made_anew"),  # somebody made another one for our address
        (False, True, False, "none"),  # from before the signing feature
        (False, True, True, "made_anew"),  # every notice would be refused
        (False, False, True, "made_anew"),
    ],
)
async def test_a_webhook_signs_as_we_can_verify(
    client: MailchimpClient, shop: Shop, signs: bool, remembered: bool, secret_known: bool, change: str
) -> None:
    shop.account.unsigned_webhooks = not signs
    made = await ensure(client)
    shop.account.unsigned_webhooks = False

    after = await ensure(
        client, remote_id=made.remote_id if remembered else "other", secret_known=secret_known
    )

    assert (change, change == "made_anew") == (after.change, after.secret is not None)
    assert [after.remote_id] == list(shop.audience.webhooks)


async def test_other_peoples_webhooks_are_not_touched(client: MailchimpClient, shop: Shop) -> None:
    await ensure(client, OTHERS)
    [other] = shop.audience.webhooks
    ours = await ensure(client)

    assert (True, False) == (await client.remove_webhook(URL), await client.remove_webhook(URL))
    assert ([other], True) == (list(shop.audience.webhooks), ours.remote_id != other)


async def test_an_address_that_mailchimp_cannot_reach(client: MailchimpClient, shop: Shop) -> None:
    shop.sandbox.postman.transport = httpx.MockTransport(lambda _: httpx.Response(302))

    with pytest.raises(RecordRefused) as refused:
        await ensure(client)

    assert ("webhook_unreachable", {}) == (refused.value.code, at_mailchimp(shop))
    assert "PUBLIC_URL" in refused.value.advice


async def test_an_address_that_is_none(client: MailchimpClient) -> None:
    with pytest.raises(RecordRefused) as refused:
        await ensure(client, "nowhere")

    assert "webhook_url_invalid" == refused.value.code
