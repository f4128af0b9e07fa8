"""Settings that call a field of the till by name: a name that it does not have is told before anything moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.session import Database
from tests.routers.world import FLOW, INTEGRATION, World, world_over

SETTINGS = f"/flows/{FLOW}/settings"


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The demo."""
    async with world_over(db, tmp_path) as world:
        yield world


def told(answer: dict[str, list[dict[str, str]]]) -> list[tuple[str, str, str]]:
    return [(each["place"], each["code"], each["advice"]) for each in answer["findings"]]


async def test_a_mistyped_consent_field_is_told_with_the_nearest(shop: World) -> None:
    good = {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}
    assert [] == told(await shop.put(SETTINGS, good))

    saved = await shop.put(SETTINGS, good | {"consent_field": "Nieuwsbreif"})
    assert [("consent_field", "unknown_field", "Did you mean 'Nieuwsbrief'?")] == told(saved)
    assert "consent_field: Till has no custom field 'Nieuwsbreif'." == saved["findings"][0]["sentence"]

    never = await shop.put(SETTINGS, {"consent_field": "Nieuwsbreif"})
    assert [] == told(never), "consent is not read there"


async def test_the_first_start_asks_about_it(shop: World) -> None:
    await shop.put(SETTINGS, {"consent_source": "custom_field", "consent_field": "Nieuwsbreif"})

    asked = await shop.post(f"/flows/{FLOW}/start")
    assert not asked["started"]
    assert (
        "consent_field: Till has no custom field 'Nieuwsbreif'. Did you mean 'Nieuwsbrief'?" in asked["asks"]
    )
    assert (await shop.post(f"/flows/{FLOW}/start", {"approve": True}))["started"]


async def test_the_field_that_consent_is_written_to(shop: World) -> None:
    flow = await shop.post(f"/integrations/{INTEGRATION}/flows", {"kind": "contacts"})
    fields = {"consent_field": "Nieuwsbrief", "consent_time_field": "Sinds wanneer"}

    saved = await shop.put(f"/flows/{flow['id']}/settings", fields)
    assert [("consent_time_field", "unknown_field", "Make it there, or correct the name.")] == told(saved)
    assert [] == told(await shop.put(f"/flows/{flow['id']}/settings", {}))


async def test_a_field_made_a_moment_ago_is_known(shop: World) -> None:
    await shop.get(f"/flows/{FLOW}/fields")
    shop.till.cards.relation_fields["Mailings"] = "DATA-TYPE-BOOL"

    saved = await shop.put(SETTINGS, {"consent_source": "custom_field", "consent_field": "Mailings"})
    assert [] == told(saved)


async def test_while_the_till_is_away_nothing_is_said(shop: World) -> None:
    shop.till.faults.fail_next(9, status=503)
    saved = await shop.put(SETTINGS, {"consent_source": "custom_field", "consent_field": "Nieuwsbreif"})
    assert [] == told(saved)
