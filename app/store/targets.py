"""Targets: one record at the target as we know it, and who may write it now.

Two writes to one key never run at once: a key is reserved before it is written, held beyond the last send, and let go
early only for a known outcome. These locks live here, never in Redis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import JSON, and_, bindparam, case, delete, literal, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import deliveries as delivery_rows
from app.store.clock import Clock
from app.store.tables import contenders, deliveries, targets, waits
from app.store.upsert import chunks, upsert

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


async def load(conn: AsyncConnection, *, connection_id: str, keys: Sequence[Key]) -> dict[Key, Target]:
    """The rows of these keys, as far as there are any."""
    found: dict[Key, Target] = {}
    for part in chunks(sorted(set(keys)), 400):
        statement = select(*_COLUMNS).where(
            targets.c.connection_id == connection_id, tuple_(targets.c.kind, targets.c.key).in_(part)
        )
        for row in (await conn.execute(statement)).mappings():
            found[row["kind"], row["key"]] = Target(**row)
    return found


async def owned(
    conn: AsyncConnection,
    *,
    connection_id: str,
    owner_connection_id: str,
    refs: Sequence[str],
    kinds: Sequence[str],
) -> dict[str, list[Target]]:
    """By source reference, the targets that these source records own."""
    found: dict[str, list[Target]] = {}
    for part in chunks(sorted(set(refs)), 500):
        statement = (
            select(*_COLUMNS)
            .where(
                targets.c.connection_id == connection_id,
                targets.c.owner_connection_id == owner_connection_id,
                targets.c.owner_ref.in_(part),
                targets.c.kind.in_(kinds),
            )
            .order_by(targets.c.id)
        )
        for row in (await conn.execute(statement)).mappings():
            found.setdefault(row["owner_ref"], []).append(Target(**row))
    return found


async def reserve(
    conn: AsyncConnection,
    keys: Sequence[Key],
    *,
    connection_id: str,
    token: str,
    hold_ms: int,
    clock: Clock,
    rules: Rules = ALL_RULES,
) -> dict[Key, Target]:
    """Take hold of the keys that nobody holds, all in one statement, sorted. Those not returned are held by another.

    Who takes a doubted target, or one whose holder never let go, forgets all its hashes: what stands there is unknown.
    """
    taken: dict[Key, Target] = {}
    now = clock.sql()
    for part in chunks(sorted(set(keys)), 150):
        insert = upsert(conn, targets).values(
            [
                {
                    "connection_id": connection_id,
                    "kind": kind,
                    "key": key,
                    "state": "new",
                    "hashes": {},
                    "facts": {},
                    "in_doubt": False,
                    "doubts": 0,
                    "holder": token,
                    "held_until": now + hold_ms,
                    "updated_at": now,
                }
                for kind, key in part
            ]
        )
        doubted = or_(targets.c.in_doubt, targets.c.holder.is_not(None))
        forget = doubted if rules.forget_doubted_hashes else and_(doubted, literal(False))
        statement = insert.on_conflict_do_update(
            index_elements=["connection_id", "kind", "key"],
            set_={
                "hashes": case((forget, literal({}, JSON)), else_=targets.c.hashes),
                "in_doubt": doubted,
                "holder": token,
                "held_until": now + hold_ms,
            },
            where=targets.c.held_until <= now,
        ).returning(*_COLUMNS)
        for row in (await conn.execute(statement)).mappings():
            taken[row["kind"], row["key"]] = Target(**row)
    return taken


async def renew(conn: AsyncConnection, *, token: str, hold_ms: int, clock: Clock) -> None:
    """Move the end of every hold of this worker, so that each send has its whole time ahead."""
    await conn.execute(
        update(targets)
        .where(targets.c.holder == token, targets.c.held_until > clock.sql())
        .values(held_until=clock.sql() + hold_ms)
    )


async def let_go(conn: AsyncConnection, ids: Sequence[int], *, token: str) -> None:
    """Release targets to which nothing was sent; what was known before, doubt included, stays."""
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(targets)
            .where(targets.c.id.in_(part), targets.c.holder == token)
            .values(holder=None, held_until=0)
        )


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
) -> None:
    """Store known outcomes and let go. A doubt that came meanwhile stays, and with it nothing is believed."""
    if not outcomes:
        return
    row = targets.c
    undisturbed = row.doubts == bindparam("b_doubts")
    statement = (
        update(targets)
        .where(row.id == bindparam("b_id"), row.holder == token if fenced else true())
        .values(
            remote_id=bindparam("b_remote"),
            owner_connection_id=bindparam("b_owner"),
            owner_ref=bindparam("b_ref"),
            state=bindparam("b_state"),
            hashes=case((undisturbed, bindparam("b_hashes", type_=JSON)), else_=literal({}, JSON)),
            facts=bindparam("b_facts", type_=JSON),
            in_doubt=case((undisturbed, False), else_=True),
            holder=None,
            held_until=0,
            updated_at=clock.sql(),
        )
    )
    await conn.execute(
        statement,
        [
            {
                "b_id": o.id,
                "b_doubts": o.doubts,
                "b_remote": o.remote_id,
                "b_owner": o.owner_connection_id,
                "b_ref": o.owner_ref,
                "b_state": o.state,
                "b_hashes": dict(o.hashes),
                "b_facts": dict(o.facts),
            }
            for o in sorted(outcomes, key=lambda o: o.id)
        ],
    )


async def doubt(
    conn: AsyncConnection,
    ids: Sequence[int],
    *,
    clock: Clock,
    hold_ms: int | None = None,
    token: str | None = None,
) -> None:
    """Something was sent and its outcome is unknown. With ``hold_ms`` our hold lasts that long from now; nobody lets go."""
    for id in sorted(set(ids)):
        values: dict[str, object] = {
            "in_doubt": True,
            "doubts": targets.c.doubts + 1,
            "updated_at": clock.sql(),
        }
        await conn.execute(update(targets).where(targets.c.id == id).values(values))
        if hold_ms is not None:
            await conn.execute(
                update(targets)
                .where(targets.c.id == id, targets.c.holder == token)
                .values(held_until=clock.sql() + hold_ms)
            )


async def held_for_ms(
    conn: AsyncConnection, keys: Sequence[Key], *, connection_id: str, clock: Clock
) -> dict[Key, int]:
    """How long these keys are still held at most."""
    found: dict[Key, int] = {}
    for part in chunks(sorted(set(keys)), 400):
        statement = select(targets.c.kind, targets.c.key, targets.c.held_until - clock.sql()).where(
            targets.c.connection_id == connection_id, tuple_(targets.c.kind, targets.c.key).in_(part)
        )
        found |= {(kind, key): max(0, int(left)) for kind, key, left in await conn.execute(statement)}
    return found


async def contend(conn: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
    """Remember (target id, delivery id): this delivery wants a key that another source record owns."""
    if pairs:
        rows = [{"target_id": target, "delivery_id": delivery} for target, delivery in sorted(set(pairs))]
        await conn.execute(upsert(conn, contenders).values(rows).on_conflict_do_nothing())


async def wake_contenders(conn: AsyncConnection, target_ids: Sequence[int], *, clock: Clock) -> None:
    """The owner left these keys: whoever wanted them is due now."""
    for part in chunks(sorted(set(target_ids)), 400):
        ids = (
            (await conn.execute(select(contenders.c.delivery_id).where(contenders.c.target_id.in_(part))))
            .scalars()
            .all()
        )
        await conn.execute(delete(contenders).where(contenders.c.target_id.in_(part)))
        await delivery_rows.wake(conn, ids, clock=clock)


async def wait_for(
    conn: AsyncConnection, delivery_id: int, keys: Sequence[Key], *, connection_id: str
) -> None:
    """Remember what a delivery waits for, instead of what it waited for before."""
    await conn.execute(delete(waits).where(waits.c.delivery_id == delivery_id))
    rows = [
        {"delivery_id": delivery_id, "connection_id": connection_id, "kind": kind, "key": key}
        for kind, key in sorted(set(keys))
    ]
    if rows:
        await conn.execute(upsert(conn, waits).values(rows).on_conflict_do_nothing())


async def wake_waiting(
    conn: AsyncConnection, keys: Sequence[Key], *, connection_id: str, clock: Clock
) -> None:
    """These targets are settled: deliveries that waited for one of them are due now."""
    for part in chunks(sorted(set(keys)), 400):
        waiting = select(waits.c.delivery_id).where(
            waits.c.connection_id == connection_id, tuple_(waits.c.kind, waits.c.key).in_(part)
        )
        ids = (await conn.execute(waiting)).scalars().all()
        await delivery_rows.wake(conn, ids, clock=clock)


async def still_waiting(conn: AsyncConnection, delivery_ids: Sequence[int], *, clock: Clock) -> None:
    """After settling as waiting, look again: what one waits for may have come in the meantime."""
    come = (
        select(waits.c.delivery_id)
        .join(
            targets,
            and_(
                targets.c.connection_id == waits.c.connection_id,
                targets.c.kind == waits.c.kind,
                targets.c.key == waits.c.key,
            ),
        )
        .join(deliveries, deliveries.c.id == waits.c.delivery_id)
        .where(
            waits.c.delivery_id.in_(list(delivery_ids)),
            targets.c.state == "present",
            targets.c.updated_at >= deliveries.c.started_at,
        )
    )
    await delivery_rows.wake(conn, (await conn.execute(come)).scalars().all(), clock=clock)
