"""Connections over the API: made and checked at once, changed, told apart from what must stay secret."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from app.store.session import Database
from app.store.tables import alerts, connections
from tests.routers.conftest import Api, Served, api_over
from tests.routers.world import API_KEY, AUDIENCE, World

URL = "/api/v1/connections"


async def test_a_connection_is_made_and_checked_at_once(empty_api: Api, shop: Served) -> None:
    answer = await empty_api.http.post(URL, json=shop.body())

    made = answer.json()
    assert (201, "ok", True) == (answer.status_code, made["state"], made["check"]["ok"])
    assert "67.1.3" == made["check"]["details"]["version"]
    assert {"base_url": shop.url, "answer_seconds": 100.0} == made["settings"]
    assert shop.till.settings.secret not in answer.text
    setup = made["webhook_setup"]
    assert (None, f"t2a-{made['id']}") == (setup["url"], setup["subscription_id"])
    assert 32 == len(base64.b64decode(setup["secret"], validate=True))
    assert 1 == len(setup["steps"])
    assert "PUBLIC_URL" in setup["steps"][0]
    assert [made["id"]] == [row["id"] for row in (await empty_api.http.get(URL)).json()]


async def test_a_public_address_is_told_with_what_to_type(
    database: Database, tmp_path: Path, shop: Served
) -> None:
    async with api_over(database, tmp_path, public_url="https://link.shop.example") as api:
        made = (await api.http.post(URL, json=shop.body(id="con_shop"))).json()
        setup = made["webhook_setup"]
        token = setup["url"].rpartition("/")[2]
        shown = (await api.http.get(f"{URL}/con_shop")).text
        anew = (await api.http.post(f"{URL}/con_shop/webhook")).json()
        old_door = await api.http.post(f"/webhooks/mplus/{token}/completeSession", content=b"{}")
        new_door = await api.http.post(
            f"/webhooks/mplus/{anew['url'].rpartition('/')[2]}/completeSession", content=b"{}"
        )

    assert setup["url"].startswith("https://link.shop.example/webhooks/mplus/")
    assert not setup["automatic"]
    assert any("Beheer > Instellingen > Webhooks" in step for step in setup["steps"])
    assert any(setup["url"] in step for step in setup["steps"])
    assert "completeSession" in setup["events"]
    assert token not in shown
    assert setup["secret"] not in shown
    assert (404, 400) == (old_door.status_code, new_door.status_code)
    assert anew["secret"] != setup["secret"]


async def test_a_wrong_secret_is_kept_and_told(empty_api: Api, shop: Served) -> None:
    body = shop.body(id="con_shop", credentials={"ident": "sandbox", "secret": "no"})

    made = (await empty_api.http.post(URL, json=body)).json()

    assert ("broken", False, "credentials_refused") == (
        made["state"],
        made["check"]["ok"],
        made["check"]["code"],
    )
    assert made["check"]["advice"]
    assert ["connection:con_shop"] == [row["subject"] for row in await empty_api.rows(alerts)]

    mended = await empty_api.http.patch(f"{URL}/con_shop", json={"credentials": shop.body()["credentials"]})

    assert ("ok", True) == (mended.json()["state"], mended.json()["check"]["ok"])
    assert [True] == [row["cleared_at"] is not None for row in await empty_api.rows(alerts)]


async def test_credentials_rest_sealed_only(empty_api: Api, shop: Served) -> None:
    await empty_api.http.post(URL, json=shop.body())

    (row,) = await empty_api.rows(connections)

    assert "sandbox-secret" not in str(row)
    sealed = empty_api.context.sealer.unseal_json(row["credentials_sealed"])
    assert {"ident": "sandbox", "secret": "sandbox-secret"} == sealed


async def test_what_cannot_be_used_is_refused_by_field(empty_api: Api, shop: Served) -> None:
    given = shop.body()
    bad: dict[str, dict[str, Any]] = {
        "system": given | {"system": "shopify"},
        "name": given | {"name": "  "},
        "settings.base_url": given | {"settings": {}},
        "settings.colour": given | {"settings": given["settings"] | {"colour": "red"}},
        "credentials.secret": given | {"credentials": {"ident": "x"}},
        "colour": given | {"colour": "red"},
        "id": given | {"id": "No Way"},
    }

    found = {field: await empty_api.http.post(URL, json=body) for field, body in bad.items()}

    assert {field: (422, field) for field in bad} == {
        field: (answer.status_code, answer.json()["field"]) for field, answer in found.items()
    }
    assert [] == await empty_api.rows(connections)


async def test_a_key_that_is_too_short_is_told_in_characters(empty_api: Api) -> None:
    body = {"system": "mailchimp", "name": "List", "settings": {"list_id": "a1b2c3d4e5"}}
    answer = await empty_api.http.post(URL, json=body | {"credentials": {"api_key": "abc1"}})

    assert 422 == answer.status_code
    told = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert "characters, not 4" in told["credentials.api_key"]


async def test_plain_http_is_refused_outside_of_the_sandbox(
    database: Database, tmp_path: Path, shop: Served
) -> None:
    async with api_over(database, tmp_path, sandbox=False) as api:
        answer = await api.http.post(URL, json=shop.body())
        kept = await api.rows(connections)

    assert (422, "settings.base_url") == (answer.status_code, answer.json()["field"])
    assert "https" in answer.json()["detail"] + answer.json()["advice"]
    assert [] == kept


async def test_an_own_id_is_taken_once(empty_api: Api, shop: Served) -> None:
    first = await empty_api.http.post(URL, json=shop.body(id="con_shop"))
    second = await empty_api.http.post(URL, json=shop.body(id="con_shop"))

    assert (201, "con_shop") == (first.status_code, first.json()["id"])
    assert (409, "id_taken") == (second.status_code, second.json()["code"])


async def test_a_used_connection_stays(empty_api: Api, shop: Served, branch: Served) -> None:
    for id, side in (("con_one", shop), ("con_two", branch)):
        await empty_api.http.post(URL, json=side.body(id=id))
    await empty_api.http.post(
        "/api/v1/integrations",
        json={
            "id": "int_one",
            "name": "Shop",
            "left_connection_id": "con_one",
            "right_connection_id": "con_two",
        },
    )

    refused = await empty_api.http.delete(f"{URL}/con_one")
    await empty_api.http.delete("/api/v1/integrations/int_one")
    removed = await empty_api.http.delete(f"{URL}/con_one")
    again = await empty_api.http.delete(f"{URL}/con_one")

    assert (409, "in_use") == (refused.status_code, refused.json()["code"])
    assert "Shop" in refused.json()["detail"]
    assert (204, 404) == (removed.status_code, again.status_code)


async def test_the_tills_webhook_is_removed_by_hand(empty_api: Api, shop: Served) -> None:
    made = (await empty_api.http.post(URL, json=shop.body())).json()

    answer = await empty_api.http.delete(f"{URL}/{made['id']}/webhook")

    assert (422, "by_hand") == (answer.status_code, answer.json()["code"])


async def test_a_place_that_was_written_to_cannot_become_another(world: World) -> None:
    url, other = f"{URL}/{AUDIENCE}", world.audience_body()["settings"] | {"list_id": "0ther11st"}
    unused = await world.api.http.patch(url, json={"settings": other})
    await world.api.http.patch(url, json={"settings": world.audience_body()["settings"]})
    await world.start()
    await world.work()

    used = await world.api.http.patch(url, json={"settings": other})
    renamed = await world.api.http.patch(url, json={"name": "Letters", "credentials": {"api_key": API_KEY}})

    assert (200, "broken") == (unused.status_code, unused.json()["state"])
    assert (409, "fixed_setting", "settings.list_id") == (
        used.status_code,
        used.json()["code"],
        used.json()["field"],
    )
    assert (200, "ok", "Letters") == (renamed.status_code, renamed.json()["state"], renamed.json()["name"])
