"""What orders, invoices, receipts and packing slips have in common: who and when, look-up codes, sums, payments, locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.envelope import SoapFault
from app.sandbox.mplus.finance import DELIVERY_METHODS, ORDER_CATEGORIES, PAYMENT_METHODS
from app.sandbox.mplus.lineparts import articles_in
from app.sandbox.mplus.lines import INCLUSIVE, Terms, VatUnknown, priced, quantity_of
from app.sandbox.mplus.sums import Sums, added_up

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

Row = Mapping[str, Any]
METHODS = {method: (name, kind, active) for method, name, kind, active in PAYMENT_METHODS}
DELIVERIES = {method: enabled for method, _, enabled in DELIVERY_METHODS}
CATEGORIES = dict(ORDER_CATEGORIES)
STALE = "Please send up-to-date versionNumber and changeCounter"


class Refused(Exception):
    """A document the till does not take, with its sentence for ``errorMessage``."""


def who(till: Till, given: Row) -> dict[str, Any]:
    """Employee, relation and branches, all of which must exist (mplus.md §4.1, §4.7)."""
    employee = given.get("employeeNumber")
    if not employee:
        raise Refused("employeeNumber is required")
    card = till.organisation.employees.get(employee)
    if card is None:
        raise Refused(f"Employee {employee} does not exist")
    entry = given.get("entryBranchNumber") or given.get("financialBranchNumber") or 1
    financial = given.get("financialBranchNumber") or entry
    for branch in (entry, financial):
        if branch not in till.organisation.branches:
            raise Refused(f"Branch {branch} does not exist")
    if given.get("entryBranchNumber") not in (None, 0, 1) and not given.get("workplaceNumber"):
        raise Refused(f"workplaceNumber is required for branch {entry}")
    return {
        "employeeNumber": employee,
        "employeeName": card["name"],
        "entryBranchNumber": entry,
        "financialBranchNumber": financial,
        "workplaceNumber": given.get("workplaceNumber") or 1,
        **whose(till, given.get("relationNumber")),
    }


def whose(till: Till, number: int | None) -> dict[str, Any]:
    """The relation as a sale carries it."""
    if not number:
        raise Refused("A relation is required")
    relation = till.relations.cards.get(number)
    if relation is None:
        raise Refused(f"Relation {number} does not exist")
    told = {"relationNumber": number, "relationName": relation["name"]}
    return told | ({"relationVatNumber": relation["vatNumber"]} if relation.get("vatNumber") else {})


def on(till: Till, given: Row) -> date:
    """The financial date: as given, or today; not in a closed period."""
    found: date = given.get("financialDate") or till.now().date()
    closed = till.settings.closed_through
    if closed is not None and found <= closed:
        raise Refused(f"The financial date {found.isoformat()} is in a closed period")
    return found


def codes(given: Row) -> None:
    """The look-up codes of a sale must exist."""
    method, category = given.get("deliveryMethod"), given.get("orderCategoryNumber")
    if method and not DELIVERIES.get(method, False):
        raise Refused(f"Delivery method {method} does not exist")
    if category and category not in CATEGORIES:
        raise Refused(f"Order category {category} does not exist")


def summed(
    till: Till,
    lines: Sequence[Row],
    sale: Row,
    *,
    line: str,
    offer: Callable[[Row], Mapping[str, Any]] = lambda _: {},
    article: Callable[[int], Row | None] | None = None,
) -> tuple[list[dict[str, Any]], Sums]:
    """Priced lines and their sums. ``line`` says what a new line's id is counted as."""
    terms = Terms(
        vat_method=sale.get("vatMethod") or INCLUSIVE,
        branch=sale["financialBranchNumber"],
        country=sale.get("vatCountryIso3") or None,
        scale=till.settings.vat_scale,
        employee=sale["employeeNumber"],
        article=article or till.catalogue.article,
        name=lambda: till.ids.new(line),
        offer=offer,
    )
    try:
        found = priced(lines, terms)
    except ValueError as mistake:
        raise Refused(str(mistake)) from None
    except VatUnknown as mistake:
        raise SoapFault("Client", str(mistake)) from None
    return found, added_up(found, terms)


def move_stock(
    till: Till,
    branch: int,
    lines: Sequence[Row],
    *,
    physical: int = 0,
    reserved: int = 0,
    amount: Callable[[Row], Decimal] = lambda line: quantity_of(line["data"]),
    **references: Any,
) -> None:
    """What is on the lines comes (+1) or goes (-1), physically or as a reservation. Parts of composed articles stand on the
    lines, so they move as they stand there and not a second time as the catalogue has them."""
    for line in lines:
        for article, each in articles_in(line, amount(line)):
            till.stock.move(
                branch, article, physical=physical * each, reserved=reserved * each, parts=False, **references
            )


def payments(till: Till, given: Sequence[Row], sale: Row) -> list[dict[str, Any]]:
    """Payments as they are kept. A means that does not exist or is switched off is refused with a sentence."""
    for one in given:
        name, _, active = METHODS.get(one["method"], ("", "", False))
        if not active:
            raise Refused(f"Payment method {one['method']} {'is disabled' if name else 'does not exist'}")
    return [
        {
            **one,
            "paymentId": till.ids.new("payment"),
            "financialDate": one.get("financialDate") or till.now().date(),
            "entryTimestamp": one.get("entryTimestamp") or till.now(),
            "branchNumber": sale["financialBranchNumber"],
            "workplaceNumber": sale["workplaceNumber"],
            "employeeNumber": sale["employeeNumber"],
            "description": one.get("description") or METHODS[one["method"]][0],
            "paymentMethodType": METHODS[one["method"]][1],
        }
        for one in given
    ]


def total_of(given: Sequence[Row]) -> int:
    return sum(one["amount"] for one in given)


def settled(kind: str, total: int, paid: int) -> str:
    """The state of an invoice or receipt: ``INVOICE-STATE-PARTLY-PAID``."""
    if total < 0:
        word = "PAID" if paid <= total else "OUTSTANDING-CREDIT"
    else:
        word = "PAID" if paid >= total else "PARTLY-PAID" if paid > 0 else "OUTSTANDING"
    return f"{kind}-STATE-{word}"


def stale(now: Row, given: Row) -> bool:
    """The optimistic lock: both numbers must be those of the newest version."""
    return (given.get("versionNumber"), given.get("changeCounter")) != (
        now["versionNumber"],
        now["changeCounter"],
    )


def refusal_of(result: str, sentence: str, **more: Any) -> dict[str, Any]:
    return {"result": result, "errorMessage": sentence, **more}
