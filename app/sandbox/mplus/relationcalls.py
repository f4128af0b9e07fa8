"""Reading relations over the wire: by marker or number, looked up in two ways, and their points (mplus.md §4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.marked import Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import Raw

if TYPE_CHECKING:
    from app.sandbox.mplus.relations import Relations

SEARCHABLE = [
    "extRelationId",
    "name",
    "address",
    "zipcode",
    "city",
    "country",
    "deliveryAddress",
    "deliveryZipcode",
    "deliveryCity",
    "deliveryCountry",
    "contact",
    "telephone",
    "mobile",
    "email",
    "website",
    "relationCode",
    "birthDate",
    "categoryId",
    "cardNumber",
    "bankAccountNumber",
]
CUSTOM_FIELDS_SEARCHABLE_SINCE = (57, 3, 9)


class RelationCalls(Part):
    """Keeps nothing itself."""

    @property
    def relations(self) -> Relations:
        return self.till.relations

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getRelations": self.get_relations,
            "getRelation": self.get_relation,
            "findRelation": self.find_relation,
            "findRelationV2": self.find_relation_v2,
            "getRelationPoints": self.get_points,
            "adjustPoints": self.adjust_points,
        }

    def get_relations(self, arguments: Arguments) -> Values:
        asked = arguments.get("request", {})
        cap = self.till.settings.page_cap
        if not self.allowed("relations"):
            return {"relationList": []}
        numbers, category = set(asked.get("relationNumbers", ())), asked.get("categoryId")
        if numbers and "syncMarker" not in asked and category is None:
            found = [row for n in sorted(numbers) if (row := self.relations.cards.get(n)) is not None][:cap]
        else:
            found = self.relations.cards.page(
                since=asked.get("syncMarker", 0),
                limit=min(asked.get("syncMarkerLimit") or cap, cap),
                fits=_filter(numbers, category),
            )
        return {"relationList": [self._raw(row) for row in found]}

    def get_relation(self, arguments: Arguments) -> Values:
        found = self.relations.cards.get(arguments["relationNumber"])
        if found is None or not self.allowed("relations"):
            return {"result": "GET-RELATION-RESULT-NOT-FOUND"}
        return {"result": "GET-RELATION-RESULT-OK", "relation": found}

    def find_relation(self, arguments: Arguments) -> Values:
        return self._found(arguments.get("relation", {}), exact=False)

    def find_relation_v2(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        return self._found(asked["relation"], exact=asked.get("exactMatch", False))

    def _found(self, wanted: Row, *, exact: bool) -> Values:
        settings = self.till.settings
        service = (settings.service_major, settings.service_minor, settings.service_revision)
        custom = wanted.get("customFieldList", ()) if service >= CUSTOM_FIELDS_SEARCHABLE_SINCE else ()
        fields = {name: wanted[name] for name in SEARCHABLE if wanted.get(name) not in (None, "")}
        if (fields or custom) and self.allowed("relations"):
            for number in sorted(self.relations.cards.rows):
                row = self.relations.cards.rows[number]
                if all(_matches(row, name, value, exact=exact) for name, value in fields.items()) and all(
                    field in row.get("customFieldList", ()) for field in custom
                ):
                    return {"result": "FIND-RELATION-RESULT-OK", "relation": row}
        return {"result": "FIND-RELATION-RESULT-NOT-FOUND"}

    def _raw(self, row: Row) -> Raw:
        return Raw(self.relations.cards.text(row["relationNumber"], self._render))

    def _render(self, row: Row) -> str:
        return self.till.schema.rendered("relation", "Relation", row)

    def get_points(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        cap = self.till.settings.page_cap
        if not self.allowed("relations"):
            return {"relationPointsLst": []}
        return {
            "relationPointsLst": self.relations.points.page(
                since=asked.get("syncMarker", 0),
                limit=min(asked.get("syncMarkerLimit") or cap, cap),
                fits=_filter(set(asked.get("relationNumbers", ())), None),
            )
        }

    def adjust_points(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        row = self.relations.cards.get(asked["relationNumber"])
        if row is None or not self.allowed("relations"):
            return {"result": "ADJUST-POINTS-FAILED-RELATION-NOT-FOUND"}
        absolute = asked.get("mode") == "ADJUST-POINTS-MODE-ABSOLUTE"
        difference = asked["pointsAdjustment"] - (row["points"] if absolute else 0)
        if difference == 0:
            return {"result": "ADJUST-POINTS-FAILED-NO-DIFFERENCE"}
        self.relations.add_points(row["relationNumber"], difference)
        return {
            "result": "ADJUST-POINTS-RESULT-OK",
            "relation": self.relations.cards.rows[row["relationNumber"]],
        }


def _filter(numbers: set[int], category: int | None) -> Any:
    if not numbers and category is None:
        return None
    return lambda row: (
        (not numbers or row["relationNumber"] in numbers)
        and (category is None or category in row.get("categoryIds", ()))
    )


def _matches(row: Row, name: str, wanted: Any, *, exact: bool) -> bool:
    if name == "categoryId":
        return wanted in row.get("categoryIds", ())
    has = row.get(name)
    if isinstance(wanted, str):
        has, wanted = str(has or "").casefold(), wanted.casefold()
        return has == wanted if exact else wanted in has
    return bool(has == wanted)
