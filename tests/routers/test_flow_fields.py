"""Missing merge fields over the API: offered, made on request, never changed (C-11)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.serving import serving
from app.store.session import Database
from tests.routers.conftest import Api, Served, api_over, joined

URL = "/api/v1/flows/flow_one/missing-fields"
COMPANY = {"path": "merge_fields.COMPANY", "title": "Company", "type": "text"}
BIRTHDAY = {"path": "merge_fields.BIRTHDAY", "title": "Birthday", "type": "birthday"}


@pytest.fixture
async def flow(database: Database, tmp_path: Path, shop: Served) -> AsyncIterator[tuple[Api, Audience]]:
    """A customers flow from a till to an audience that lost its birthday field."""
    sandbox = create_mailchimp(rounds=False)
    audience = sandbox.world.audience("a1b2c3d4e5")
    del audience.fields["BIRTHDAY"]
    async with serving(sandbox) as url, api_over(database, tmp_path, sandbox=True) as api:
        await joined(api, shop, audience, url)
        made = await api.http.post(
            "/api/v1/integrations/int_one/flows", json={"id": "flow_one", "kind": "customers"}
        )
        assert 201 == made.status_code, made.text
        yield api, audience


async def test_missing_fields_are_offered_and_those_chosen_are_made(flow: tuple[Api, Audience]) -> None:
    api, audience = flow

    offered = (await api.http.get(URL)).json()
    made = await api.http.post(URL, json={"paths": ["merge_fields.COMPANY"]})
    left = (await api.http.get(URL)).json()

    assert [BIRTHDAY, COMPANY] == offered
    assert (201, [COMPANY]) == (made.status_code, made.json())
    assert [BIRTHDAY] == left
    assert ("Company", "text", False) == (
        audience.fields["COMPANY"].name,
        audience.fields["COMPANY"].type,
        audience.fields["COMPANY"].public,
    )


@pytest.mark.parametrize("path", ["merge_fields.FNAME", "merge_fields.SHOESIZE", "email_address", ""])
async def test_only_what_is_offered_is_made(flow: tuple[Api, Audience], path: str) -> None:
    api, audience = flow

    answer = await api.http.post(URL, json={"paths": ["merge_fields.COMPANY", path]})

    assert (422, "paths") == (answer.status_code, answer.json()["field"])
    assert "COMPANY" not in audience.fields


async def test_the_plan_may_allow_no_more(flow: tuple[Api, Audience]) -> None:
    api, audience = flow
    audience.account.merge_field_limit = 4

    answer = await api.http.post(URL, json={"paths": ["merge_fields.COMPANY"]})

    assert (409, "merge_field_limit") == (answer.status_code, answer.json()["code"])


async def test_a_target_whose_fields_are_fixed_offers_none(
    empty_api: Api, shop: Served, branch: Served
) -> None:
    for id, side in (("con_shop", shop), ("con_branch", branch)):
        await empty_api.http.post("/api/v1/connections", json=side.body(id=id, name=id))
    sides = {"left_connection_id": "con_shop", "right_connection_id": "con_branch"}
    await empty_api.http.post("/api/v1/integrations", json={"id": "int_one", "name": "Shop", **sides})
    await empty_api.http.post(
        "/api/v1/integrations/int_one/flows", json={"id": "flow_one", "kind": "customers"}
    )

    answer = await empty_api.http.get(URL)
    made = await empty_api.http.post(URL, json={"paths": ["name"]})

    assert (200, [], 422) == (answer.status_code, answer.json(), made.status_code)
