"""What a person must know, or type, so that a remote system rings here."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.connectors.mplus import webhooks as mplus

NOT_PUBLIC = "This installation has no public https address (PUBLIC_URL), so nothing can be pushed to it: polling alone does the work."


class WebhookSetup(BaseModel):
    """Address and secret of a connection's webhook. Both are shown once: with the connection, and when renewed."""

    url: str | None = Field(
        description="Where the remote system calls; holds a secret token. Null without a public address",
        examples=["https://link.shop.example/webhooks/mplus/q3J…"],
    )
    automatic: bool = Field(
        description="Whether this service registers it by itself, at the connection's check"
    )
    secret: str | None = Field(default=None, description="The till's Secret Key (base64)", examples=[None])
    subscription_id: str | None = Field(
        default=None, description="The till's Subscription ID", examples=["t2a-con_5f1c09ab3d22"]
    )
    events: list[str] = Field(
        default_factory=list, description="The events to tick", examples=[list(mplus.SUBSCRIBE)]
    )
    steps: list[str] = Field(description="What to do, one sentence each")


def setup_of(
    system: str, *, url: str | None, secret: str | None, subscription_id: str | None
) -> WebhookSetup:
    """What is told with a new connection."""
    if system == "mplus":
        return _till(url, secret, subscription_id)
    step = (
        NOT_PUBLIC
        if url is None
        else "Nothing to type: the connection's check registers this address, and puts it back when somebody removed it."
    )
    return WebhookSetup(url=url, automatic=True, steps=[step])


def _till(url: str | None, secret: str | None, subscription_id: str | None) -> WebhookSetup:
    events = list(mplus.SUBSCRIBE)
    if url is None:
        return WebhookSetup(
            url=None,
            automatic=False,
            secret=secret,
            subscription_id=subscription_id,
            events=events,
            steps=[NOT_PUBLIC],
        )
    return WebhookSetup(
        url=url,
        automatic=False,
        secret=secret,
        subscription_id=subscription_id,
        events=events,
        steps=[
            "In the till's back office open Beheer > Instellingen > Webhooks and add a webhook.",
            f"Subscription ID: {subscription_id}",
            f"Endpoint URL: {url}",
            "Secret Key: the `secret` of this answer; it is shown only now.",
            f"Events: tick {', '.join(events)}, each non-blocking, so that no cashier waits for us.",
            "Without it everything still arrives, within the polling interval. The connection's check tells whether it was done.",
        ],
    )
