"""The sandbox till: a stateful MplusKASSA that speaks SOAP as the real one does, with a panel (mplus.md §1, §6).

    till = create_till(size=200, seed=1)
    async with serving(till) as base_url:                       # POST {base_url}/?ident=sandbox&secret=sandbox-secret
        till.relations.edit(1, email="new@klant-voorbeeld.nl")  # as a cashier would
        await till.sessions.complete(relation=1)                # fires the subscribed webhooks
        till.log.find(operation="getRelations"); till.faults.fail_next(operation="updateRelation", kind="reset_after")

The till itself is the ASGI application. Parts hold the records; a new kind of record is a new part, named here once.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from app.sandbox.control import Action, Shelf, control_routes
from app.sandbox.door import Door, read_body
from app.sandbox.faults import TEXT_XML, Faults
from app.sandbox.mplus.cards import Cards
from app.sandbox.mplus.catalogue import Catalogue
from app.sandbox.mplus.cataloguepanel import CataloguePanel
from app.sandbox.mplus.counter import Counter
from app.sandbox.mplus.description import description
from app.sandbox.mplus.envelope import SoapFault, answered, faulted, opened, operation_name
from app.sandbox.mplus.finance import Finance
from app.sandbox.mplus.groups import Groups
from app.sandbox.mplus.idempotency import Answers
from app.sandbox.mplus.ids import Ids
from app.sandbox.mplus.images import Images
from app.sandbox.mplus.invoicecalls import InvoiceCalls
from app.sandbox.mplus.invoices import Invoices
from app.sandbox.mplus.life import Life
from app.sandbox.mplus.marked import Marked
from app.sandbox.mplus.ordercalls import OrderCalls
from app.sandbox.mplus.orders import Orders
from app.sandbox.mplus.organisation import Organisation
from app.sandbox.mplus.panel import switches
from app.sandbox.mplus.part import Handler, Part
from app.sandbox.mplus.posting import Postman
from app.sandbox.mplus.receipts import Receipts
from app.sandbox.mplus.relationcalls import RelationCalls
from app.sandbox.mplus.relations import Relations
from app.sandbox.mplus.salespanel import SalesPanel
from app.sandbox.mplus.salesseed import seed_sales
from app.sandbox.mplus.schema import ZONE, Schema, Unreadable, local
from app.sandbox.mplus.service import Service
from app.sandbox.mplus.sessionpanel import SessionPanel
from app.sandbox.mplus.sessions import Sessions
from app.sandbox.mplus.settings import SINCE, TillSettings
from app.sandbox.mplus.slips import Slips
from app.sandbox.mplus.stock import Stock
from app.sandbox.mplus.stockcalls import StockCalls
from app.sandbox.mplus.wire import articles as articles_wire
from app.sandbox.mplus.wire import finance as finance_wire
from app.sandbox.mplus.wire import invoices as invoices_wire
from app.sandbox.mplus.wire import orders as orders_wire
from app.sandbox.mplus.wire import relations as relations_wire
from app.sandbox.mplus.wire import service as service_wire
from app.sandbox.mplus.wire import shared as shared_wire
from app.sandbox.mplus.wire import stock as stock_wire
from app.sandbox.requestlog import RequestLog

SKIPPED_MARKS = 1_000
WIRES = (
    shared_wire,
    service_wire,
    relations_wire,
    finance_wire,
    articles_wire,
    stock_wire,
    orders_wire,
    invoices_wire,
)


def create_till(
    *,
    settings: TillSettings | None = None,
    size: int = 200,
    seed: int = 1,
    articles: int | None = None,
    sales: int | None = None,
    now: Callable[[], datetime] | None = None,
    log_limit: int = 2_000,
) -> Till:
    """A till with a shop of ``size`` relations from ``seed`` in it, and ``articles`` and ``sales`` (as many, at most 200, if
    not given); ``size=0`` gives an empty one. ``now`` must be aware."""
    till = Till(settings=settings, now=now, log=RequestLog(limit=log_limit))
    if size or articles:
        more = {"articles": articles, "sales": sales}
        till.seed(size=size, seed=seed, **{name: value for name, value in more.items() if value is not None})
    return till


class Till:
    title = "MplusKASSA sandbox"

    def __init__(
        self,
        *,
        settings: TillSettings | None = None,
        now: Callable[[], datetime] | None = None,
        log: RequestLog | None = None,
    ) -> None:
        self.settings = settings or TillSettings()
        self.base_url = (
            "http://127.0.0.1"  # as the last caller called us: what public addresses of pictures begin with
        )
        self._now = now or (lambda: datetime.now(UTC))
        self._then: datetime | None = None
        self.faults = Faults()
        self.log = log or RequestLog()
        self.schema = Schema(*WIRES, empty_dates_as_zero=self.settings.empty_dates_as_zero)
        self.postman = Postman(seconds=self.settings.webhook_seconds)
        self.service = Service(self)
        self.organisation = Organisation(self)
        self.cards = Cards(self)
        self.relations = Relations(self)
        self.sessions = Sessions(self)
        self.finance = Finance(self)
        self.groups = Groups(self)
        self.images = Images(self)
        self.catalogue = Catalogue(self)
        self.stock = Stock(self)
        self.ids = Ids(self)
        self.answers = Answers(self)
        self.orders = Orders(self)
        self.slips = Slips(self)
        self.invoices = Invoices(self)
        self.receipts = Receipts(self)
        self.counter = Counter(self)
        self.parts: tuple[Part, ...] = (
            self.service,
            self.organisation,
            self.cards,
            self.relations,
            RelationCalls(self),
            self.finance,
            self.groups,
            self.images,
            self.catalogue,
            CataloguePanel(self),
            self.stock,
            StockCalls(self),
            self.ids,
            self.answers,
            self.orders,
            OrderCalls(self),
            self.slips,
            self.invoices,
            InvoiceCalls(self),
            self.receipts,
            self.counter,
            SalesPanel(self),
            self.sessions,
            SessionPanel(self),
        )
        self.life = Life(self)
        self.handlers: dict[str, Handler] = {}
        for part in self.parts:
            self.handlers.update(part.operations())
        self._kept: dict[str, dict[str, Any]] = {}
        pages = [*control_routes(self), *(route for part in self.parts for route in part.routes())]
        self._pages = Starlette(routes=pages, lifespan=self._lifespan)
        self.door = Door(self._inside, faults=self.faults, log=self.log, name=name_operation)

    def now(self) -> datetime:
        """The shop's wall clock."""
        return self._then or self._now().astimezone(ZONE)

    @contextmanager
    def back_then(self, moment: datetime) -> Iterator[None]:
        """What happens in the block happened at this moment."""
        self._then = moment
        try:
            yield
        finally:
            self._then = None

    # the wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.door(scope, receive, send)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await self._talk(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        self._called_at(scope)
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and "wsdl" in {name.lower() for name in query}:
            await say(send, 200, description(self.schema, self.handlers).encode(), TEXT_XML)
        elif scope["method"] != "POST":
            await say(send, 405, b"Method Not Allowed", "text/plain", (b"allow", b"POST"))
        elif self.settings.bare_401 and not self._known(query):
            await say(send, 401, b"Unauthorized", "text/plain")
        else:
            try:
                if not self._known(query):
                    raise SoapFault("Client.Authentication", "Authentication failed")
                status, body = 200, await self._answer(await read_body(receive))
            except SoapFault as fault:
                status, body = 500, faulted(fault.code, fault.text)
            timing = f"total;dur={(time.perf_counter() - started) * 1000:.1f}".encode()
            version = self.settings.service.encode()
            await say(
                send, status, body, TEXT_XML, (b"mplus-service-version", version), (b"server-timing", timing)
            )

    def _called_at(self, scope: Scope) -> None:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        base = f"{scope.get('scheme', 'http')}://{host.decode('latin-1')}"
        if host and base != self.base_url:
            self.base_url = base
            self.catalogue.products.forget_texts()

    def _known(self, query: Mapping[str, list[str]]) -> bool:
        return query.get("ident") == [self.settings.ident] and query.get("secret") == [self.settings.secret]

    async def _answer(self, body: bytes) -> bytes:
        element = opened(body)
        name = local(element)
        handler = self.handlers.get(name)
        if handler is None or SINCE.get(name, 0) > self.settings.service_major:
            raise SoapFault(
                "Client", f"Method 'ns:{name}' not implemented: method name or namespace not recognized"
            )
        try:
            signature, arguments = self.schema.request(element)
        except Unreadable as mistake:
            raise SoapFault("Client", f"Validation constraint violation: {mistake}") from None
        values = handler(arguments)
        if inspect.isawaitable(values):
            values = await values
        return answered(self.schema.answer(signature.response, values))

    # the panel (control.Inside)

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = {"markers": self.service.marks()}
        for part in self.parts:
            told.update(part.state())
        return told

    def reset(self) -> None:
        for part in self.parts:
            part.clear()

    def seed(self, *, size: int, seed: int, **more: Any) -> None:
        """``size`` relations; ``articles`` and ``sales`` as many, at most 200, if not given."""
        unknown = set(more) - {"articles", "sales"}
        if unknown:
            raise ValueError(f"a till's seed has no {', '.join(sorted(unknown))}")
        self.reset()
        for part in self.parts:
            part.seed(size=size, seed=seed)
        self.catalogue.seed_articles(articles=int(more.get("articles", min(size, 200))), seed=seed)
        seed_sales(self, sales=int(more.get("sales", min(size, 200))), seed=seed)

    def take_backup(self) -> None:
        self._kept = {type(part).__name__: part.backup() for part in self.parts}

    def restore_backup(self) -> bool:
        """The till is as it was at the backup: records are older, markers have fallen. False without a backup."""
        for part in self.parts:
            if type(part).__name__ in self._kept:
                part.restore(self._kept[type(part).__name__])
        return bool(self._kept)

    # what lasts from one start to the next (memory.World)

    def anchors(self) -> Mapping[str, object]:
        named = {type(part).__name__: part for part in self.parts}
        return {"till": self, "schema": self.schema, "postman": self.postman, **named}

    def memory(self) -> dict[str, Any]:
        parts = {
            type(part).__name__: {name: held for name, held in vars(part).items() if name != "till"}
            for part in self.parts
        }
        return {"parts": parts, "settings": self.settings, "life": self.life}

    def recall(self, memory: Mapping[str, Any], *, clean: bool) -> None:
        """After an unclean end the markers go on well above: what was told in the last moment must not seem to fall."""
        for part in self.parts:
            vars(part).update(memory["parts"].get(type(part).__name__, {}))
        self.settings, self.life = memory["settings"], memory["life"]
        self.schema.empty_dates_as_zero = self.settings.empty_dates_as_zero
        self.postman.seconds = self.settings.webhook_seconds
        if not clean:
            for part in self.parts:
                for held in vars(part).values():
                    if isinstance(held, Marked):
                        held.skip(SKIPPED_MARKS)
            self.ids.skip(SKIPPED_MARKS)

    def hold_commits(self, kind: str, changes: int = 1) -> bool:
        """The next changes of a kind take their markers now and are seen only after ``release_commits``."""
        return any(part.hold(kind, changes) for part in self.parts)

    def release_commits(self) -> int:
        return sum(part.release() for part in self.parts)

    def shelves(self) -> Sequence[Shelf]:
        return [shelf for part in self.parts for shelf in part.shelves()]

    def actions(self) -> Sequence[Action]:
        return [*(action for part in self.parts for action in part.actions()), *switches(self)]

    def notes(self) -> Sequence[str]:
        missing = ", ".join(sorted(self.settings.missing_rights)) or "none"
        return (
            f"Service {self.settings.service}. Missing rights: {missing}. SOAP at POST /?ident=…&secret=…, WSDL at /?wsdl.",
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await self.close()

    async def close(self) -> None:
        await self.postman.close()
        await self.door.close()


def name_operation(scope: Scope, body: bytes) -> str:
    if scope["method"] != "POST":
        return f"{scope['method']} {scope['path']}"
    return operation_name(body) or "unreadable"


async def say(send: Send, status: int, body: bytes, kind: str, *headers: tuple[bytes, bytes]) -> None:
    fixed = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
