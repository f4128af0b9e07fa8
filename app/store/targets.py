"""Targets: one record at the target as we know it, and who may write it now.

Two writes to one key never run at once: a key is reserved before it is written, held beyond the last send, and let go
early only for a known outcome. These locks live here, never in Redis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Insert,
    Integer,
    and_,
    bindparam,
    case,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.rows import packed, shallow, unpacked
from app.store.tables import TAKEN, targets
from app.store.upsert import chunks, upsert

_TAKER = ("taker_connection_id", "taker_ref", "natural_sealed")

Key = tuple[str, str]
"""(kind, hashed key) within one connection."""


@dataclass(frozen=True, slots=True)
class Target:
    """One row of ``targets``."""

    id: int
    kind: str
    key: str
    remote_id: str | None
    owner_connection_id: str | None
    owner_ref: str | None
    state: str
    hashes: Mapping[str, str]
    facts: Mapping[str, str]
    in_doubt: bool
    doubts: int
    holder: str | None
    held_until: int
    taker_connection_id: str | None = None
    taker_ref: str | None = None
    natural_sealed: bytes | None = None

    def taken_by(self, connection_id: str, ref: str) -> bool:
        """Whether this source record may have brought it about, and nobody knows."""
        return (self.taker_connection_id, self.taker_ref) == (connection_id, ref)


@dataclass(frozen=True, slots=True)
class Taking:
    """A key to be held. Where a record may come about under it now: for which source record, and the key itself, sealed."""

    kind: str
    key: str
    taker_ref: str | None = None
    natural_sealed: bytes | None = None


_COLUMNS = [targets.c[name] for name in Target.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that the interleaving tests take out one by one, to show that each is needed."""

    fence: bool = True
    no_row_doubt: bool = True
    held_means_no_comparison: bool = True
    hold_beyond_the_send: bool = True
    forget_doubted_hashes: bool = True
    page_at_requested_plus_one: bool = True


ALL_RULES = Rules()


async def load(conn: AsyncConnection, *, connection_id: str, keys: Iterable[Key]) -> dict[Key, Target]:
    """The rows of these keys, as far as there are any."""
    found: dict[Key, Target] = {}
    by_kind: dict[str, set[str]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, set()).add(key)
    for kind, names in by_kind.items():
        for part in chunks(sorted(names), 500):
            statement = select(*_COLUMNS).where(
                targets.c.connection_id == connection_id, targets.c.kind == kind, targets.c.key.in_(part)
            )
            for row in await conn.execute(statement):
                found[kind, row.key] = Target(*row)
    return found


async def by_id(conn: AsyncConnection, ids: Iterable[int]) -> dict[int, Target]:
    """These rows, as far as they are there."""
    found: dict[int, Target] = {}
    for part in chunks(sorted(set(ids)), 500):
        statement = select(*_COLUMNS).where(targets.c.id.in_(part))
        found |= {row.id: Target(*row) for row in await conn.execute(statement)}
    return found


async def by_remote(
    conn: AsyncConnection, *, connection_id: str, kind: str, remote_ids: Sequence[str]
) -> list[Target]:
    """The rows of these remote ids, as far as there are any."""
    found: list[Target] = []
    for part in chunks(sorted(set(remote_ids)), 500):
        statement = select(*_COLUMNS).where(
            targets.c.connection_id == connection_id, targets.c.kind == kind, targets.c.remote_id.in_(part)
        )
        found += [Target(*row) for row in await conn.execute(statement)]
    return found


async def owned(
    conn: AsyncConnection,
    *,
    connection_id: str,
    owner_connection_id: str,
    refs: Sequence[str],
    kinds: Sequence[str],
) -> dict[str, list[Target]]:
    """By source reference, the targets that these source records own, and those that they may have brought about."""
    rows: dict[int, Target] = {}
    row = targets.c
    for part in chunks(sorted(set(refs)), 500):
        for whose in (
            and_(row.owner_connection_id == owner_connection_id, row.owner_ref.in_(part)),
            # Literal, as in the index, which SQLite otherwise passes by for one that holds all of a kind.
            and_(row.taker_connection_id == owner_connection_id, TAKEN, row.taker_ref.in_(part)),
        ):
            statement = select(*_COLUMNS).where(
                row.connection_id == connection_id, whose, row.kind.in_(kinds)
            )
            rows |= {each.id: Target(*each) for each in await conn.execute(statement)}
    found: dict[str, list[Target]] = {}
    asked = set(refs)
    for _, target in sorted(rows.items()):
        whom = (
            (target.owner_connection_id, target.owner_ref),
            (target.taker_connection_id, target.taker_ref),
        )
        for ref in {ref for whose, ref in whom if whose == owner_connection_id and ref in asked}:
            found.setdefault(ref, []).append(target)
    return found


async def reserve(
    conn: AsyncConnection,
    takings: Iterable[Taking],
    *,
    connection_id: str,
    taker_connection_id: str,
    token: str,
    hold_ms: int,
    clock: Clock,
    rules: Rules = ALL_RULES,
) -> dict[Key, Target]:
    """Take hold of the keys that nobody holds, all in one statement, sorted. Those not returned are held by another.

    Who takes a doubted target, or one whose holder never let go, forgets all its hashes: what stands there is unknown.
    Where nothing of ours is known to stand, it is written down, before anything is sent, for whom something may come to
    stand there. An earlier one of whom nobody knows stays written down: it still has to look.
    """
    statement = _reserve(conn.dialect.name, clock, rules.forget_doubted_hashes)
    by_key = {(taking.kind, taking.key): taking for taking in takings}
    handed = packed(shallow(by_key[key]) for key in sorted(by_key))
    values = handed | {
        "b_connection": connection_id,
        "b_taker": taker_connection_id,
        "b_token": token,
        "b_hold": hold_ms,
    }
    return {(row.kind, row.key): Target(*row) for row in await conn.execute(statement, values)}


@lru_cache(maxsize=32)
def _reserve(dialect: str, clock: Clock, forget: bool) -> Insert:
    source, wanted = unpacked(dialect, {f.name: targets.c[f.name].type for f in fields(Taking)})
    now, row = clock.sql(), targets.c
    nobody = wanted["taker_ref"].is_(None)
    until = now + bindparam("b_hold", type_=Integer)
    nothing = literal({}, JSON)
    values = {
        "connection_id": bindparam("b_connection", type_=row.connection_id.type),
        "kind": wanted["kind"],
        "key": wanted["key"],
        "state": literal("new"),
        "hashes": nothing,
        "facts": nothing,
        "in_doubt": literal(False, Boolean),
        "doubts": literal(0),
        "holder": bindparam("b_token", type_=row.holder.type),
        "held_until": until,
        "taker_connection_id": case(
            (nobody, None), else_=bindparam("b_taker", type_=row.taker_connection_id.type)
        ),
        "taker_ref": wanted["taker_ref"],
        "natural_sealed": wanted["natural_sealed"],
        "updated_at": now,
    }
    insert = upsert(dialect, targets).from_select(
        list(values),
        select(*values.values()).select_from(source).where(true()),  # WHERE: SQLite's ON is ambiguous
    )
    doubted = or_(row.in_doubt, row.holder.is_not(None))
    stays = or_(row.state == literal_column("'present'"), and_(doubted, row.taker_ref.is_not(None)))
    return insert.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["connection_id", "kind", "key"],
        set_={
            "hashes": case((doubted, nothing), else_=row.hashes) if forget else row.hashes,
            "in_doubt": doubted,
            "holder": insert.excluded.holder,
            "held_until": insert.excluded.held_until,
        }
        | {name: case((stays, row[name]), else_=insert.excluded[name]) for name in _TAKER},
        where=is_free(now),
    ).returning(*_COLUMNS)


def is_free(now: ColumnElement[int]) -> ColumnElement[bool]:
    """Nobody holds it, and nothing that was sent to it can still land."""
    return and_(targets.c.held_until <= now, targets.c.lands_until <= now)


async def renew(conn: AsyncConnection, *, token: str, hold_ms: int, clock: Clock) -> None:
    """Move the end of every hold of this worker, so that each send has its whole time ahead."""
    row, now = targets.c, clock.sql()
    await conn.execute(
        update(targets).where(row.holder == token, row.held_until > now).values(held_until=now + hold_ms)
    )


async def lock(conn: AsyncConnection, keys: Iterable[Key], *, connection_id: str) -> None:
    """On PostgreSQL: lock these rows in the order in which reserving locks them, so that nobody waits in a circle.

    Whoever also touches deliveries locks the targets first.
    """
    if conn.dialect.name != "postgresql":
        return  # its writers come one by one
    row = targets.c
    by_kind: dict[str, set[str]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, set()).add(key)
    for kind in sorted(by_kind):
        for part in chunks(sorted(by_kind[kind]), 500):
            await conn.execute(
                select(row.id)
                .where(row.connection_id == connection_id, row.kind == kind, row.key.in_(part))
                .order_by(row.key.collate("C"))
                .with_for_update()
            )


async def let_go(conn: AsyncConnection, ids: Iterable[int], *, token: str) -> None:
    """Release targets to which nothing more is under way; what was known before, doubt included, stays."""
    row = targets.c
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(targets)
            .where(row.id.in_(part), row.holder == token)
            .values(
                {"holder": None, "held_until": 0}
                | {name: case((row.in_doubt, row[name]), else_=None) for name in _TAKER}
            )
        )


async def held_for_ms(
    conn: AsyncConnection, keys: Iterable[Key], *, connection_id: str, clock: Clock
) -> dict[Key, int]:
    """How long these keys are still held at most, or a call to them may still land."""
    row, now = targets.c, clock.sql()
    until = case((row.lands_until > row.held_until, row.lands_until), else_=row.held_until)
    found: dict[Key, int] = {}
    by_kind: dict[str, set[str]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, set()).add(key)
    for kind, names in by_kind.items():
        statement = select(row.key, until - now).where(
            row.connection_id == connection_id, row.kind == kind, row.key.in_(names)
        )
        found |= {(kind, key): max(0, int(left)) for key, left in await conn.execute(statement)}
    return found
