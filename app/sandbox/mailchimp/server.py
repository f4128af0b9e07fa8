"""The sandbox's Mailchimp as an ASGI application: raw, because benchmarks drive well over a thousand PUTs a second through it.

    sandbox = create_mailchimp(furnish=demo)
    async with serving(sandbox, port=8002) as base_url: ...
    sandbox.world.audience(list_id).member("someone@klant-voorbeeld.nl").status

From the outside in: the ten simultaneous requests of a user, the door (request log, latency, faults), then authentication,
the route and its handler.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from app.sandbox.control import control_routes
from app.sandbox.door import PANEL, Door
from app.sandbox.faults import Faults
from app.sandbox.mailchimp import problems
from app.sandbox.mailchimp.call import Call
from app.sandbox.mailchimp.credentials import credential, oauth_metadata
from app.sandbox.mailchimp.inside import Inside
from app.sandbox.mailchimp.problems import ProblemError
from app.sandbox.mailchimp.routes import Route, resolve
from app.sandbox.mailchimp.world import SIMULTANEOUS, Account, Login, Mailchimp
from app.sandbox.requestlog import RequestLog

ROOT = "/3.0"
RESULTS = "/batch-results/"
HTML = b"text/html; charset=utf-8"
XML = b"application/xml"
JSON = b"application/json; charset=utf-8"
PROBLEM = b"application/problem+json; charset=utf-8"
DESCRIBED_BY = b'<https://api.mailchimp.com/schema/3.0/ProblemDetailDocument.json>; rel="describedBy"'
NOWHERE = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"

_encode = json.JSONEncoder(separators=(",", ":")).encode


def create_mailchimp(
    *,
    furnish: Callable[[Mailchimp], None] | None = None,
    now: Callable[[], datetime] | None = None,
    pace: float = 1 / 60,
    batch_seconds: float = 2.0,
    log_limit: int = 2_000,
    rounds: bool = True,
    title: str = "Mailchimp sandbox",
) -> MailchimpSandbox:
    """``furnish`` opens the accounts and audiences that are there at the start and after a reset; without it there is one
    account with one audience. ``pace`` scales the 75 minutes over which a webhook is repeated. Without ``rounds`` nothing
    happens by itself: ``await sandbox.postman.deliver_due()`` carries the webhooks and
    ``await sandbox.world.mill.work_off()`` works off the batches, for tests with a clock of their own."""
    return MailchimpSandbox(
        Mailchimp(now=now, pace=pace, batch_seconds=batch_seconds),
        furnish=furnish or demo,
        log=RequestLog(limit=log_limit),
        rounds=rounds,
        title=title,
    )


def demo(world: Mailchimp) -> None:
    """One account with one audience, whose key and id are the same in every run."""
    account = world.open_account("Voorbeeldwinkel", key="0123456789abcdef0123456789abcdef-us6")
    account.open_audience("Klanten van de voorbeeldwinkel", id="a1b2c3d4e5")


class MailchimpSandbox:
    """The application, with everything inside it at hand: ``world``, ``faults``, ``log``, ``postman``, ``mails``."""

    def __init__(
        self,
        world: Mailchimp,
        *,
        furnish: Callable[[Mailchimp], None],
        log: RequestLog,
        rounds: bool,
        title: str,
    ) -> None:
        self.world = world
        self.postman = world.postman
        self.mails = world.mails
        self.world.mill.perform = self.perform_operation
        self.faults = Faults()
        self.log = log
        self.simultaneous = SIMULTANEOUS
        self.rounds = rounds
        self.door = Door(self._answer, faults=self.faults, log=log, name=self._name)
        self.inside = Inside(self, furnish=furnish, title=title)
        self.panel = Starlette(routes=control_routes(self.inside))
        self._answered = 0
        furnish(world)

    # -- the way in ----------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"].startswith(PANEL):
            await self.panel(scope, receive, send)
            return
        credential, who = self._caller(scope["headers"])
        scope["mailchimp.credential"], scope["mailchimp.who"] = credential, who
        if who is None:
            await self.door(scope, receive, send)
            return
        login = who[1]
        if login.in_flight >= self.simultaneous:
            login.refused += 1
            scope["mailchimp.refused"] = True
            await self.door(scope, receive, send)
            return
        login.in_flight += 1
        login.peak = max(login.peak, login.in_flight)
        try:
            await self.door(scope, receive, send)
        finally:
            login.in_flight -= 1

    def _caller(self, headers: list[tuple[bytes, bytes]]) -> tuple[str, tuple[Account, Login] | None]:
        for name, value in headers:
            if name == b"authorization":
                key = credential(value)
                return key, self.world.credentials.get(key) if key else None
        return "", None

    def _name(self, scope: Scope, _body: bytes) -> str:
        path: str = scope["path"]
        if not path.startswith(ROOT):
            return "batchresults.get" if path.startswith(RESULTS) else "beside"
        method = scope["method"]
        for name, value in scope["headers"]:
            if name == b"x-http-method-override" and method == "POST":
                method = value.decode("latin-1").upper()
        try:
            scope["mailchimp.route"] = found = resolve(method, path[len(ROOT) :])
        except ProblemError as problem:
            scope["mailchimp.route"] = problem
            return "unknown"
        return found[0].name

    # -- the answer ----------------------------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith(ROOT):
            await self._elsewhere(scope, send)
            return
        raw = (await receive()).get("body", b"")
        try:
            payload = await self._perform(scope, raw)
        except ProblemError as problem:
            await self._refuse(problem, send)
            return
        if payload is None:
            await send(
                {"type": "http.response.start", "status": 204, "headers": [(b"x-request-id", self._next())]}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        await reply(send, 200, JSON, _encode(payload).encode(), (b"x-request-id", self._next()))

    async def _perform(self, scope: Scope, raw: bytes) -> Any:
        for name, value in scope["headers"]:
            if name == b"x-trigger-error":
                raise problems.TRIGGERS.get(value.decode("latin-1"), problems.TRIGGERS["BadRequest"])
            if name == b"x-http-method-override" and scope["method"] != "POST":
                raise problems.method_override_refused()
        if not scope["mailchimp.credential"]:
            raise problems.key_missing()
        who = scope["mailchimp.who"]
        if who is None:
            raise problems.key_invalid()
        if scope.get("mailchimp.refused"):
            raise problems.too_many_connections()
        found = scope["mailchimp.route"]
        if isinstance(found, ProblemError):
            raise found
        account, login = who
        route, args = found
        return await self.perform(
            account,
            login,
            route,
            args,
            query_string=scope["query_string"],
            raw=raw,
            base_url=base_url(scope),
        )

    async def perform(
        self,
        account: Account,
        login: Login,
        route: Route,
        args: list[str],
        *,
        query_string: bytes = b"",
        raw: bytes = b"",
        base_url: str = "",
    ) -> dict[str, Any] | None:
        """One call after the caller is known; also what a batch's operations go through."""
        if login.disabled:
            raise problems.user_disabled()
        if route.method != "GET":
            if login.role == "viewer":
                raise problems.forbidden()
            if account.writes_refused:
                raise problems.plan_refused(account.writes_refused)
        call = Call(account, login, args=args, query_string=query_string, raw=raw, base_url=base_url)
        answer: dict[str, Any] | None = route.handler(call)
        if inspect.isawaitable(answer):
            answer = await answer
        return answer

    async def _refuse(self, problem: ProblemError, send: Send) -> None:
        instance = self._next()
        document = problem.document(instance=instance.decode())
        more = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        await reply(
            send,
            problem.status,
            PROBLEM,
            _encode(document).encode(),
            (b"x-request-id", instance),
            (b"link", DESCRIBED_BY),
            *more,
        )

    def _next(self) -> bytes:
        self._answered += 1
        number = self._answered
        return b"00000000-0000-4000-8000-%012x" % number

    async def _elsewhere(self, scope: Scope, send: Send) -> None:
        """What lies beside the API: the OAuth metadata and the archives of batch results."""
        path: str = scope["path"]
        who = scope["mailchimp.who"]
        if path.startswith(RESULTS):
            await self._results(path[len(RESULTS) :].partition("-")[0], scope, send)
        elif path != "/oauth2/metadata":
            await reply(send, 404, HTML, NOWHERE)
        elif who is None:
            await reply(send, 401, JSON, b'{"error":"invalid_token"}')
        else:
            metadata = oauth_metadata(*who, base_url=base_url(scope))
            await reply(send, 200, JSON, _encode(metadata).encode())

    async def _results(self, token: str, scope: Scope, send: Send) -> None:
        """A signed address of a storage: credentials beside the signature are refused, and after ten minutes it is over."""
        batch = self.world.mill.linked(token)
        if any(name == b"authorization" for name, _ in scope["headers"]):
            await reply(send, 400, XML, b"<Error><Code>InvalidArgument</Code></Error>")
        elif batch is None:
            await reply(
                send,
                403,
                XML,
                b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
            )
        else:
            await reply(send, 200, b"application/gzip", batch.archive())

    async def perform_operation(
        self, account: Account, login: Login, method: str, path: str, query: str, body: str
    ) -> tuple[int, Any]:
        """One operation of a batch: status and answer, a refusal included."""
        try:
            route, args = resolve(method, path.removeprefix(ROOT))
            answer = await self.perform(
                account, login, route, args, query_string=query.encode(), raw=body.encode("utf-8", "replace")
            )
        except ProblemError as problem:
            return problem.status, problem.document(instance=self._next().decode())
        return (204, None) if answer is None else (200, answer)

    # -- what lasts from one start to the next (memory.World) ---------------------------------------------------------

    def anchors(self) -> Mapping[str, object]:
        world = self.world
        return {"world": world, "clock": world.clock, "postman": world.postman, "mill": world.mill}

    def memory(self) -> dict[str, Any]:
        return self.world.memory()

    def recall(self, memory: Mapping[str, Any], *, clean: bool) -> None:  # noqa: ARG002 - no marker can fall here
        self.world.recall(memory)

    # -- the life of the server ----------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    def start(self) -> None:
        """What a server's start does; for those who call the application without a server."""
        if self.rounds:
            self.postman.start()
            self.world.mill.start()

    async def close(self) -> None:
        await self.door.close()
        await self.world.mill.close()
        await self.postman.close()


def base_url(scope: Scope) -> str:
    """As the caller wrote it."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
    return f"{scope['scheme']}://{host.decode('latin-1')}"


async def reply(send: Send, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
