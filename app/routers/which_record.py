"""Which source record somebody means: by its number, by a person's address, by a SKU, or any one as a sample."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from app.connectors.base import Fetched, Found, LooksUp, Scans
from app.errors import InvalidInput, NotFound
from app.pipeline.reading import read_all
from app.pipeline.rehearsal import Rehearsed, rehearse
from app.pipeline.route import Route
from app.routers.bodies import Body, with_examples
from app.store import targets
from app.values.email import normalise_email

SAMPLED = 20
"""So many records are looked at for a sample that shows something."""


class WhichRecord(Body):
    """One source record: by its reference, by e-mail address where the flow is about people, or by SKU where it is about
    articles."""

    model_config = with_examples({"record": "17"})

    record: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The source's reference, such as a relation number",
        examples=["17"],
    )
    email: str | None = Field(
        default=None, max_length=254, description="The person's address, at either side", examples=[None]
    )
    sku: str | None = Field(
        default=None, min_length=1, max_length=100, description="The article's SKU", examples=[None]
    )

    @model_validator(mode="after")
    def one_of_them(self) -> WhichRecord:
        """Exactly one."""
        if sum(each is not None for each in (self.record, self.email, self.sku)) != 1:
            raise ValueError("give one of record, email and sku")
        return self


class RecordToShow(WhichRecord):
    """The same, or any one as a sample."""

    model_config = with_examples({"record": "17"}, {"sample": True})

    sample: bool = Field(
        default=False,
        description="Any record: one that would be written, if there is such among the first",
        examples=[False],
    )

    @model_validator(mode="after")
    def one_of_them(self) -> RecordToShow:
        """Exactly one."""
        if sum(each is not None for each in (self.record, self.email, self.sku)) + self.sample != 1:
            raise ValueError("give one of record, email and sku, or ask for a sample")
        return self


async def reference(route: Route, which: WhichRecord) -> str:
    """The source's reference of the record that is meant. Raises InvalidInput, or NotFound when nobody knows it."""
    if which.record is not None:
        return which.record
    name, value = ("email", normalise_email(which.email)) if which.sku is None else ("sku", which.sku.strip())
    if not value:
        raise InvalidInput("That is no e-mail address.", field="email")
    keys = [(kind, route.key(kind, value)) for kind in route.translation.target_kinds]
    async with route.db.read() as db:
        rows = await targets.load(db, connection_id=route.target_connection_id, keys=keys)
    for row in rows.values():
        if row.owner_ref is not None and row.owner_connection_id == route.source_connection_id:
            return row.owner_ref
    if isinstance(route.source, LooksUp):
        found = await route.source.look_up(route.record_kind, **{name: value})
        if found is not None:
            return found
    raise NotFound(
        f"The source has no record with this {'address' if name == 'email' else 'SKU'}.",
        advice="Give the record's own number instead.",
        field=name,
    )


async def sample(route: Route) -> Rehearsed:
    """A record of the source, rehearsed: one that would be written if there is such among the first. Raises NotFound."""
    found = [answer for answer in await _some(route) if isinstance(answer, Found)]
    told = await rehearse(route, found[:SAMPLED], whole=True, by_hand=True)
    if not told:
        raise NotFound(
            "The source holds nothing of this kind yet.", advice="Make one there, then look again."
        )
    return next((each for each in told if each.acts and each.error is None), told[0])


async def _some(route: Route) -> Sequence[Fetched]:
    """The first records that the source shows."""
    source, kind = route.source, route.record_kind
    if isinstance(source, Scans) and kind in source.scanned:
        refs = await _scanned(route, source)
        held: dict[str, Fetched] = {}
    else:
        page = await source.changes(kind, since=1, limit=SAMPLED)
        held = {answer.ref: answer for answer in page.found}
        refs = list(dict.fromkeys(change.ref for change in page.changed))[:SAMPLED]
    read, failed = await read_all(route.reader(), [ref for ref in refs if ref not in held])
    if failed and not (held or read):
        raise next(iter(failed.values()))
    return [each for ref in refs if (each := held.get(ref) or read.get(ref)) is not None]


async def _scanned(route: Route, source: Scans) -> list[str]:
    async for page in source.scan(route.record_kind, route.places):
        if page:
            return [glimpse.ref for glimpse in page[:SAMPLED]]
    return []
