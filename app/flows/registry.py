"""Every kind of flow, in one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.errors import InvalidInput
from app.flows.base import FlowKind
from app.flows.contacts import CONTACTS
from app.flows.customers import CUSTOMERS
from app.flows.orders import ORDERS
from app.flows.products import PRODUCTS
from app.flows.shoporders import SHOP_ORDERS
from app.flows.shopproducts import SHOP_PRODUCTS
from app.flows.stock import STOCK

KINDS: dict[str, FlowKind] = {
    kind.name: kind for kind in (CUSTOMERS, CONTACTS, PRODUCTS, SHOP_PRODUCTS, STOCK, ORDERS, SHOP_ORDERS)
}


def sequences_beside(kind: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The sequences that a flow reads beside its own, by its settings as they are stored; none where they cannot be used,
    which is told elsewhere."""
    known = flow_kind(kind)
    try:
        return known.also(known.settings.model_validate(dict(settings)))
    except ValidationError:
        return ()


def flow_kind(name: str) -> FlowKind:
    """The kind of flow by its name. Raises InvalidInput naming those there are."""
    try:
        return KINDS[name]
    except KeyError:
        raise InvalidInput(
            f"There is no flow of the kind {name!r}; choose one of {', '.join(KINDS)}.", field="kind"
        ) from None
