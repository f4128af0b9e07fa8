"""The panel of a sandbox server, the same for both: look inside, read the requests, order faults, seed, act.

    GET    /_sandbox/                    the page (no JavaScript needed)
    GET    /_sandbox/kinds/{kind}        one kind of record, /_sandbox/kinds/{kind}/{key} one record
    GET    /_sandbox/state               the whole content as JSON
    GET    /_sandbox/requests            ?last=200 &operation= &method= &path=     DELETE forgets them
    GET    /_sandbox/faults              what waits      POST adds one or sets {"latency_ms": 200}      DELETE clears
    POST   /_sandbox/land                late writes land now
    POST   /_sandbox/reset               empty, as newly made
    POST   /_sandbox/seed                {"size": 200, "seed": 1}
    POST   /_sandbox/actions/{name}      what only this server has; JSON in and out, or a form from the page

A server that wants this panel offers what ``Inside`` lists and mounts ``control_routes(inside)``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.sandbox import page
from app.sandbox.door import PANEL, Door
from app.sandbox.faults import Faults
from app.sandbox.requestlog import RequestLog


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of record as the page shows it. ``links`` says which column or field leads to which other kind."""

    kind: str
    title: str
    columns: tuple[str, ...]
    rows: Callable[[], Mapping[str, Mapping[str, Any]]]  # key -> the whole record, in the order to show
    links: Mapping[str, str] = field(default_factory=dict)


class Shown(Mapping[str, Mapping[str, Any]]):
    """Rows that are made ready for the page only when they are looked at: a shop may hold fifty thousand."""

    def __init__(self, rows: Mapping[Any, Any], show: Callable[[Any], Mapping[str, Any]]) -> None:
        self._rows = {str(key): row for key, row in rows.items()}
        self._show = show

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return self._show(self._rows[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person at this system could do. ``run`` gets the fields as sent and may answer anything JSON can hold."""

    name: str
    title: str
    fields: tuple[tuple[str, str], ...]  # (name, what to type)
    run: Callable[[Mapping[str, Any]], Awaitable[Any]]


class Inside(Protocol):
    """What a sandbox server must offer to get a panel."""

    title: str
    faults: Faults
    log: RequestLog
    door: Door

    def state(self) -> dict[str, Any]: ...
    def reset(self) -> None: ...
    def seed(self, *, size: int, seed: int, **more: Any) -> None: ...
    def shelves(self) -> Sequence[Shelf]: ...
    def actions(self) -> Sequence[Action]: ...
    def notes(self) -> Sequence[str]: ...


class RefusedError(Exception):
    """What an action raises when it was asked something impossible: becomes a 422 with the sentence."""


def control_routes(inside: Inside) -> list[Route]:
    panel = Panel(inside)
    return [
        Route(f"{PANEL}/", panel.index, methods=["GET"]),
        Route(PANEL, panel.index, methods=["GET"]),
        Route(f"{PANEL}/kinds/{{kind}}", panel.kind, methods=["GET"]),
        Route(f"{PANEL}/kinds/{{kind}}/{{key:path}}", panel.record, methods=["GET"]),
        Route(f"{PANEL}/state", panel.state, methods=["GET"]),
        Route(f"{PANEL}/requests", panel.requests, methods=["GET", "DELETE"]),
        Route(f"{PANEL}/faults", panel.faults, methods=["GET", "POST", "DELETE"]),
        Route(f"{PANEL}/land", panel.land, methods=["POST"]),
        Route(f"{PANEL}/reset", panel.reset, methods=["POST"]),
        Route(f"{PANEL}/seed", panel.seed, methods=["POST"]),
        Route(f"{PANEL}/actions/{{name}}", panel.act, methods=["POST"]),
    ]


class Panel:
    def __init__(self, inside: Inside) -> None:
        self.inside = inside

    async def index(self, request: Request) -> Response:
        return HTMLResponse(page.index(self.inside, said=request.query_params.get("said", "")))

    async def kind(self, request: Request) -> Response:
        shelf = self._shelf(request.path_params["kind"])
        if shelf is None:
            return problem(404, f"there is no kind {request.path_params['kind']!r}")
        query = request.query_params
        number = query.get("page", "1")
        return HTMLResponse(
            page.kind(
                self.inside, shelf, search=query.get("q", ""), number=int(number) if number.isdigit() else 1
            )
        )

    async def record(self, request: Request) -> Response:
        shelf = self._shelf(request.path_params["kind"])
        record = shelf.rows().get(request.path_params["key"]) if shelf is not None else None
        if shelf is None or record is None:
            return problem(404, "there is no such record")
        return HTMLResponse(page.record(self.inside, shelf, request.path_params["key"], record))

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self.inside.state())

    async def requests(self, request: Request) -> Response:
        log = self.inside.log
        if request.method == "DELETE":
            log.clear()
            return Response(status_code=204)
        query = request.query_params
        last = int(query["last"]) if query.get("last", "").isdigit() else 200
        told = log.as_json(last=last)
        filters = {name: query[name] for name in ("operation", "method", "path") if name in query}
        if filters:
            told["requests"] = [entry.as_json() for entry in log.find(**filters)][-last:]
        return JSONResponse(told)

    async def faults(self, request: Request) -> Response:
        faults = self.inside.faults
        if request.method == "DELETE":
            faults.clear()
            return Response(status_code=204)
        if request.method == "POST":
            order = await fields_of(request)
            orders = order if isinstance(order, list) else [order]
            try:
                for one in orders:
                    faults.told(one)
            except (ValueError, TypeError) as mistake:
                return problem(422, str(mistake))
        return JSONResponse(faults.as_json())

    async def land(self, _request: Request) -> Response:
        return JSONResponse({"landed": await self.inside.door.land()})

    async def reset(self, request: Request) -> Response:
        self.inside.reset()
        return done(request, {"reset": True}, "Emptied.")

    async def seed(self, request: Request) -> Response:
        order = dict(await fields_of(request) or {})
        try:
            size, seed = int(order.pop("size", 200)), int(order.pop("seed", 1))
            self.inside.seed(size=size, seed=seed, **order)
        except (ValueError, TypeError) as mistake:
            return problem(422, str(mistake))
        return done(request, {"size": size, "seed": seed}, f"Filled with size {size} from seed {seed}.")

    async def act(self, request: Request) -> Response:
        action = next((a for a in self.inside.actions() if a.name == request.path_params["name"]), None)
        if action is None:
            return problem(404, f"there is no action {request.path_params['name']!r}")
        try:
            answer = await action.run(await fields_of(request) or {})
        except (RefusedError, ValueError, TypeError, KeyError) as mistake:
            return problem(422, str(mistake) or "this cannot be done")
        return done(request, answer, f"{action.title}: done.")

    def _shelf(self, kind: str) -> Shelf | None:
        return next((shelf for shelf in self.inside.shelves() if shelf.kind == kind), None)


async def fields_of(request: Request) -> Any:
    """The body as JSON, or a form from the page (empty inputs are left out)."""
    body = await request.body()
    if not body:
        return {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    return await request.json()


def done(request: Request, answer: Any, said: str) -> Response:
    """JSON for a program; for a form of the page, back to the page."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return RedirectResponse(f"{PANEL}/?said={quote(said)}", status_code=303)
    return JSONResponse(answer)


def problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status_code=status)
