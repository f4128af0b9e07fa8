"""Relations: customers, companies with contacts, suppliers; updated in part, never deleted (mplus.md §4.6).

``relationcalls.py`` has the calls that read and find them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.cards import (
    MAILING,
    NEWSLETTER,
    NEWSLETTER_SINCE,
    RELATION_CATEGORIES,
    RELATION_FIELDS,
    custom_field,
    merged_fields,
)
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values, flag
from app.sandbox.mplus.relationseed import seeded_relations
from app.sandbox.mplus.schema import Unreadable, plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

SERVER_FILLS = frozenset(
    {"syncMarker", "createTimestamp", "changeTimestamp", "points", "cantRedeemPointsReason"}
)


class Relations(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[int] = Marked()
        self.points: Marked[int] = Marked()

    def operations(self) -> Mapping[str, Handler]:
        return {"createRelation": self.create_relation, "updateRelation": self.update_relation}

    def markers(self) -> Mapping[str, int]:
        return {"relationSyncMarker": self.cards.visible, "relationPointsSyncMarker": self.points.visible}

    def clear(self) -> None:
        self.cards.clear()
        self.points.clear()

    def seed(self, *, size: int, seed: int) -> None:
        for relation in seeded_relations(size=size, seed=seed):
            self.cards.put(relation["relationNumber"], relation)
            if relation["points"]:
                self.points.put(relation["relationNumber"], _points(relation))

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "relations":
            self.cards.hold(changes)
        return kind == "relations"

    def release(self) -> int:
        return self.cards.release()

    def state(self) -> Mapping[str, Any]:
        return {"relations": plain({str(number): row for number, row in self.cards.rows.items()})}

    # writing

    def create_relation(self, arguments: Arguments) -> Values:
        given = arguments.get("relation", {})
        number = given.get("relationNumber") or max(self.numbers(), default=0) + 1
        refusal = {"relationNumber": 0, "result": "CREATE-RELATION-RESULT-FAILED"}
        if not self.allowed("relations"):
            return {**refusal, "errorMessage": "Not authorised"}
        if self.cards.newest(number) is not None:
            taken = "CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN"
            return {**refusal, "result": taken, "errorMessage": f"Relation number {number} is already taken"}
        now = self.till.now()
        blank = {"relationNumber": number, "createTimestamp": now, "active": True, "name": "", "points": 0}
        try:
            row = self.changed(blank, given)
        except ValueError as mistake:
            return {**refusal, "errorMessage": str(mistake)}
        marker = self.cards.put(number, row)
        return {
            "result": "CREATE-RELATION-RESULT-OK",
            "relationNumber": number,
            "changeTimestamp": now,
            "syncMarker": marker,
        }

    def update_relation(self, arguments: Arguments) -> Values:
        given = arguments.get("relation", {})
        now = self.cards.newest(given.get("relationNumber", 0))
        if now is None or not self.allowed("relations"):
            return {"result": "UPDATE-RELATION-RESULT-NOT-FOUND", "errorMessage": "Relation not found"}
        try:
            row = self.changed(now, given)
        except ValueError as mistake:
            return {"result": "UPDATE-RELATION-RESULT-FAILED", "errorMessage": str(mistake)}
        marker = now["syncMarker"]
        if self.till.settings.updates_always_move_the_marker or _without_times(row) != _without_times(now):
            marker = self.cards.put(row["relationNumber"], row)
        return {
            "result": "UPDATE-RELATION-RESULT-OK",
            "changeTimestamp": row["changeTimestamp"],
            "syncMarker": marker,
        }

    def changed(self, now: Row, given: Row) -> dict[str, Any]:
        """Only what is given changes; custom fields by name, lists whole. ValueError with the till's sentence."""
        code = given.get("relationCode", "")
        if len(code) > 128 or (code and not code.isalnum()):
            raise ValueError("relationCode may hold at most 128 letters and digits")
        row = {**now, **{name: value for name, value in given.items() if name not in SERVER_FILLS}}
        if "categoryId" in given and "categoryIds" not in given:
            row["categoryIds"] = [given["categoryId"]] if given["categoryId"] else []
        unknown = [number for number in row.get("categoryIds", ()) if number not in RELATION_CATEGORIES]
        if unknown:
            raise ValueError(f"Category {unknown[0]} does not exist")
        row.pop("categoryId", None)
        if "customFieldList" in given:
            row["customFieldList"] = merged_fields(
                self.till.cards.relation_fields, now.get("customFieldList", ()), given["customFieldList"]
            )
        row["changeTimestamp"] = self.till.now()
        return row

    def numbers(self) -> Iterator[int]:
        yield from self.cards.rows
        yield from (number for number, _ in self.cards.waiting)

    # points, which have a marker of their own

    def add_points(self, number: int, difference: int) -> None:
        """Points move their own marker and not the relation's."""
        row = self.cards.rows[number]
        self.cards.amend(number, points=row["points"] + difference)
        self.points.put(number, _points(self.cards.rows[number]))

    # what a person at the till does

    def edit(self, number: int, **changes: Any) -> dict[str, Any]:
        """As a cashier would; returns the record. RefusedError where the till would refuse."""
        now = self.cards.newest(number)
        if now is None:
            raise RefusedError(f"there is no relation {number}")
        try:
            self.cards.put(number, self.changed(now, changes))
        except ValueError as mistake:
            raise RefusedError(str(mistake)) from None
        newest = self.cards.newest(number)
        assert newest is not None
        return newest

    def add(self, **fields: Any) -> dict[str, Any]:
        answer = self.create_relation({"relation": fields})
        if answer["result"] != "CREATE-RELATION-RESULT-OK":
            raise RefusedError(str(answer["errorMessage"]))
        newest = self.cards.newest(answer["relationNumber"])
        assert newest is not None
        return newest

    def consent(self, number: int, *, given: bool, on: date | None = None) -> dict[str, Any]:
        """Yes or no to mailings: the field, its date and the category together."""
        now = self.cards.newest(number)
        if now is None:
            raise RefusedError(f"there is no relation {number}")
        others = [n for n in now.get("categoryIds", ()) if n != MAILING]
        return self.edit(
            number,
            categoryIds=[*others, MAILING] if given else others,
            customFieldList=[
                custom_field(RELATION_FIELDS, NEWSLETTER, given),
                custom_field(RELATION_FIELDS, NEWSLETTER_SINCE, on or self.till.now().date()),
            ],
        )

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "relations",
                "Relations",
                ("name", "companyName", "email", "city", "country", "active", "points", "syncMarker"),
                lambda: Shown(self.cards.rows, plain),
            )
        ]

    def actions(self) -> Sequence[Action]:
        number = ("relationNumber", "1")
        return [
            Action("edit_relation", "Edit a relation", (number, ("email", "new address"), ("name", "new name")), self._edit),
            Action("new_relation", "New relation", (("name", "Noor Visser"), ("email", "")), self._new),
            Action("set_inactive", "Set a relation inactive", (number,), self._inactive),
            Action("consent", "Consent to mailings", (number, ("given", "yes or no")), self._consent),
            Action("add_points", "Loyalty points", (number, ("points", "10"),), self._points),
        ]  # fmt: skip

    async def _edit(self, fields: Mapping[str, Any]) -> Any:
        changes = self._plain(fields)
        return plain(self.edit(changes.pop("relationNumber"), **changes))

    async def _new(self, fields: Mapping[str, Any]) -> Any:
        return plain(self.add(**self._plain(fields)))

    async def _inactive(self, fields: Mapping[str, Any]) -> Any:
        return plain(self.edit(int(fields["relationNumber"]), active=flag(fields.get("active", "no"))))

    async def _consent(self, fields: Mapping[str, Any]) -> Any:
        return plain(self.consent(int(fields["relationNumber"]), given=flag(fields["given"])))

    async def _points(self, fields: Mapping[str, Any]) -> Any:
        number = int(fields["relationNumber"])
        if number not in self.cards:
            raise RefusedError(f"there is no relation {number}")
        self.add_points(number, int(fields["points"]))
        return plain(self.cards.rows[number])

    def _plain(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.till.schema.from_plain("Relation", fields)
        except Unreadable as mistake:
            raise RefusedError(str(mistake)) from None


def _without_times(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("changeTimestamp", "syncMarker")}


def _points(relation: Row) -> dict[str, Any]:
    return {"relationNumber": relation["relationNumber"], "points": relation["points"]}
