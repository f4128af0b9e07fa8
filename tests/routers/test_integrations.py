"""Integrations over the API: two connections, and settings that say where they come from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routers.conftest import Api

URL = "/api/v1/integrations"
BODY: dict[str, Any] = {
    "id": "int_one",
    "name": "Shop",
    "left_connection_id": "con_till",
    "right_connection_id": "con_list",
}


async def test_settings_say_what_they_come_from(api: Api) -> None:
    made = (await api.http.post(URL, json=BODY | {"settings": {"country": "BE"}})).json()

    assert {
        "values": {
            "time_zone": "Europe/Amsterdam",
            "country": "BE",
            "currency": "EUR",
            "language": "nl",
            "poll_interval_s": 30.0,
            "ask_above": 200,
            "contact_limit": None,
        },
        "origins": {
            "time_zone": "default",
            "country": "set",
            "currency": "default",
            "language": "default",
            "poll_interval_s": "installation",
            "ask_above": "default",
            "contact_limit": "default",
        },
    } == made["settings"]


async def test_settings_are_replaced_whole(api: Api) -> None:
    await api.http.post(URL, json=BODY | {"settings": {"country": "BE"}})

    put = await api.http.put(f"{URL}/int_one/settings", json={"currency": "CHF"})
    got = await api.http.get(f"{URL}/int_one/settings")

    assert put.json() == got.json()
    assert ("NL", "default", "CHF", "set") == (
        got.json()["values"]["country"],
        got.json()["origins"]["country"],
        got.json()["values"]["currency"],
        got.json()["origins"]["currency"],
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"right_connection_id": "con_till"}, "right_connection_id"),
        ({"left_connection_id": "con_nowhere"}, "left_connection_id"),
        ({"settings": {"time_zone": "Europe/Utrecht"}}, "settings.time_zone"),
        ({"settings": {"poll_interval_s": 0}}, "settings.poll_interval_s"),
        ({"settings": {"country": "Nederland"}}, "settings.country"),
        ({"settings": {"colour": "red"}}, "settings.colour"),
        ({"settings": []}, "settings"),
        ({"name": ""}, "name"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_field(api: Api, change: dict[str, Any], field: str) -> None:
    answer = await api.http.post(URL, json=BODY | change)

    assert (422, field) == (answer.status_code, answer.json()["field"])
    assert [] == (await api.http.get(URL)).json()
