"""Waits and contenders: deliveries that go on when a target appears, is let go of, or is left by its owner.

Whoever settles as waiting looks again in the same transaction, with the targets' rows locked (``targets.lock``): either
it sees what came meanwhile, or whoever brings it about sees the wait. Nobody is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import deliveries
from app.store.clock import Clock
from app.store.tables import contenders, targets, waits
from app.store.targets import Key, is_free
from app.store.upsert import chunks


@dataclass(frozen=True, slots=True)
class Wish:
    """What a delivery waits for: keys that must be ``present``, or that whoever holds them lets go of (``free``)."""

    keys: Sequence[Key]
    until: Literal["present", "free"]


async def forget(conn: AsyncConnection, delivery_ids: Sequence[int]) -> None:
    """These deliveries wait for nothing any more. Said before what they let go of is told to others: who waited for a key, got it
    and lets go of it must not wake itself."""
    for part in chunks(delivery_ids, 500):
        await conn.execute(delete(waits).where(waits.c.delivery_id.in_(part)))
        await conn.execute(delete(contenders).where(contenders.c.delivery_id.in_(part)))


async def remember(
    conn: AsyncConnection,
    *,
    waiting: Mapping[int, Wish],
    contending: Sequence[tuple[int, int]],
    connection_id: str,
    clock: Clock,
) -> None:
    """What deliveries wait for from now on; then look again.

    ``contending`` holds (target id, delivery id): that delivery wants a key which another source record owns.
    """
    rows = [
        {"delivery_id": id, "connection_id": connection_id, "kind": kind, "key": key, "until": wish.until}
        for id, wish in sorted(waiting.items())
        for kind, key in sorted(set(wish.keys))
    ]
    if rows:
        await conn.execute(insert(waits), rows)
        await _look_again(conn, sorted(waiting), clock=clock)
    if contending:
        pairs = [
            {"target_id": target, "delivery_id": delivery} for target, delivery in sorted(set(contending))
        ]
        await conn.execute(insert(contenders), pairs)
        await _left_meanwhile(conn, [target for target, _ in contending], clock=clock)


_ON_KEY = and_(
    targets.c.connection_id == waits.c.connection_id,
    targets.c.kind == waits.c.kind,
    targets.c.key == waits.c.key,
)


def _come(clock: Clock) -> ColumnElement[bool]:
    return or_(
        and_(waits.c.until == "present", targets.c.state == "present"),
        and_(waits.c.until == "free", is_free(clock.sql())),
    )


async def _look_again(conn: AsyncConnection, delivery_ids: Sequence[int], *, clock: Clock) -> None:
    for part in chunks(delivery_ids, 500):
        statement = (
            select(waits.c.delivery_id)
            .join(targets, _ON_KEY)
            .where(waits.c.delivery_id.in_(part), _come(clock))
        )
        await deliveries.wake(conn, (await conn.execute(statement)).scalars().all(), clock=clock)


async def _left_meanwhile(conn: AsyncConnection, target_ids: Iterable[int], *, clock: Clock) -> None:
    for part in chunks(sorted(set(target_ids)), 500):
        statement = select(targets.c.id).where(targets.c.id.in_(part), targets.c.state != "present")
        await wake_contenders(conn, (await conn.execute(statement)).scalars().all(), clock=clock)


async def wake_waiting(conn: AsyncConnection, target_ids: Iterable[int], *, clock: Clock) -> None:
    """These targets were settled or let go of: deliveries that waited for one of them are due now."""
    for part in chunks(sorted(set(target_ids)), 500):
        statement = (
            select(waits.c.delivery_id).join(targets, _ON_KEY).where(targets.c.id.in_(part), _come(clock))
        )
        await deliveries.wake(conn, (await conn.execute(statement)).scalars().all(), clock=clock)


async def wake_contenders(conn: AsyncConnection, target_ids: Iterable[int], *, clock: Clock) -> None:
    """The owner left these keys: whoever wanted them is due now."""
    for part in chunks(sorted(set(target_ids)), 500):
        wanting = select(contenders.c.delivery_id).where(contenders.c.target_id.in_(part))
        ids = (await conn.execute(wanting)).scalars().all()
        if ids:
            await conn.execute(delete(contenders).where(contenders.c.target_id.in_(part)))
            await deliveries.wake(conn, ids, clock=clock)
