"""Batches: worked off later and in any order, finished though refused, results behind an address that soon ends."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import httpx
import pytest

from app.sandbox.mailchimp.batches import Batch
from tests.sandbox.mailchimp.conftest import ANNA, LIST, Shop, said

NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)


def put(number: int, **more: Any) -> dict[str, Any]:
    email = f"a{number}@klant-voorbeeld.nl"
    body = json.dumps({"email_address": email, "status_if_new": "subscribed"})
    return {
        "method": "PUT",
        "path": f"{LIST}/members/{email}",
        "operation_id": str(number),
        "body": body,
        **more,
    }


async def submit(shop: Shop, *operations: dict[str, Any]) -> dict[str, Any]:
    status, batch = await shop.call("POST", "/batches", {"operations": list(operations)})
    assert status == 200, batch
    made: dict[str, Any] = batch
    return made


async def work_off(shop: Shop, batch: dict[str, Any]) -> dict[str, Any]:
    shop.world.advance(2)
    await shop.world.mill.work_off()
    shown: dict[str, Any] = (await shop.call("GET", f"/batches/{batch['id']}"))[1]
    return shown


async def fetch(batch: dict[str, Any], **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(batch["response_body_url"], headers=headers)


def unpacked(archive: bytes) -> list[list[dict[str, Any]]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        return [json.load(file) for file in map(opened.extractfile, opened.getmembers()) if file is not None]


async def test_a_batch_is_worked_off_later(shop: Shop) -> None:
    batch = await submit(shop, *map(put, range(150)), put(150, body="{}"))
    early = (await shop.call("GET", f"/batches/{batch['id']}"))[1]
    nobody = len(shop.audience.members)
    done = await work_off(shop, batch)
    files = unpacked((await fetch(done)).content)
    results = [one for file in files for one in file]

    assert (0, "pending", 0, "") == (
        nobody,
        early["status"],
        early["total_operations"],
        early["response_body_url"],
    )
    assert ("finished", 151, 151, 1, "2026-03-01T12:00:02+00:00") == (
        done["status"],
        done["total_operations"],
        done["finished_operations"],
        done["errored_operations"],
        done["completed_at"],
    )
    assert (150, [100, 51]) == (len(shop.audience.members), [len(file) for file in files])
    order = [one["operation_id"] for one in results]
    assert sorted(order, key=int) == [str(number) for number in range(151)] != order
    refused = next(one for one in results if one["operation_id"] == "150")
    assert (400, "Invalid Resource") == (refused["status_code"], json.loads(refused["response"])["title"])


async def test_the_address_of_the_results(shop: Shop) -> None:
    done = await work_off(shop, await submit(shop, put(1)))

    with_credentials = await fetch(done, Authorization="Bearer x")
    in_time = await fetch(done)
    shop.world.advance(601)
    too_late = await fetch(done)
    anew = await fetch((await shop.call("GET", f"/batches/{done['id']}"))[1])

    assert (400, 200, 403, 200) == (
        with_credentials.status_code,
        in_time.status_code,
        too_late.status_code,
        anew.status_code,
    )


async def test_a_get_without_count_pages_through_everything(shop: Shop) -> None:
    for number in range(1_005):
        shop.life.add(f"a{number}@klant-voorbeeld.nl")
    fields = {"fields": "members.id,total_items"}
    done = await work_off(
        shop,
        await submit(
            shop,
            {"method": "GET", "path": f"{LIST}/members", "operation_id": "all", "params": fields},
            {
                "method": "GET",
                "path": f"{LIST}/members",
                "operation_id": "ten",
                "params": {**fields, "count": 10},
            },
            {"method": "GET", "path": "/lists/nosuch", "operation_id": "none"},
            {"method": "DELETE", "path": f"{LIST}/members/a1@klant-voorbeeld.nl", "operation_id": "gone"},
        ),
    )
    results = {
        one["operation_id"]: (one["status_code"], json.loads(one["response"] or "{}"))
        for file in unpacked((await fetch(done)).content)
        for one in file
    }

    assert results["all"][1]["total_items"] == len(results["all"][1]["members"]) > 1_000
    assert (10, 404, (204, {})) == (
        len(results["ten"][1]["members"]),
        results["none"][0],
        results["gone"],
    )


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([put(1), put(2), []], ("operations.item:2", "Schema describes object, array found instead")),
        ([put(1, body={"email_address": ANNA})],
         ("operations.item:0.body", "Schema describes string, object found instead")),
        ([put(1, method="put")],
         ("operations.item:0.method",
          "Data presented is not one of the accepted values: GET, POST, PUT, PATCH, DELETE.")),
        ([], ("operations", "Array contains 0 items, at least 1 required")),
    ],
)  # fmt: skip
async def test_one_bad_operation_spoils_the_batch(
    shop: Shop, operations: list[Any], expected: tuple[str, str]
) -> None:
    answer = await shop.call("POST", "/batches", {"operations": operations})

    assert (400, "Invalid Resource", NOT_VALIDATED, expected) == said(answer)
    assert {} == shop.account.batches


async def test_no_more_than_five_hundred_pending_batches(shop: Shop) -> None:
    for number in range(500):
        shop.account.batches[str(number)] = Batch(str(number), shop.account.logins[0], [], "", 0)

    answer = await shop.call("POST", "/batches", {"operations": [put(1)]})

    assert (
        429,
        "TooManyRequests",
        "You have more than 500 pending webhooks. Please wait for some to complete before adding any more batches.",
    ) == said(answer)


async def test_a_deleted_batch_is_not_worked_off(shop: Shop) -> None:
    batch = await submit(shop, put(1))

    assert (204, None) == await shop.call("DELETE", f"/batches/{batch['id']}")
    shop.world.advance(60)
    await shop.world.mill.work_off()
    assert {} == shop.audience.members
    assert 0 == (await shop.call("GET", "/batches"))[1]["total_items"]


async def test_batch_webhooks(shop: Shop) -> None:
    url = "https://connector-voorbeeld.nl/batch"
    made = (await shop.call("POST", "/batch-webhooks", {"url": url}))[1]
    shown = (await shop.call("GET", f"/batch-webhooks/{made['id']}"))[1]
    done = await work_off(shop, await submit(shop, put(1)))
    await shop.sandbox.postman.deliver_due()
    form = shop.receiver.forms()[0]

    assert (True, 32, False) == (shown["enabled"], len(made["signing_secret"]), "signing_secret" in shown)
    assert ("batch_operation_completed", done["id"], "finished", "1", "0") == (
        form["type"],
        form["data[id]"],
        form["data[status]"],
        form["data[total_operations]"],
        form["data[errored_operations]"],
    )
    assert "x-mailchimp-signature" in shop.receiver.posts[0].headers

    await shop.call("PATCH", f"/batch-webhooks/{made['id']}", {"enabled": False})
    await work_off(shop, await submit(shop, put(2)))
    assert 0 == await shop.sandbox.postman.deliver_due()
    assert 1 == (await shop.call("GET", "/batch-webhooks"))[1]["total_items"]
    assert (204, None) == await shop.call("DELETE", f"/batch-webhooks/{made['id']}")


async def test_no_more_than_twenty_batch_webhooks(shop: Shop) -> None:
    url = "https://connector-voorbeeld.nl/batch"

    got = [(await shop.call("POST", "/batch-webhooks", {"url": f"{url}/{n}"}))[0] for n in range(21)]

    assert [200] * 20 + [400] == got
