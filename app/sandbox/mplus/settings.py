"""The switches of the sandbox till: what differs between real installations, or is not known of them (mplus.md §6, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class TillSettings:
    """Changed at any time, also through the panel. Rights name kinds: relations, articles, stock, orders, invoices,
    receipts, employees, webhooks; what is not allowed is silently absent, as at the vendor's."""

    ident: str = "sandbox"
    secret: str = "sandbox-secret"  # noqa: S105  of a till that does not exist
    service_major: int = 67
    service_minor: int = 1
    service_revision: int = 3
    bare_401: bool = False  # wrong credentials: a bare 401 in place of a Client.Authentication fault
    missing_rights: set[str] = field(default_factory=set)
    page_cap: int = 1_000
    updates_always_move_the_marker: bool = (
        True  # False: an update that changes nothing leaves the marker alone
    )
    empty_dates_as_zero: bool = (
        False  # optional dates that are not set come as zeros in place of being absent
    )
    omit_decimal_places: bool = False  # quantities come without decimalPlaces where that is 0
    vat_scale: int = 100  # vatPercentage 2100; 1: 21
    receipt_delay_seconds: float = 0.0  # a sale ends (and its webhook comes) before its receipt can be read
    queue_orders: bool = (
        False  # createOrder answers "queued"; the order is there after the panel's release_orders
    )
    closed_through: date | None = None  # no sale is booked on this day or before it
    webhook_seconds: float = 2.0  # how long the till waits for an answer to a blocking event
    webhook_module: bool = True  # licensed

    @property
    def service(self) -> str:
        return f"{self.service_major}.{self.service_minor}.{self.service_revision}"


# The first service that has an operation. Only dates are known (mplus.md §1.4): the numbers are interpolated from those.
SINCE = {
    "createOrderV2": 50,
    "updateOrderV2": 50,
    "deliverOrderV2": 50,
    "createOrderV3": 59,
    "payOrderV2": 59,
    "findRelationV2": 59,
    "getStockHistoryV2": 59,
    "getOrdersByExtOrderIds": 61,
    "processOrder": 62,
    "processInvoice": 62,
    "getCardCategoriesV2": 64,
    "creditInvoiceV2": 65,
    "getCostCenters": 65,
    "cancelPackingSlip": 66,
}
