"""One open connection to a till: what changed, what a record says now, and looking people up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Diagnosis, Document, Fetched, Gone, Page, Source, Target, wrong_kind
from app.connectors.mplus import check, customers, refusals
from app.connectors.mplus.calls import Till
from app.connectors.mplus.models import Version
from app.connectors.mplus.shelf import MAX_PAGE, Shelf
from app.errors import RecordRefused

SHELVES: Mapping[str, Shelf] = {shelf.mark: shelf for shelf in (customers.SHELF,)}


class MplusClient:
    """Reads and writes of one till. ``account`` names whom its limits count: the till's host and port."""

    def __init__(self, till: Till, *, webhook_url: str | None = None):
        self.till = till
        self.account = f"mplus:{till.host}:{till.port}"
        self._webhook_url = webhook_url
        self._absent: set[str] = set()

    async def check(self) -> Diagnosis:
        """What stands in the way, or what is there: version, branches, webhooks."""
        return await check.diagnose(self.till, webhook_url=self._webhook_url)

    async def marks(self) -> Mapping[str, int]:
        """The newest position of every kind, in one light call."""
        answer = await self.till.document("getCurrentSyncMarkers")
        return {shelf.kind: answer[mark] for mark, shelf in SHELVES.items() if mark in answer}

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        """Records of the kind whose marker is ``since`` or later."""
        shelf = shelf_of(kind)
        wanted = max(1, min(limit, MAX_PAGE))
        answer = await self.till.call(shelf.operation, shelf.by_mark(max(since, 0), wanted))
        return shelf.page(answer, since=since, limit=wanted)

    def source(self, kind: str) -> Source:
        """Reads one kind by reference."""
        return TillSource(self.till, shelf_of(kind))

    def target(self, kind: str) -> Target:
        """Writes one kind."""
        raise wrong_kind("MplusKASSA", kind)

    async def version(self) -> Version:
        """The service's build: known from any answer of a recent service, asked of an older one."""
        if not self.till.version.known:
            self.till.version = Version.of_answer(await self.till.document("getApiVersion"))
        return self.till.version

    async def newest(
        self, *choices: tuple[str, Mapping[str, Any]], writing: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """The answer of the newest operation that this till has, and which one it was. Choices come newest first.

        The version decides; a till that refuses an operation it should have is asked the older way, and not again.
        """
        version = await self.version()
        last = len(choices) - 1
        refused: dict[str, RecordRefused] = {}
        for number, (operation, arguments) in enumerate(choices):
            if number != last and (operation in self._absent or not version.has(operation)):
                continue
            try:
                answer = await self.till.document(operation, arguments, writing=writing)
            except RecordRefused as error:
                if error.code != "client_fault" or number == last:
                    raise next(iter(refused.values()), error) from None
                refused[operation] = error
                continue
            self._absent.update(refused)
            return operation, answer
        raise AssertionError("the last choice either answers or raises")

    async def find_relation(self, email: str) -> Document | None:
        """The relation with exactly this address (any case), or None.

        The older look-up matches parts of addresses and answers one relation only, so what it finds is compared; when
        it found somebody else, a namesake may hide the one that was meant, and only a caller's index can tell.
        """
        wanted: Document = {"email": email}
        _, answer = await self.newest(
            ("findRelationV2", {"request": {"relation": wanted, "exactMatch": True}}),
            ("findRelation", {"relation": wanted}),
        )
        refused = refusals.of_result(answer, operation="findRelation")
        if refused is not None:
            if refused.code == "not_found":
                return None
            raise refused
        relation = answer.get("relation") or {}
        same = str(relation.get("email", "")).strip().casefold() == email.strip().casefold()
        return customers.read(relation) if same else None


class TillSource:
    """Reads the records of one shelf, in lists."""

    def __init__(self, till: Till, shelf: Shelf):
        self._till = till
        self._shelf = shelf

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once. One that this till could never have given is gone."""
        shelf = self._shelf
        numbers = {ref: number for ref in dict.fromkeys(refs) if (number := shelf.known(ref)) is not None}
        fetched: list[Fetched] = [Gone(ref) for ref in dict.fromkeys(refs) if ref not in numbers]
        asked = list(numbers)
        for start in range(0, len(asked), shelf.chunk):
            chunk = asked[start : start + shelf.chunk]
            answer = await self._till.call(shelf.operation, shelf.by_refs([numbers[ref] for ref in chunk]))
            fetched += shelf.fetched(answer, chunk)
        return fetched


def shelf_of(kind: str) -> Shelf:
    """The shelf of a kind of record. Raises AdministratorError for one that this till does not have."""
    found = next((shelf for shelf in SHELVES.values() if shelf.kind == kind), None)
    if found is None:
        raise wrong_kind("MplusKASSA", kind)
    return found
