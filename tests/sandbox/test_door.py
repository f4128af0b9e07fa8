"""The door: every fault does to the server and to the caller what its name says, over a real connection."""

import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.sandbox.door import Door
from app.sandbox.faults import PRESETS, Fault, Faults, soap_fault
from app.sandbox.requestlog import RequestLog
from app.sandbox.serving import serving


class Toy:
    """The smallest server with a state: what was written."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.faults = Faults()
        self.log = RequestLog()

        async def write(request: Request) -> Response:
            self.written.append((await request.body()).decode())
            return JSONResponse({"written": len(self.written)})

        inner = Starlette(routes=[Route("/write", write, methods=["PUT"])])
        self.arrived = asyncio.Event()
        self.door = Door(inner, faults=self.faults, log=self.log, name=self._name)

    def _name(self, _scope: object, _body: bytes) -> str:
        self.arrived.set()
        return "write"


@pytest.mark.parametrize(
    ("fault", "outcome", "written"),
    [
        (Fault(status=503, body="away"), "503 away", []),
        (PRESETS["refused_html"], f"403 {PRESETS['refused_html'].body}", []),
        (Fault(kind="reset_before"), "ReadError", []),
        (Fault(kind="reset_after"), "ReadError", ["x"]),
        (Fault(kind="late", seconds=0), "ReadError", ["x"]),
        (Fault(kind="hang"), "ReadTimeout", []),
        (Fault(kind="reset_after", hold=True), "ReadTimeout", ["x"]),
        (Fault(kind="late"), "ReadError", []),
        (Fault(method="GET"), '200 {"written":1}', ["x"]),
        (Fault(skip=1), '200 {"written":1}', ["x"]),
        (Fault(path="/write", operation="wr*", status=429), "429 ", []),
    ],
)
async def test_what_a_fault_does(fault: Fault, outcome: str, written: list[str]) -> None:
    toy = Toy()
    toy.faults.add(fault)
    async with serving(toy.door) as url, httpx.AsyncClient(base_url=url, timeout=0.3) as client:
        try:
            answer = await client.put("/write", content="x")
            seen = f"{answer.status_code} {answer.text}"
        except httpx.HTTPError as error:
            seen = type(error).__name__
        await asyncio.sleep(0.01)
        now = list(toy.written)
        await toy.door.close()

    assert (outcome, written) == (seen, now)


async def test_a_late_write_lands_when_it_is_told_to_and_only_once() -> None:
    toy = Toy()
    toy.faults.fail_next(kind="late")
    async with serving(toy.door) as url, httpx.AsyncClient(base_url=url) as client:
        with pytest.raises(httpx.ReadError):
            await client.put("/write", content="older")
        await client.put("/write", content="newer")
        before = list(toy.written)
        landed = [await toy.door.land(), await toy.door.land()]

    assert (["newer"], [1, 0], ["newer", "older"]) == (before, landed, toy.written)


async def test_every_request_is_kept_with_its_answer_and_the_number_under_way() -> None:
    toy = Toy()
    toy.faults.latency_ms = 30
    toy.faults.fail_next(1, status=500, skip=2, body="no")
    async with serving(toy.door) as url, httpx.AsyncClient(base_url=url) as client:
        await asyncio.gather(*(client.put("/write?secret=s3&a=b", content=f"{n}") for n in range(3)))

    kept = [(e.operation, e.query, e.status, e.fault) for e in toy.log.entries]
    assert [
        ("write", {"secret": "***", "a": "b"}, 200, ""),
        ("write", {"secret": "***", "a": "b"}, 200, ""),
        ("write", {"secret": "***", "a": "b"}, 500, "status"),
    ] == kept
    assert (3, 0, 3, {"write": 3}, [1, 2, 3]) == (
        toy.log.peak,
        toy.log.in_flight,
        toy.log.total,
        dict(toy.log.counts),
        [e.in_flight for e in toy.log.entries],
    )
    assert b'{"written":1}' == toy.log.entries[0].answer


async def test_the_log_is_bounded_in_entries_and_bytes_but_its_counts_are_exact() -> None:
    toy = Toy()
    toy.log.limit = 2
    async with serving(toy.door) as url, httpx.AsyncClient(base_url=url) as client:
        for n in range(5):
            await client.put("/write", content=f"{n}")
        kept = [e.text for e in toy.log.entries]
        toy.log.limit, toy.log.max_bytes = 100, 60
        for n in range(5):
            await client.put("/write", content=f"{n}" * 20)

    assert (["3", "4"], 10, ["4" * 20]) == (kept, toy.log.total, [e.text for e in toy.log.entries])


async def test_a_log_that_is_off_still_counts() -> None:
    toy = Toy()
    toy.log.limit = 0
    async with serving(toy.door) as url, httpx.AsyncClient(base_url=url) as client:
        await client.put("/write", content="x")

    assert ([], 1, 1, 0) == (list(toy.log.entries), toy.log.total, toy.log.peak, toy.log.in_flight)


async def test_a_taken_port_is_an_oserror_and_stopping_is_quick_while_a_caller_hangs() -> None:
    toy = Toy()
    toy.faults.fail_next(kind="hang")
    async with httpx.AsyncClient(timeout=30) as client:
        async with serving(toy.door, grace_seconds=0.05) as url:
            with pytest.raises(OSError, match=r"[Aa]ddress"):
                async with serving(toy.door, port=int(url.rsplit(":", 1)[1])):
                    raise AssertionError("served twice on one port")
            hanging = asyncio.create_task(client.put(f"{url}/write", content="x"))
            await asyncio.wait_for(toy.arrived.wait(), 5)
        with pytest.raises(httpx.HTTPError):
            await hanging

    assert [] == toy.written


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        (
            {"preset": "throttled", "times": 3, "path": "/3.0/*"},
            {"status": 429, "times": 3, "path": "/3.0/*"},
        ),
        (
            {"soap": {"code": "Client.Authentication"}},
            {"status": 500, "content_type": "text/xml; charset=utf-8"},
        ),
        ({"kind": "late", "seconds": 0.5, "operation": "updateRelation"}, {"kind": "late", "seconds": 0.5}),
        ({"kind": "explode"}, "a fault's kind is one of status, hang, reset_before, reset_after, late"),
        ({"preset": "x"}, "there is no preset 'x'"),
        ({"sttatus": 1}, "a fault has no sttatus"),
        ({"body": {"a": 1}}, "a fault's body is text"),
    ],
)
def test_orders_as_they_come_over_http(order: dict[str, object], kept: dict[str, object] | str) -> None:
    faults = Faults()
    if isinstance(kept, str):
        with pytest.raises(ValueError, match=kept.split(";")[0].replace("(", r"\(")):
            faults.told(order)

        assert [] == faults.waiting
    else:
        faults.told(order)

        assert [kept] == [
            {k: v for k, v in f.items() if k in kept}
            for f in json.loads(json.dumps(faults.as_json()))["waiting"]
        ]


def test_faults_are_taken_in_their_order_and_wear_out() -> None:
    faults = Faults()
    faults.fail_next(2, status=500, operation="a")
    faults.add(soap_fault(code="Server", text="<down>", operation="*"))
    taken = [faults.take(operation=name, method="POST", path="/") for name in ("b", "a", "a", "a")]

    assert [500, 500, 500, None] == [fault.status if fault is not None else None for fault in taken]
    assert taken[0] is not None
    assert "<faultstring>&lt;down&gt;</faultstring>" in taken[0].body
    assert {"latency_ms": 0, "taken": 3, "waiting": []} == faults.as_json()
