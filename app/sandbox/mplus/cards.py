"""What the cards of this shop have: custom fields and categories, for articles, employees and relations.

Consent to mailings is kept as shops keep it: a yes/no field with a date, and a category for those who said yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError
from app.sandbox.mplus.part import Arguments, Handler, Part, Values

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

NEWSLETTER = "Nieuwsbrief"
NEWSLETTER_SINCE = "Nieuwsbrief sinds"
SHOE_SIZE = "Schoenmaat"
SALUTATION = "Aanhef"
RELATION_FIELDS = {
    NEWSLETTER: "DATA-TYPE-BOOL",
    NEWSLETTER_SINCE: "DATA-TYPE-DATE",
    SALUTATION: "DATA-TYPE-STRING",
    SHOE_SIZE: "DATA-TYPE-DECIMAL",
    "Interesses": "DATA-TYPE-MULTISELECTINT",
}
ARTICLE_FIELDS = {
    "Materiaal": "DATA-TYPE-STRING",
    "Wasvoorschrift": "DATA-TYPE-STRING",
    "Lange omschrijving": "DATA-TYPE-STRING",
    "Gewicht": "DATA-TYPE-DECIMAL",
    "Duurzaam": "DATA-TYPE-BOOL",
}
HOLDERS = {
    "DATA-TYPE-STRING": "strValue",
    "DATA-TYPE-INT": "intValue",
    "DATA-TYPE-DECIMAL": "intValue",
    "DATA-TYPE-BOOL": "boolValue",
    "DATA-TYPE-DATE": "dateValue",
    "DATA-TYPE-MULTISELECTINT": "multiSelectInt",
}
PRIVATE, BUSINESS, SUPPLIER, VIP, MAILING = 1, 2, 3, 4, 5
RELATION_CATEGORIES = {
    PRIVATE: "Particulier",
    BUSINESS: "Zakelijk",
    SUPPLIER: "Leverancier",
    VIP: "VIP",
    MAILING: "Nieuwsbrief",
}
ARTICLE_CATEGORIES = {11: "Collectie", 12: "Basis", 13: "Uitverkoop"}


class Cards(Part):
    """``relation_fields`` and ``article_fields`` are the custom fields of this till, by name: their types."""

    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.relation_fields: dict[str, str] = {}
        self.article_fields: dict[str, str] = {}
        self.clear()

    def clear(self) -> None:
        self.relation_fields = dict(RELATION_FIELDS)
        self.article_fields = dict(ARTICLE_FIELDS)

    def actions(self) -> Sequence[Action]:
        async def define(fields: Mapping[str, Any]) -> Any:
            name, kind = str(fields.get("name", "")).strip(), str(fields.get("type") or "STRING").upper()
            known = self.article_fields if fields.get("of") == "articles" else self.relation_fields
            if not name or f"DATA-TYPE-{kind}" not in HOLDERS:
                raise RefusedError(f"a field needs a name, and one of {', '.join(HOLDERS)}")
            known[name] = f"DATA-TYPE-{kind}"
            return {"fields": known}

        asked = (
            ("name", "Klant sinds"),
            ("type", "STRING, INT, DECIMAL, BOOL, DATE"),
            ("of", "relations or articles"),
        )
        return [Action("define_field", "Define a custom field", asked, define)]

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getCustomFieldLists": self.field_lists,
            "getCardCategories": self.categories,
            "getCardCategoriesV2": self.categories_v2,
        }

    def field_lists(self, _: Arguments) -> Values:
        def listed(fields: Mapping[str, str]) -> list[dict[str, Any]]:
            return [
                {"fieldName": name, "dataType": kind, "isRequired": False} for name, kind in fields.items()
            ]

        return {
            "articleCustomFieldList": listed(self.article_fields),
            "employeeCustomFieldList": [],
            "relationCustomFieldList": listed(self.relation_fields),
        }

    def categories(self, _: Arguments) -> Values:
        def listed(categories: Mapping[int, str]) -> list[dict[str, Any]]:
            return [
                {
                    "categoryId": number,
                    "name": name,
                    "isVipGroup": number == VIP,
                    "isSupplierGroup": number == SUPPLIER,
                }
                for number, name in categories.items()
            ]

        return {
            "articleCardCategoryList": listed(ARTICLE_CATEGORIES),
            "employeeCardCategoryList": [],
            "relationCardCategoryList": listed(RELATION_CATEGORIES),
        }

    def categories_v2(self, _: Arguments) -> Values:
        def listed(categories: Mapping[int, str]) -> list[dict[str, Any]]:
            return [
                {
                    "id": number,
                    "name": name,
                    "isVipGroup": number == VIP,
                    "isSupplierGroup": number == SUPPLIER,
                }
                for number, name in categories.items()
            ]

        return {
            "articleCardCategories": listed(ARTICLE_CATEGORIES),
            "employeeCardCategories": [],
            "relationCardCategories": listed(RELATION_CATEGORIES),
        }


def custom_field(fields: Mapping[str, str], name: str, value: Any, *, decimals: int = 0) -> dict[str, Any]:
    """One custom field as a card holds it: its own value filled in, the name and the type with it."""
    kind = fields[name]
    field: dict[str, Any] = {"fieldName": name, "dataType": kind, HOLDERS[kind]: value}
    if kind == "DATA-TYPE-DECIMAL":
        field["decimalPlaces"] = decimals
    return field


def merged_fields(
    fields: Mapping[str, str], now: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What is given replaces the field of that name, the others stay. ValueError for a field this shop does not have."""
    merged = {field["fieldName"]: dict(field) for field in now}
    for field in given:
        name = field["fieldName"]
        if name not in fields:
            raise ValueError(f"Custom field {name} does not exist")
        kind = fields[name]
        if field.get("dataType", kind) != kind:
            raise ValueError(f"Custom field {name} is a {kind}")
        merged[name] = {**field, "dataType": kind}
    return list(merged.values())


def value_of(card: Mapping[str, Any], name: str) -> Any:
    """The plain value of a custom field of a card; None where it has none."""
    for field in card.get("customFieldList", ()):
        if field["fieldName"] == name:
            return field.get(HOLDERS[field["dataType"]])
    return None
