"""Bodies that nobody should send: a clear problem naming the field, nothing stored, the process alive."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.main import MAX_BODY_BYTES
from app.routers.bodies import not_storable
from app.store import integrations as store
from app.store.tables import connections, integrations
from tests.routers.conftest import ADMIN_KEY, Api

URL = "/api/v1/integrations"
GOOD: dict[str, Any] = {"name": "Shop", "left_connection_id": "con_till", "right_connection_id": "con_list"}
JSON = {"Content-Type": "application/json"}


def body(**more: Any) -> bytes:
    return json.dumps(GOOD | more).encode()


DEEP = b'{"name": "x", "settings": ' + b'{"a": ' * 3_000 + b"1" + b"}" * 3_000 + b"}"
BAD: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"{name: Shop}", 422),
    "nothing": (b"", 422),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "a text": (b'"Shop"', 422),
    "cut off": (body()[:-5], 422),
    "not UTF-8": (b'{"name": "\xff\xfe"}', 422),
    "deeply nested": (DEEP, 422),
    "very deeply nested": (b"[" * 200_000, 422),
    "moderately nested": (body(settings=json.loads('{"a": ' * 60 + "1" + "}" * 60)), 422),
    "an unknown field": (body(colour="red"), 422),
    "a NUL": (body(name="a\0b"), 422),
    "a NUL in a name of a field": (body(settings={"a\0b": 1}), 422),
    "half a character": (b'{"name": "\\ud83d", "left_connection_id": "a", "right_connection_id": "b"}', 422),
    "a huge number": (b'{"name": "x", "settings": {"poll_interval_s": 1e999}}', 422),
    "NaN": (b'{"name": "x", "settings": {"poll_interval_s": NaN}}', 422),
    "a very long number": (b'{"name": "x", "settings": {"poll_interval_s": ' + b"9" * 6_000 + b"}}", 422),
    "a number beyond 2^53": (body(settings={"poll_interval_s": 2**60}), 422),
    "a number for a text": (body(name=5), 422),
    "a long name": (body(name="x" * 201), 422),
    "an odd id": (body(left_connection_id="../../etc/passwd"), 422),
    "SQL for an id": (body(left_connection_id="x' OR '1'='1"), 422),
}


@pytest.mark.parametrize("kind", BAD)
async def test_it_is_refused_clearly_and_nothing_is_stored(api: Api, kind: str) -> None:
    content, status = BAD[kind]

    answer = await api.http.post(URL, content=content, headers=JSON)

    problem = answer.json()
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert ("invalid_input", "caller", status) == (problem["code"], problem["who"], problem["status"])
    assert problem["detail"]
    assert [] == await api.rows(integrations)
    assert 200 == (await api.http.get(URL)).status_code


async def test_a_body_of_another_kind_is_refused(api: Api) -> None:
    answer = await api.http.post(URL, content=body(), headers={"Content-Type": "text/plain"})

    assert 422 == answer.status_code
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("declared", [True, False])
async def test_a_large_body_is_not_read_to_its_end(api: Api, declared: bool) -> None:
    sent = 0

    async def chunks() -> Any:
        nonlocal sent
        for _ in range(200):
            sent += 100_000
            yield b" " * 100_000

    headers = JSON | ({"Content-Length": str(20_000_000)} if declared else {})
    answer = await api.http.post(URL, content=chunks(), headers=headers)

    assert (413, "body_too_large") == (answer.status_code, answer.json()["code"])
    assert sent <= MAX_BODY_BYTES + 200_000
    assert [] == await api.rows(integrations)


async def test_wrong_values_are_never_repeated(api: Api) -> None:
    """A secret may have been typed into the wrong field."""
    secret = "sw0rdfish-very-secret"
    answers = [
        await api.http.post(URL, json=GOOD | {"settings": {"country": secret, "time_zone": secret}}),
        await api.http.post(URL, json=GOOD | {"left_connection_id": f"{secret} {secret}"}),
        await api.http.post(
            "/api/v1/connections", json={"system": "mplus", "name": "x", "credentials": secret}
        ),
        await api.http.post(
            "/api/v1/connections",
            json={
                "system": "mplus",
                "name": "x",
                "settings": {"base_url": f"https://user:{secret}@till.example"},
                "credentials": {"ident": "x", "secret": [secret]},
            },
        ),
    ]

    assert [422] * 4 == [answer.status_code for answer in answers]
    assert not any(secret in answer.text for answer in answers)


async def test_addresses_and_methods_that_are_none(api: Api) -> None:
    nothing = await api.http.get("/api/v1/nothing")
    method = await api.http.delete(URL)
    slash = await api.http.get(f"{URL}/")
    escaped = await api.http.get(f"{URL}/%00")

    assert (404, "not_found") == (nothing.status_code, nothing.json()["code"])
    assert (405, "method_not_allowed") == (method.status_code, method.json()["code"])
    assert 404 == slash.status_code
    assert 422 == escaped.status_code


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://till.example",
        "https://",
        "https://a b",
        f"https://{'x' * 64}.nl",
        f"https://{'.'.join(['xxxxxxxx'] * 32)}.nl",
        "https://-till.example",
        "https://till..example",
        "https://till.example:99999",
        "https://till.example:port",
        "https://user:secret@till.example",
        "https://till.example/?ident=me",
        "till.example:50123",
        "https://till.example\\@other.example",
        "https://[::1",
        "",
    ],
)
@pytest.mark.parametrize("system", ["mplus", "mailchimp"])
async def test_addresses_of_nothing_are_refused(api: Api, system: str, address: str) -> None:
    given: dict[str, Any] = {
        "mplus": {"settings": {"base_url": address}, "credentials": {"ident": "x", "secret": "y"}},
        "mailchimp": {
            "settings": {"base_url": address or "https://", "list_id": "a1"},
            "credentials": {"api_key": "0123456789-us6"},
        },
    }

    answer = await api.http.post("/api/v1/connections", json={"system": system, "name": "x"} | given[system])

    assert (422, "settings.base_url") == (answer.status_code, answer.json()["field"])
    assert ["con_list", "con_till"] == sorted(row["id"] for row in await api.rows(connections))


async def test_a_fault_of_ours_is_a_problem_document(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("jan@klant-voorbeeld.nl")

    monkeypatch.setattr(store, "listed", broken)
    answer = await api.http.get(URL)

    told = answer.json()
    assert (500, "application/problem+json", "internal_error") == (
        answer.status_code,
        answer.headers["content-type"],
        told["code"],
    )
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "klant-voorbeeld" not in answer.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from([*GOOD, "settings", "id", "x"]), VALUES, max_size=5))
async def test_whatever_is_sent_is_an_answer_and_no_fault(api: Api, values: dict[str, Any]) -> None:
    content = json.dumps(GOOD | values).encode()

    answer = await api.http.post(URL, content=content, headers=JSON)

    assert answer.status_code in (201, 422, 409), answer.text


@given(value=VALUES)
def test_what_is_called_storable_is_plain(value: Any) -> None:
    found = not_storable(value)

    if found is None:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in text
        text.encode()
    else:
        assert found


async def test_the_key_itself_may_be_anything(api: Api) -> None:
    for key in ("\x7f" * 50, "x" * 8_000, "t2a_" + "é", ADMIN_KEY + " ", ADMIN_KEY[:-1]):
        answer = await api.http.get(URL, headers={"Authorization": f"Bearer {key}".encode()})
        assert answer.status_code in (200, 401), key
