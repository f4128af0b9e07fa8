"""What this till offers to choose from: its branches, payment methods, VAT codes and the like, and its custom fields.

Settings hold codes; people need names beside them, and a list that is this till's own, not one that we guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.connectors.base import FieldKind

Answer = Mapping[str, Any]

DATA_TYPES = {
    "DATA-TYPE-STRING": "text",
    "DATA-TYPE-TEXT-ARRAY": "text",
    "DATA-TYPE-ARRAY": "text",
    "DATA-TYPE-INT": "whole number",
    "DATA-TYPE-DECIMAL": "number",
    "DATA-TYPE-BOOL": "yes or no",
    "DATA-TYPE-DATE": "day",
    "DATA-TYPE-DATETIME": "moment",
    "DATA-TYPE-MULTISELECTINT": "list of numbers",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. ``code`` is what a setting holds, ``label`` what a person reads."""

    code: str
    label: str
    note: str = ""


_FIELD_KINDS: Mapping[str, FieldKind] = {
    "whole number": "number",
    "number": "number",
    "yes or no": "yes/no",
    "day": "date",
    "moment": "date",
    "list of numbers": "list",
}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field as an administrator defined it. ``path`` is how a mapping row reaches it."""

    name: str
    path: str
    holds: str
    required: bool = False

    @property
    def kind(self) -> FieldKind:
        """What it holds, in the words of mapping rows."""
        return _FIELD_KINDS.get(self.holds, "text")


@dataclass(frozen=True, slots=True)
class Listing:
    """The call that tells one list, and how its answer becomes options."""

    operation: str
    options: Callable[[Answer], Iterable[Option]]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def branches(answer: Answer) -> Iterable[Option]:
    """Branches by number."""
    for branch in answer.get("branches", ()):
        yield Option(
            str(branch.get("branchNumber", "")), branch.get("branchName", ""), branch.get("countryIso3", "")
        )


def workplaces(answer: Answer) -> Iterable[Option]:
    """Workplaces as ``branch/workplace``: a branch other than the first needs one on every sale (mplus.md §4.1)."""
    for branch in answer.get("branches", ()):
        for place in branch.get("workplaces", ()):
            code = f"{branch.get('branchNumber', '')}/{place.get('workplaceNumber', '')}"
            yield Option(code, place.get("workplaceName", ""), branch.get("branchName", ""))


def vat_codes(answer: Answer) -> Iterable[Option]:
    """VAT codes with their rate. The till lists them once per branch; here each stands once."""
    seen: set[tuple[object, object]] = set()
    for group in answer.get("vatGroup", ()):
        code, rate = group.get("vatCode"), group.get("vatPercentage")
        if (code, rate) not in seen:
            seen.add((code, rate))
            yield Option(str(code), f"{rate} %" if rate is not None else "", group.get("countryIso3", ""))


def turnover_groups(answer: Answer) -> Iterable[Option]:
    """Turnover groups, each with the ledger account that hangs on it."""
    for group in answer.get("turnoverGroupList", ()):
        account = group.get("accountNumber", group.get("defaultAccountNumber", ""))
        yield Option(str(group.get("turnoverGroup", "")), group.get("turnoverGroupName", ""), str(account))


def accounts(answer: Answer) -> dict[str, str]:
    """The ledger account by turnover group, ``"3"``, and by group and branch, ``"3/2"``, where that branch has its own."""
    found = {each.code: each.note for each in turnover_groups(answer) if each.note}
    for group in answer.get("turnoverGroupList", ()):
        for own in group.get("branchAccountNumberList", ()):
            if own.get("accountNumber"):
                found[f"{group.get('turnoverGroup')}/{own.get('branchNumber')}"] = str(own["accountNumber"])
    return found


def payment_methods(answer: Answer) -> Iterable[Option]:
    """Active payment methods by their code, which is a word, not a number."""
    for method in answer.get("paymentMethodList", ()):
        if method.get("active", True):
            yield Option(method.get("method", ""), method.get("description", ""), method.get("type", ""))


def delivery_methods(answer: Answer) -> Iterable[Option]:
    """Delivery methods that are switched on."""
    for method in answer.get("deliveryMethodList", ()):
        if method.get("enabled", True):
            yield Option(method.get("deliveryMethod", ""), method.get("description", ""))


def order_categories(answer: Answer) -> Iterable[Option]:
    """Order categories by number."""
    for category in answer.get("orderCategory", ()):
        yield Option(
            str(category.get("orderCategoryNumber", "")), category.get("orderCategoryDescription", "")
        )


def price_groups(answer: Answer) -> Iterable[Option]:
    """Price groups by number."""
    for group in answer.get("priceGroup", ()):
        yield Option(str(group.get("priceGroupNumber", "")), group.get("description", ""))


def relation_categories(answer: Answer) -> Iterable[Option]:
    """Categories of relations by number."""
    for category in answer.get("relationCardCategories", ()):
        yield Option(str(category.get("id", "")), category.get("name", ""))


LISTS: Mapping[str, Listing] = {
    "branches": Listing("getBranches", branches),
    "workplaces": Listing("getBranches", workplaces),
    "vat_codes": Listing("getVatGroupList", vat_codes),
    "turnover_groups": Listing("getTurnoverGroups", turnover_groups, {"request": {"onlyActive": True}}),
    "payment_methods": Listing("getPaymentMethods", payment_methods),
    "delivery_methods": Listing("getDeliveryMethods", delivery_methods),
    "order_categories": Listing("getOrderCategories", order_categories),
    "price_groups": Listing("getPriceGroupList", price_groups),
    "relation_categories": Listing(
        "getCardCategoriesV2",
        relation_categories,
        {"request": {"workplaceKey": {"branchNumber": 1, "workplaceNumber": 1}}},
    ),
}

_FIELDS_OF = {"customer": "relationCustomFieldList", "product": "articleCustomFieldList"}


def custom_fields(kind: str, answer: Answer) -> tuple[CustomField, ...]:
    """The custom fields of a kind of record, in the till's order."""
    return tuple(
        CustomField(
            name=name,
            path=f"customFields.{name}"
            if name.isidentifier() and name.isascii()
            else f"customFields.{json.dumps(name, ensure_ascii=False)}",
            holds=DATA_TYPES.get(defined.get("dataType", ""), "text"),
            required=defined.get("isRequired", False),
        )
        for defined in answer.get(_FIELDS_OF.get(kind, ""), ())
        if (name := defined.get("fieldName", "").strip())
    )
