"""Integrations over the API: two connections, and settings that say where they come from."""

from __future__ import annotations

from typing import Any

import pytest

from app.store.tables import connections
from tests.routers.conftest import Api, connection

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
        },
        "origins": {
            "time_zone": "default",
            "country": "set",
            "currency": "default",
            "language": "default",
            "poll_interval_s": "installation",
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


async def test_connections_are_polled_as_often_as_the_most_eager_wants(api: Api) -> None:
    async def pace() -> dict[str, int | None]:
        return {row["id"]: row["poll_interval_ms"] for row in await api.rows(connections)}

    await connection(api.context.db, id="con_other", system="mailchimp", token="tok-other")
    await api.http.post(URL, json=BODY | {"settings": {"poll_interval_s": 60}})
    other = BODY | {"id": "int_two", "right_connection_id": "con_other", "settings": {"poll_interval_s": 10}}
    await api.http.post(URL, json=other)
    assert {"con_till": 10_000, "con_list": 60_000, "con_other": 10_000} == await pace()

    await api.http.delete(f"{URL}/int_two")
    assert {"con_till": 60_000, "con_list": 60_000, "con_other": None} == await pace()

    await api.http.put(f"{URL}/int_one/settings", json={})
    assert {"con_till": None, "con_list": None, "con_other": None} == await pace()


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
