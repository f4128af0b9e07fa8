"""What became of a write: a target's known outcome, a doubt about it, and what may stand there without our knowing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import JSON, Update, and_, bindparam, case, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.rows import given, packed, shallow
from app.store.tables import targets
from app.store.targets import Taking
from app.store.upsert import chunks


@dataclass(frozen=True, slots=True)
class Outcome:
    """The known outcome of writing one target. ``hashes`` and ``facts`` are the whole new content of the row."""

    id: int
    doubts: int
    remote_id: str | None
    owner_connection_id: str | None
    owner_ref: str | None
    state: str
    hashes: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)


async def conclude(
    conn: AsyncConnection, outcomes: Sequence[Outcome], *, token: str, clock: Clock, fenced: bool = True
) -> set[int]:
    """Store known outcomes and let go; the ids that we still held. A doubt that came meanwhile stays."""
    if not outcomes:
        return set()
    names = Outcome.__dataclass_fields__
    handed = packed({name: getattr(outcome, name) for name in names} for outcome in outcomes)
    statement = _conclude(conn.dialect.name, clock, fenced)
    return set((await conn.execute(statement, handed | {"b_token": token})).scalars())


@lru_cache(maxsize=32)
def _conclude(dialect: str, clock: Clock, fenced: bool) -> Update:
    row = targets.c
    new = given(dialect, {name: row[name].type for name in Outcome.__dataclass_fields__}).c
    undisturbed = row.doubts == new.doubts
    return (
        update(targets)
        .where(row.id == new.id, row.holder == bindparam("b_token") if fenced else true())
        .values(
            remote_id=new.remote_id,
            owner_connection_id=new.owner_connection_id,
            owner_ref=new.owner_ref,
            state=new.state,
            # Who was doubted meanwhile is not believed, nor anything that was known of it.
            hashes=case((undisturbed, new.hashes), else_=literal({}, JSON)),
            facts=new.facts,
            in_doubt=~undisturbed,
            holder=None,
            held_until=0,
            taker_connection_id=None,
            taker_ref=None,
            natural_sealed=None,
            updated_at=clock.sql(),
        )
        .returning(row.id)
    )


async def displace(conn: AsyncConnection, ids: Iterable[int], *, token: str, clock: Clock) -> None:
    """The records that stood under these keys are known under another now: nothing of them is left here, and we let go.

    Whoever may have brought something else about under such a key without anybody's knowing stays written down.
    """
    row = targets.c
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(targets)
            .where(row.id.in_(part), row.holder == token)
            .values(
                remote_id=None,
                owner_connection_id=None,
                owner_ref=None,
                state="gone",
                hashes={},
                facts={},
                holder=None,
                held_until=0,
                updated_at=clock.sql(),
            )
        )


async def doubt(
    conn: AsyncConnection,
    ids: Iterable[int],
    *,
    clock: Clock,
    lands_ms: int = 0,
    token: str | None = None,
) -> None:
    """Something was sent and its outcome is unknown. It may land within ``lands_ms`` from now: so long nobody takes hold, since
    whoever looked would believe what he sees. Where ``token`` holds it, it lets go."""
    row, now = targets.c, clock.sql()
    for part in chunks(sorted(set(ids)), 500):
        values: dict[str, object] = {"in_doubt": True, "doubts": row.doubts + 1, "updated_at": now}
        if lands_ms:
            values["lands_until"] = now + lands_ms
        if token is not None:
            values["holder"] = case((row.holder == token, None), else_=row.holder)
            values["held_until"] = case((row.holder == token, 0), else_=row.held_until)
        await conn.execute(update(targets).where(row.id.in_(part)).values(**values))


async def beside(conn: AsyncConnection, *, connection_id: str, remote_ids: Iterable[str]) -> list[int]:
    """The rows of these remote records, under whatever key they are known now."""
    found: list[int] = []
    row = targets.c
    for part in chunks(sorted(set(remote_ids)), 500):
        statement = select(row.id).where(row.connection_id == connection_id, row.remote_id.in_(part))
        found += (await conn.execute(statement)).scalars()
    return found


async def may_stand(
    conn: AsyncConnection, takings: Mapping[int, Taking], *, taker_connection_id: str, clock: Clock
) -> None:
    """What an overtaken worker sent may have come about under keys that others have settled since: by id, for whom."""
    if not takings:
        return
    handed = packed(
        {"id": id} | shallow(taking) for id, taking in sorted(takings.items()) if taking.taker_ref
    )
    values = handed | {"b_taker": taker_connection_id}
    await conn.execute(_may_stand(conn.dialect.name, clock), values)


@lru_cache(maxsize=32)
def _may_stand(dialect: str, clock: Clock) -> Update:
    row = targets.c
    new = given(dialect, {name: row[name].type for name in ("id", "taker_ref", "natural_sealed")}).c
    nobody = and_(row.state != "present", row.taker_ref.is_(None))
    return (
        update(targets)
        .where(row.id == new.id, nobody)
        .values(
            taker_connection_id=bindparam("b_taker"),
            taker_ref=new.taker_ref,
            natural_sealed=new.natural_sealed,
            updated_at=clock.sql(),
        )
    )


async def remember(conn: AsyncConnection, facts: Mapping[int, Mapping[str, str]]) -> None:
    """The whole facts of rows, by id."""
    for id, each in sorted(facts.items()):
        await conn.execute(update(targets).where(targets.c.id == id).values(facts=dict(each)))
