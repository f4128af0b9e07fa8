"""Pages and the choice of fields: what Mailchimp does to every answer before it leaves (mailchimp.md §1.5).

``fields`` and ``exclude_fields`` exclude each other, and a name that the answer cannot have is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.sandbox.mailchimp.problems import ProblemError, bad_request, invalid_field

Tree = dict[str, "Tree"]

DEFAULT_COUNT = 10
MAX_COUNT = 1_000


def whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None or text == "":
        return default
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise invalid_field(name, "Schema describes integer, string found instead")
    return value


def window(query: Mapping[str, str]) -> slice:
    """The part of a collection that is asked for. More than 1,000 is cut to 1,000 without a word."""
    count = min(whole(query, "count", DEFAULT_COUNT), MAX_COUNT)
    offset = whole(query, "offset", 0)
    return slice(offset, offset + count)


def truth(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("true", "1")


def chosen(
    answer: dict[str, Any], query: Mapping[str, str], *, item_keys: Collection[str] = ()
) -> dict[str, Any]:
    """The answer with only the fields that are wanted. ``item_keys``: the keys of the elements of its lists."""
    only, without = query.get("fields"), query.get("exclude_fields")
    if not only and not without:
        return answer
    if only and without:
        raise bad_request("The fields and exclude_fields parameters are mutually exclusive.")  # inferred
    tree = branches((only or without or "").split(","))
    refuse_unknown(tree, answer, item_keys)
    rest: dict[str, Any] = kept(answer, tree) if only else dropped(answer, tree)
    return rest


def branches(paths: Iterable[str]) -> Tree:
    tree: Tree = {}
    for path in paths:
        at = tree
        for name in path.strip().split("."):
            at = at.setdefault(name, {})
    return tree


def refuse_unknown(tree: Tree, answer: Mapping[str, Any], item_keys: Collection[str]) -> None:
    for name, below in tree.items():
        if name != "_links" and name not in answer:
            raise unknown_field(name)
        if below and item_keys and isinstance(answer.get(name), list):
            for key in below:
                if key != "_links" and key not in item_keys:
                    raise unknown_field(f"{name}.{key}")


def unknown_field(path: str) -> ProblemError:
    """Name and sentence *inferred* from the glossary of old: a name that is not there is refused."""
    return ProblemError(
        400, "Requested Fields Invalid", f"The fields requested from this resource are invalid: {path}"
    )


def kept(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [kept(element, tree) for element in value]
    if isinstance(value, dict):
        return {name: kept(value[name], below) for name, below in tree.items() if name in value}
    return value


def dropped(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [dropped(element, tree) for element in value]
    if not isinstance(value, dict):
        return value
    rest: dict[str, Any] = {}
    for name, part in value.items():
        below = tree.get(name)
        if below is None:
            rest[name] = part
        elif below:
            rest[name] = dropped(part, below)
    return rest
