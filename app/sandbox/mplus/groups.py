"""Article groups: a tree of names in which products stand, the only kind of record that is really deleted (mplus.md §4.3).

A group is kept flat with its parent; the tree is made when it is asked for, so that a loop in the data, which is known
to happen, hides its groups from the tree and stops nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till


class Groups(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.cards: Marked[int] = Marked()

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getArticleGroups": self.get_groups,
            "getArticleGroupChanges": self.get_changes,
            "newArticleGroup": self.new,
            "updateArticleGroup": self.update,
            "deleteArticleGroup": self.delete,
            "addProductsToArticleGroup": self.add_products,
            "replaceProductsOfArticleGroup": self.replace_products,
            "deleteProductsFromArticleGroup": self.delete_products,
        }

    def markers(self) -> Mapping[str, int]:
        return {"articleGroupSyncMarker": self.cards.visible}

    def clear(self) -> None:
        self.cards.clear()

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "groups":
            self.cards.hold(changes)
        return kind == "groups"

    def release(self) -> int:
        return self.cards.release()

    def state(self) -> Mapping[str, Any]:
        return {"articleGroups": plain({str(n): row for n, row in self.cards.rows.items()})}

    # keeping

    def add(
        self, name: str, *, parent: int = 0, sort_order: int = 0, text: str = "", number: int | None = None
    ) -> int:
        taken = max(self.cards.rows, default=0) + 1 if number is None else number
        self.cards.put(
            taken,
            {
                "groupNumber": taken,
                "parentGroupNumber": parent,
                "name": name,
                "text": text,
                "sortOrder": sort_order,
                "productNumbers": [],
                "isDeleted": False,
            },
        )
        return taken

    def edit(self, number: int, **changes: Any) -> None:
        row = self.cards.newest(number)
        if row is None:
            raise RefusedError(f"there is no article group {number}")
        self.cards.put(number, {**row, **changes})

    def alive(self, number: int) -> dict[str, Any] | None:
        row = self.cards.newest(number)
        return row if row is not None and not row["isDeleted"] else None

    def children(self, number: int) -> list[dict[str, Any]]:
        found = [
            row
            for row in self.cards.rows.values()
            if row["parentGroupNumber"] == number and not row["isDeleted"]
        ]
        return sorted(found, key=lambda row: (row["sortOrder"], row["groupNumber"]))

    def below(self, number: int) -> Iterator[int]:
        """The group and everything under it, each once even if they go round."""
        waiting, seen = [number], set()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            yield one
            waiting += [row["groupNumber"] for row in self.children(one)]

    def remove(self, number: int) -> None:
        """With all its subgroups; products stay and lose the group."""
        for one in list(self.below(number)):
            self.till.catalogue.leave_group(one)
            self.edit(one, isDeleted=True, productNumbers=[])

    # the wire

    def get_groups(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        numbers, since = set(asked.get("groupNumbers", ())), asked.get("syncMarker", 0)
        if not self.allowed("articles"):
            return {"articleGroupList": []}
        with_articles = asked.get("retrieveArticleNumbers", False)
        return {
            "articleGroupList": [
                self._tree(row, articles=with_articles)
                for row in self.children(0)
                if (not numbers or row["groupNumber"] in numbers)
                and (
                    not since
                    or any(self.cards.rows[n]["syncMarker"] >= since for n in self.below(row["groupNumber"]))
                )
            ]
        }

    def _tree(self, row: Row, *, articles: bool) -> dict[str, Any]:
        told = {
            **row,
            "subGroupList": [
                self._tree(child, articles=articles) for child in self.children(row["groupNumber"])
            ],
        }
        if articles:
            told["articleNumbers"] = [
                number
                for product in row["productNumbers"]
                for number in self.till.catalogue.article_numbers(product)
            ]
        return told

    def get_changes(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        numbers, cap = set(asked.get("groupNumbers", ())), self.till.settings.page_cap
        if not self.allowed("articles"):
            return {"changedArticleGroupList": []}
        found = self.cards.page(
            since=asked.get("syncMarker", 0),
            limit=min(asked.get("syncMarkerLimit") or cap, cap),
            fits=(lambda row: row["groupNumber"] in numbers) if numbers else None,
        )
        return {"changedArticleGroupList": [self._flat(row) for row in found]}

    def _flat(self, row: Row) -> dict[str, Any]:
        told = {
            **row,
            "subGroupNumbers": [child["groupNumber"] for child in self.children(row["groupNumber"])],
        }
        if not row["parentGroupNumber"]:
            del told["parentGroupNumber"]
        return told

    def new(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        parent = asked["parentGroupNumber"]
        if parent and self.alive(parent) is None:
            return {"result": "NEW-ARTICLE-GROUP-RESULT-PARENT-NOTFOUND", "groupNumber": 0}
        number = self.add(
            asked["name"], parent=parent, sort_order=asked.get("sortOrder", 0), text=asked["text"]
        )
        return {"result": "NEW-ARTICLE-GROUP-RESULT-OK", "groupNumber": number}

    def update(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        number, parent = asked["groupNumber"], asked.get("parentGroupNumber", 0)
        if self.alive(number) is None:
            return {"result": "SAVE-ARTICLE-GROUP-RESULT-NOT-FOUND"}
        if parent and (self.alive(parent) is None or parent in self.below(number)):
            return {"result": "SAVE-ARTICLE-GROUP-RESULT-FAILED"}
        known = ("name", "text", "sortOrder", "parentGroupNumber")
        self.edit(number, **{name: asked[name] for name in known if name in asked})
        return {"result": "SAVE-ARTICLE-GROUP-RESULT-OK"}

    def delete(self, arguments: Arguments) -> Values:
        number = arguments["request"]["groupNumber"]
        if self.alive(number) is None:
            return {"result": "DELETE-ARTICLE-GROUP-RESULT-NOTFOUND"}
        self.remove(number)
        return {"result": "DELETE-ARTICLE-GROUP-RESULT-OK"}

    def add_products(self, arguments: Arguments) -> Values:
        return self._members("ADD-PRODUCTS-TO", arguments["request"], lambda now, given: [*now, *given])

    def replace_products(self, arguments: Arguments) -> Values:
        return self._members("REPLACE-PRODUCTS-OF", arguments["request"], lambda _, given: given)

    def delete_products(self, arguments: Arguments) -> Values:
        everything = arguments["request"].get("removeAll", False)
        return self._members(
            "DELETE-PRODUCTS-FROM",
            arguments["request"],
            lambda now, given: [] if everything else [number for number in now if number not in given],
        )

    def _members(self, deed: str, asked: Arguments, change: Any) -> Values:
        number, given = asked["groupNumber"], asked.get("productNumbers", [])
        row = self.alive(number)
        if row is None:
            return {"result": f"{deed}-ARTICLE-GROUP-RESULT-NOT-FOUND"}
        if any(self.till.catalogue.products.newest(product) is None for product in given):
            return {"result": f"{deed}-ARTICLE-GROUP-RESULT-FAILED"}
        members = list(dict.fromkeys(change(row["productNumbers"], given)))
        before = set(row["productNumbers"])
        self.edit(number, productNumbers=members)
        self.till.catalogue.regroup(number, joined=set(members) - before, left=before - set(members))
        return {"result": f"{deed}-ARTICLE-GROUP-RESULT-OK"}

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "groups",
                "Article groups",
                ("name", "parentGroupNumber", "sortOrder", "isDeleted", "syncMarker"),
                lambda: Shown(self.cards.rows, plain),
                {"parentGroupNumber": "groups", "productNumbers": "products"},
            )
        ]

    def actions(self) -> Sequence[Action]:
        number = ("groupNumber", "1")
        return [
            Action(
                "edit_group",
                "Rename or move a group",
                (number, ("name", ""), ("parentGroupNumber", "")),
                self._edit,
            ),
            Action("delete_group", "Delete a group", (number,), self._delete),
        ]

    async def _edit(self, fields: Mapping[str, Any]) -> Any:
        changes: dict[str, Any] = {name: str(fields[name]) for name in ("name", "text") if name in fields}
        changes |= {name: int(fields[name]) for name in ("sortOrder", "parentGroupNumber") if name in fields}
        self.edit(int(fields["groupNumber"]), **changes)
        return plain(self.cards.newest(int(fields["groupNumber"])))

    async def _delete(self, fields: Mapping[str, Any]) -> Any:
        if self.alive(int(fields["groupNumber"])) is None:
            raise RefusedError(f"there is no article group {fields['groupNumber']}")
        self.remove(int(fields["groupNumber"]))
        return {"deleted": int(fields["groupNumber"])}
