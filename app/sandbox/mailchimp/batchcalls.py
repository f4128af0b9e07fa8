"""Calls on batches and on the webhooks that tell of their end (mailchimp.md §4)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.batches import MOST_PENDING, MOST_WEBHOOKS, Batch, BatchWebhook, pending
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.problems import bad_request, invalid_field, too_many_pending_batches
from app.sandbox.mailchimp.shapes import boolean, list_of, mapping, one_of, record, string

OPERATION = record(
    ("method", "path"),
    method=one_of("GET", "POST", "PUT", "PATCH", "DELETE"),
    path=string,
    operation_id=string,
    body=string,
    params=mapping,
    headers=mapping,
)
NEW_BATCH = record(("operations",), operations=list_of(OPERATION, least=1))
WEBHOOK = record(("url",), url=string, enabled=boolean)
WEBHOOK_CHANGE = record((), url=string, enabled=boolean)
BATCH_KEYS = [
    "id",
    "status",
    "total_operations",
    "finished_operations",
    "errored_operations",
    "submitted_at",
    "completed_at",
    "response_body_url",
]


def shown(batch: Batch, call: Call) -> dict[str, Any]:
    """Each look makes a new address for the results, good for ten minutes."""
    if batch.status != "finished":
        return batch.as_json(results_url="")
    token = call.world.digest("results")
    call.world.mill.link(batch, token=token)
    return batch.as_json(results_url=f"{call.base_url}/batch-results/{token}-response.tar.gz")


def post_batch(call: Call) -> dict[str, Any]:
    body = call.body(NEW_BATCH)
    account, world = call.account, call.world
    if pending(account.batches.values()) >= MOST_PENDING:
        raise too_many_pending_batches()
    batch = Batch(
        id=world.next_id("batch"),
        login=call.login,
        operations=body["operations"],
        submitted_at=world.clock.iso(),
        due=world.clock.now().timestamp() + world.mill.seconds,
    )
    world.mill.take(account, batch)
    return call.answer(shown(batch, call))


def get_batches(call: Call) -> dict[str, Any]:
    return call.page("batches", call.account.batches.values(), lambda one: shown(one, call), keys=BATCH_KEYS)


def get_batch(call: Call) -> dict[str, Any]:
    return call.answer(shown(lookup(call.account.batches, call.args[0]), call))


def delete_batch(call: Call) -> None:
    """What was not worked off yet is not worked off any more."""
    del call.account.batches[lookup(call.account.batches, call.args[0]).id]


# -- webhooks ----------------------------------------------------------------------------------------------------


def get_webhooks(call: Call) -> dict[str, Any]:
    return call.page(
        "webhooks", call.account.batch_webhooks.values(), BatchWebhook.as_json, keys=("id", "url", "enabled")
    )


def get_webhook(call: Call) -> dict[str, Any]:
    return call.answer(lookup(call.account.batch_webhooks, call.args[0]).as_json())


async def post_webhook(call: Call) -> dict[str, Any]:
    account = call.account
    body = call.body(WEBHOOK)
    if len(account.batch_webhooks) >= MOST_WEBHOOKS:
        raise bad_request(f"You may only have {MOST_WEBHOOKS} batch webhooks.")  # inferred
    await check_url(call, body["url"])
    secret = None if account.unsigned_webhooks else call.world.digest("signing secret")
    hook = BatchWebhook(call.world.next_id("batch webhook"), body["url"], secret, body.get("enabled", True))
    account.batch_webhooks[hook.id] = hook
    answer = hook.as_json()
    if secret is not None:
        answer |= {"signing_enabled": True, "signing_secret": secret}
    return call.answer(answer)


async def patch_webhook(call: Call) -> dict[str, Any]:
    hook = lookup(call.account.batch_webhooks, call.args[0])
    body = call.body(WEBHOOK_CHANGE)
    if body.get("url") and body["url"] != hook.url:
        await check_url(call, body["url"])
        hook.url = body["url"]
    hook.enabled = body.get("enabled", hook.enabled)
    return call.answer(hook.as_json())


def delete_webhook(call: Call) -> None:
    del call.account.batch_webhooks[lookup(call.account.batch_webhooks, call.args[0]).id]


async def check_url(call: Call, url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid_field("url", "Invalid URL")
    status = await call.world.postman.validate(url)
    if status != 200:
        raise invalid_field(
            "url",
            f"We couldn't verify the URL is working. Please double check and try again. HTTP Code: {status}",
        )
