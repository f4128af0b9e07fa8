"""The demo of a first start: a shop that is connected and running, made through the API as anybody would make it.

Everything has an id of its own, so that a start that was cut off goes on where it stopped, and the API's examples work
when they are pasted. Who has integrations of his own and removed the demo does not get it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from app.own_api import OwnApi
from app.run_file import SandboxAccounts

TILL = "con_demo_till"
AUDIENCE = "con_demo_list"
INTEGRATION = "int_demo"
FLOW = "flow_demo_customers"

POLL_INTERVAL_S = 5
"""Polls of the demo: often enough to see every edit arrive while one watches."""
CONSENT = {
    "consent_source": "custom_field",
    "consent_field": "Nieuwsbrief",
    "consent_time_field": "Nieuwsbrief sinds",
}


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo as it stands after a start."""

    integration_id: str
    flow_id: str
    connection_ids: dict[str, str]
    made: bool


async def ensure(api: OwnApi, accounts: SandboxAccounts, *, public_url: str) -> Demo | None:
    """Make the demo, or what is missing of it, and point it to where the sandboxes are now. None: it was removed.

    ``public_url`` is where the sandboxes ring. Raises ApiRefused with what stands in the way.
    """
    known = await api.find(f"/integrations/{INTEGRATION}")
    if known is None and await api.get("/integrations"):
        return None
    till = {"base_url": accounts.mplus.base_url}
    await _connected(api, TILL, "mplus", "Demo till", till, _who(accounts.mplus, "ident", "secret"))
    audience = {"base_url": accounts.mailchimp.base_url, "list_id": accounts.mailchimp.list_id}
    await _connected(
        api, AUDIENCE, "mailchimp", "Demo audience", audience, _who(accounts.mailchimp, "api_key")
    )
    if known is None:
        await api.post(
            "/integrations",
            {
                "id": INTEGRATION,
                "name": "Demo shop",
                "left_connection_id": TILL,
                "right_connection_id": AUDIENCE,
                "settings": {"poll_interval_s": POLL_INTERVAL_S},
            },
        )
    flow = await api.find(f"/flows/{FLOW}") or await api.post(
        f"/integrations/{INTEGRATION}/flows", {"id": FLOW, "kind": "customers", "settings": CONSENT}
    )
    if flow["approved_at"] is None:  # one that somebody paused later stays paused
        await api.post(f"/flows/{FLOW}/start", {"approve": True})
    await _ring_here(api, accounts.mplus.base_url, public_url=public_url)
    return Demo(INTEGRATION, FLOW, {"mplus": TILL, "mailchimp": AUDIENCE}, made=known is None)


def _who(account: Any, *names: str) -> dict[str, str]:
    return {name: getattr(account, name) for name in names}


async def _connected(
    api: OwnApi, id: str, system: str, name: str, settings: dict[str, str], credentials: dict[str, str]
) -> None:
    found = await api.find(f"/connections/{id}")
    if found is None:
        body = {"id": id, "system": system, "name": name, "settings": settings, "credentials": credentials}
        await api.post("/connections", body)
    elif any(found["settings"].get(key) != value for key, value in settings.items()):
        await api.patch(f"/connections/{id}", {"settings": {**found["settings"], **settings}})
    elif found["state"] != "ok":
        await api.post(f"/connections/{id}/check")


async def _ring_here(api: OwnApi, till_url: str, *, public_url: str) -> None:
    """Type the webhook into the pretend till's back office, as a shopkeeper does; its secret is shown only when it is made."""
    subscription = f"t2a-{TILL}"
    async with httpx.AsyncClient(base_url=f"{till_url}/_sandbox", timeout=30, trust_env=False) as till:
        typed = (await till.get("/state")).json()["subscriptions"]
        if any(
            one["subscription_id"] == subscription and one["endpoint_url"].startswith(f"{public_url}/")
            for one in typed
        ):
            return
        made = await api.post(f"/connections/{TILL}/webhook")
        await till.post("/actions/unsubscribe", json={"subscriptionId": subscription})
        await till.post(
            "/actions/subscribe",
            json={
                "endpointUrl": made["url"],
                "secret": made["secret"],
                "subscriptionId": made["subscription_id"],
                "events": ",".join(made["events"]),
            },
        )
    await api.post(f"/connections/{TILL}/check")
