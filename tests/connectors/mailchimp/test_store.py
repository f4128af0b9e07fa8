"""The store over HTTP: made, adopted, refused, held and let go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.stores import Storefront
from app.connectors.mailchimp.storesettings import StoreSettings
from app.errors import MisdirectedConnection
from app.sandbox.mailchimp.storecalls import open_store
from tests.connectors.mailchimp.conftest import LIST, Clock, Shop


@pytest.fixture
def front(client: MailchimpClient, ticks: Clock) -> Any:
    """Makes storefronts of one audience with settings."""

    def make(**settings: Any) -> Storefront:
        return Storefront(client.api, StoreSettings(**settings), list_id=LIST, monotonic=ticks)

    return make


def there(shop: Shop, **more: Any) -> None:
    """A store that somebody else made."""
    body = {"id": "winkel", "list_id": LIST, "name": "Winkel", "currency_code": "EUR"} | more
    open_store(shop.account, body)


async def test_looking_makes_nothing(front: Any, shop: Shop) -> None:
    found = await front(id="winkel").look()

    assert ("winkel", LIST, "EUR", {}) == (found.id, found.list_id, found.currency, shop.account.stores)


async def test_it_is_made_once_however_many_need_it(front: Any, shop: Shop) -> None:
    storefront = front(id="winkel", name="Winkel", domain="winkel.example")
    shop.calls()
    await asyncio.gather(*(storefront.ensure() for _ in range(10)))

    assert ["stores.get", "stores.post"] == sorted(each.replace("store.", "stores.") for each in shop.calls())
    made = shop.account.stores["winkel"].data
    assert ("Winkel", "winkel.example", "MplusKASSA") == (made["name"], made["domain"], made["platform"])


async def test_one_that_is_there_is_adopted(front: Any, shop: Shop) -> None:
    there(shop, name="Was er al")

    assert "Was er al" == (await front(id="winkel").ensure()).name


async def test_one_that_another_worker_made_meanwhile_is_adopted(front: Any, shop: Shop) -> None:
    storefront = front(id="winkel")
    await storefront.look()
    there(shop, name="Een ander was sneller")

    assert "Een ander was sneller" == (await storefront.ensure()).name


@pytest.mark.parametrize(
    ("settings", "store", "code", "says"),
    [
        ({"id": "winkel"}, {"list_id": "b2c3d4e5f6"}, "store_of_other_audience", "stays with its audience for ever"),
        ({"id": "winkel"}, {"currency_code": "USD"}, "store_currency", "keeps its prices in USD"),
        ({"id": "nieuw", "domain": "Winkel.example/"}, {"domain": "winkel.example"}, "domain_taken", "It is the store 'winkel'"),
    ],
)  # fmt: skip
async def test_one_that_cannot_be_ours(
    front: Any, shop: Shop, settings: dict[str, Any], store: dict[str, Any], code: str, says: str
) -> None:
    there(shop, **{name: value for name, value in store.items() if name != "list_id"})
    shop.account.stores["winkel"].list_id = store.get("list_id", LIST)

    with pytest.raises(MisdirectedConnection, match=says) as refused:
        await front(**settings).ensure()

    assert (code, True) == (refused.value.code, bool(refused.value.advice))


async def test_it_is_held_during_an_import_and_let_go(front: Any, shop: Shop) -> None:
    storefront = front(id="winkel")
    await storefront.hold(True)
    assert shop.account.stores["winkel"].is_syncing
    shop.calls()

    await storefront.hold(True)
    assert "store.patch" not in shop.calls()

    await storefront.hold(False)
    assert not shop.account.stores["winkel"].is_syncing


async def test_it_is_let_go_by_one_who_knows_of_nothing(front: Any, shop: Shop) -> None:
    """After a crash another process finds it held."""
    there(shop, is_syncing=True)

    await front(id="winkel").hold(False)

    assert not shop.account.stores["winkel"].is_syncing
