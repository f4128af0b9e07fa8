"""The panel: what it shows is escaped and linked, and what it is told is done."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.sandbox.control import Action, RefusedError, Shelf, control_routes
from app.sandbox.door import Door
from app.sandbox.faults import Faults
from app.sandbox.requestlog import RequestLog


class Toy:
    title = "A toy"

    def __init__(self) -> None:
        self.faults = Faults()
        self.log = RequestLog()
        self.cups: dict[str, dict[str, Any]] = {}
        routes = [*control_routes(self), Route("/", lambda _request: PlainTextResponse("hello"))]
        self.door = Door(Starlette(routes=routes), faults=self.faults, log=self.log, name=lambda s, b: "root")

    def state(self) -> dict[str, Any]:
        return {"cups": self.cups}

    def reset(self) -> None:
        self.cups.clear()

    def seed(self, *, size: int, seed: int, **more: Any) -> None:
        if more:
            raise ValueError(f"unknown: {', '.join(more)}")
        self.cups = {f"c{n}": {"colour": "<b>red</b>", "saucer": n, "seed": seed} for n in range(size)}

    def shelves(self) -> Sequence[Shelf]:
        return [Shelf("cups", "Cups", ("colour", "saucer"), lambda: self.cups, {"saucer": "cups"})]

    def actions(self) -> Sequence[Action]:
        return [Action("paint", "Paint a cup", (("cup", "c0"), ("colour", "blue")), self._paint)]

    def notes(self) -> Sequence[str]:
        return ["version <1>"]

    async def _paint(self, fields: Mapping[str, Any]) -> Any:
        if fields["cup"] not in self.cups:
            raise RefusedError("there is no such cup")
        self.cups[fields["cup"]]["colour"] = fields["colour"]
        return self.cups[fields["cup"]]


@pytest.fixture
async def toy() -> AsyncIterator[tuple[Toy, httpx.AsyncClient]]:
    made = Toy()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made.door), base_url="http://toy") as client:
        yield made, client


async def test_seed_state_reset(toy: tuple[Toy, httpx.AsyncClient]) -> None:
    _, client = toy
    seeded = await client.post("/_sandbox/seed", json={"size": 1, "seed": 7})
    state = await client.get("/_sandbox/state")
    wrong = await client.post("/_sandbox/seed", json={"size": "many"})
    reset = await client.post("/_sandbox/reset")

    assert {"size": 1, "seed": 7} == seeded.json()
    assert {"cups": {"c0": {"colour": "<b>red</b>", "saucer": 0, "seed": 7}}} == state.json()
    assert 422 == wrong.status_code
    assert {"reset": True} == reset.json()
    assert {"cups": {}} == (await client.get("/_sandbox/state")).json()


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        (
            "/_sandbox/",
            [
                "A toy",
                "version &lt;1&gt;",
                '<a href="/_sandbox/kinds/cups">Cups</a></td><td>60',
                "Paint a cup",
            ],
        ),
        (
            "/_sandbox/kinds/cups",
            ["&lt;b&gt;red&lt;/b&gt;", '<a href="/_sandbox/kinds/cups/3">3</a>', "page 1 of 2"],
        ),
        ("/_sandbox/kinds/cups?page=9", ["page 2 of 2", ">c59</a>"]),
        ("/_sandbox/kinds/cups?q=C59", ["1 records", ">c59</a>"]),
        ("/_sandbox/kinds/cups/c3", ["Cups c3", "&lt;b&gt;red&lt;/b&gt;"]),
        ("/_sandbox/?said=%3Cscript%3E", ["&lt;script&gt;"]),
    ],
)
async def test_pages(toy: tuple[Toy, httpx.AsyncClient], path: str, holds: list[str]) -> None:
    inside, client = toy
    inside.seed(size=60, seed=1)
    answer = await client.get(path)

    assert (200, []) == (answer.status_code, [text for text in holds if text not in answer.text])
    assert "<b>red</b>" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "path", ["/_sandbox/kinds/plates", "/_sandbox/kinds/cups/c1", "/_sandbox/kinds/plates/c1"]
)
async def test_what_is_not_there(toy: tuple[Toy, httpx.AsyncClient], path: str) -> None:
    assert 404 == (await toy[1].get(path)).status_code


async def test_actions_by_json_and_by_form(toy: tuple[Toy, httpx.AsyncClient]) -> None:
    inside, client = toy
    inside.seed(size=1, seed=1)
    told = await client.post("/_sandbox/actions/paint", json={"cup": "c0", "colour": "blue"})
    form = await client.post("/_sandbox/actions/paint", data={"cup": "c0", "colour": "grün & gelb"})
    refused = await client.post("/_sandbox/actions/paint", json={"cup": "c9", "colour": "blue"})
    unknown = await client.post("/_sandbox/actions/break", json={})

    assert {"colour": "blue", "saucer": 0, "seed": 1} == told.json()
    assert (303, "/_sandbox/?said=Paint%20a%20cup%3A%20done.") == (form.status_code, form.headers["location"])
    assert "grün & gelb" == inside.cups["c0"]["colour"]
    assert (422, "there is no such cup") == (refused.status_code, refused.json()["detail"])
    assert 404 == unknown.status_code


async def test_requests_and_faults(toy: tuple[Toy, httpx.AsyncClient]) -> None:
    _, client = toy
    ordered = await client.post("/_sandbox/faults", json=[{"preset": "unavailable"}, {"latency_ms": 1}])
    mistaken = await client.post("/_sandbox/faults", json={"kind": "explode"})
    first, second = await client.get("/?secret=x"), await client.get("/")
    cleared = await client.delete("/_sandbox/faults")
    told = (await client.get("/_sandbox/requests")).json()
    found = (await client.get("/_sandbox/requests?path=/nowhere")).json()["requests"]
    forgotten = await client.delete("/_sandbox/requests")

    assert (1, 1) == (len(ordered.json()["waiting"]), ordered.json()["latency_ms"])
    assert (422, 204, 204) == (mistaken.status_code, cleared.status_code, forgotten.status_code)
    assert ([503, 200], []) == ([first.status_code, second.status_code], found)
    assert ({"root": 2}, {"200": 1, "503": 1}, {"secret": "***"}) == (
        told["operations"],
        told["statuses"],
        told["requests"][0]["query"],
    )
    assert 0 == (await client.get("/_sandbox/requests")).json()["total"]
