"""What stories about contacts have in common: flows in either direction, and what stands in the till afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.sandbox.mplus.cards import value_of
from tests.shop import CONSENT, Shop

FIELD, SINCE = CONSENT["consent_field"], CONSENT["consent_time_field"]
WRITTEN_BACK = {"consent_field": FIELD, "consent_time_field": SINCE}
_SHOWN = (
    "name",
    "companyName",
    "contact",
    "email",
    "telephone",
    "mobile",
    "address",
    "zipcode",
    "city",
    "country",
)


async def contacts(shop: Shop, settings: dict[str, Any] | None = None, **more: Any) -> str:
    """A running flow from the audience to the till."""
    return await shop.flow("contacts", settings or {}, source=shop.list_id, target=shop.till_id, **more)


def as_rows(shipped: Sequence[Any]) -> list[dict[str, Any]]:
    """Shipped rows as a merchant's mapping holds them."""
    names = ("target", "expression", "mode")
    return [dict(row) if isinstance(row, Mapping) else dict(zip(names, row, strict=False)) for row in shipped]


async def both(
    shop: Shop, customers: dict[str, Any] | None = None, back: dict[str, Any] | None = None
) -> tuple[str, str]:
    """Both flows, with consent kept in the till's own field."""
    one = await shop.flow("customers", CONSENT | (customers or {}))
    return one, await contacts(shop, WRITTEN_BACK | (back or {}))


def relations(shop: Shop) -> dict[int, dict[str, Any]]:
    """The till's relations by number: what fields hold, empty values left out; ``inactive`` and the recorded consent."""
    found: dict[int, dict[str, Any]] = {}
    for number, row in sorted(shop.till.relations.cards.rows.items()):
        held = {name: row[name] for name in _SHOWN if row.get(name)}
        if not row.get("active", True):
            held["inactive"] = True
        said, day = value_of(row, FIELD), value_of(row, SINCE)
        if said is not None:
            held["consent"] = f"{'yes' if said else 'no'} {day}" if day else ("yes" if said else "no")
        found[number] = held
    return found


def booked(shop: Shop) -> list[str]:
    """What was written to the till so far."""
    writing = ("createRelation", "updateRelation")
    return [entry.operation for entry in shop.till.log.find() if entry.operation in writing]


async def silent(shop: Shop, *, cycles: int = 10, rewinding: bool = True) -> None:
    """So many rounds of polls and deliveries, and whatever was noticed once more: nothing is written anywhere."""
    before = (relations(shop), shop.content(), booked(shop), shop.written())
    for _ in range(cycles):
        shop.clock.advance(31)
        await shop.rest()
    for flow_id in shop.flow_ids if rewinding else ():
        await shop.rewind(flow_id)
    await shop.rest()

    assert before == (relations(shop), shop.content(), booked(shop), shop.written())
