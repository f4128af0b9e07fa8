"""Article groups of the till: a tree of names, which products stand in (mplus.md §4.3).

A change names its group only, but a new name or place shows in the path of everything below it. So what changed is
looked up in the whole tree, which is one call, and all descendants count as changed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.connectors.base import Changed, Document, Fetched, Found, Gone, Page
from app.connectors.mplus import fields

KIND = "category"
MARK = "articleGroupSyncMarker"
MAX_DEPTH = 50


def by_mark(since: int, limit: int) -> Document:
    """Groups that changed, flat, deleted ones included."""
    return {"request": {"syncMarker": since, "syncMarkerLimit": limit}}


def whole_tree() -> Document:
    """All groups, as a tree."""
    return {"request": {}}


def flatten(tree: Iterable[Mapping[str, Any]]) -> dict[int, Document]:
    """Every group of the tree by number, each with its parent and the path of names down to it.

    A group that stands below itself is read once, at the place nearest to the root.
    """
    found: dict[int, Document] = {}
    level: list[tuple[Mapping[str, Any], int | None, list[str]]] = [(group, None, []) for group in tree]
    for _ in range(MAX_DEPTH):
        below: list[tuple[Mapping[str, Any], int | None, list[str]]] = []
        for group, parent, path in level:
            number = group.get("groupNumber")
            if number is None or number in found:
                continue
            names = [*path, group.get("name", "")]
            document = fields.filled(group, but=("subGroupList",))
            document |= {"name": names[-1], "path": names, "isDeleted": group.get("isDeleted", False)}
            if parent is not None:
                document["parentGroupNumber"] = parent
            found[number] = document
            below += [(child, number, names) for child in group.get("subGroupList", ())]
        level = below
    return found


def descendants(groups: Mapping[int, Document], number: int) -> Iterator[int]:
    """The numbers of all groups below one."""
    children: dict[int, list[int]] = {}
    for child, group in groups.items():
        children.setdefault(group.get("parentGroupNumber", 0), []).append(child)
    pending = list(children.get(number, ()))
    while pending:
        child = pending.pop(0)
        yield child
        pending += children.get(child, ())


def page(
    changed: Sequence[Mapping[str, Any]], groups: Mapping[int, Document], *, since: int, limit: int
) -> Page:
    """What a poll found: the groups that moved their marker, and everything below them."""
    notified: dict[str, Changed] = {}
    highest = since - 1
    for group in changed:
        number, marker = group.get("groupNumber"), group.get("syncMarker", 0)
        if number is None:
            continue
        highest = max(highest, marker)
        for each in (number, *descendants(groups, number)):
            notified[f"{each}@{marker}"] = Changed(KIND, str(each), dedupe=f"{each}@{marker}")
    return Page(changed=tuple(notified.values()), position=highest, more=len(changed) >= limit)


def products_of(changed: Sequence[Mapping[str, Any]], groups: Mapping[int, Document]) -> dict[str, str]:
    """By number, the products that stand in a changed group or anywhere below it, each with a word for what changed.

    A group that is gone from the tree tells itself which products it held.
    """
    found: dict[str, str] = {}
    for group in changed:
        number, marker = group.get("groupNumber"), group.get("syncMarker", 0)
        if number is None:
            continue
        held = [group, *(groups[each] for each in (number, *descendants(groups, number)) if each in groups)]
        for each in held:
            for product in each.get("productNumbers", ()):
                found[str(product)] = f"{number}@{marker}"
    return found


def fetched(refs: Sequence[str], groups: Mapping[int, Document]) -> Iterator[Fetched]:
    """Each reference out of the tree; a group that is no longer in it is gone."""
    by_ref = {str(number): group for number, group in groups.items()}
    for ref in dict.fromkeys(refs):
        group = by_ref.get(ref)
        yield Gone(ref) if group is None else Found(ref, group, group.get("syncMarker"))
