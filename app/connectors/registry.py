"""Every remote system we can speak to, in one list."""

from __future__ import annotations

from app.connectors.base import Connector
from app.connectors.mailchimp.connector import CONNECTOR as MAILCHIMP
from app.connectors.mplus.connector import CONNECTOR as MPLUS
from app.errors import InvalidInput

SYSTEMS: dict[str, Connector] = {connector.name: connector for connector in (MPLUS, MAILCHIMP)}


def system(name: str) -> Connector:
    """The connector by its name. Raises InvalidInput naming those there are."""
    try:
        return SYSTEMS[name]
    except KeyError:
        raise InvalidInput(
            f"There is no system named {name!r}; choose one of {', '.join(SYSTEMS)}.", field="system"
        ) from None
