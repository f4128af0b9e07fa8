"""Accounts: whose limits count. The back-off after "slow down" stands here, so that every worker respects it."""

from __future__ import annotations

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import accounts
from app.store.upsert import upsert

FIRST_MS, CAP_MS = 2_000, 300_000


async def back_off(
    conn: AsyncConnection, account: str, *, reason: str, clock: Clock, retry_after_s: float | None = None
) -> int:
    """Everybody leaves this account alone for a while, longer each time in a row; how long, in milliseconds."""
    step = (
        await conn.execute(select(accounts.c.backoff_step).where(accounts.c.account == account))
    ).scalar() or 0
    asked = int(retry_after_s * 1000) if retry_after_s else 0
    wait: int = max(asked, min(CAP_MS, FIRST_MS * 2 ** min(int(step), 20)))
    until = clock.sql() + wait
    statement = upsert(conn, accounts).values(
        account=account, backoff_until=until, backoff_step=1, reason=reason
    )
    # Several calls of one wave answer 429: they are one reason to wait, not several steps.
    fresh = accounts.c.backoff_until <= clock.sql()
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["account"],
            set_={
                "backoff_until": case((fresh, until), else_=accounts.c.backoff_until),
                "backoff_step": case((fresh, accounts.c.backoff_step + 1), else_=accounts.c.backoff_step),
                "reason": reason,
            },
        )
    )
    return wait


async def backs_off(conn: AsyncConnection, account: str, *, clock: Clock) -> bool:
    """Whether it is to be left alone now."""
    statement = select(accounts.c.account).where(
        accounts.c.account == account, accounts.c.backoff_until > clock.sql()
    )
    return (await conn.execute(statement)).first() is not None


async def calm(conn: AsyncConnection, account: str) -> None:
    """A call went well: the next back-off starts small again."""
    await conn.execute(
        update(accounts)
        .where(accounts.c.account == account, accounts.c.backoff_step > 0)
        .values(backoff_step=0)
    )
