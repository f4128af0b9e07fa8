"""Which source paths an expression reads: so that a misspelt one is told when it is saved, not at night."""

from __future__ import annotations

from app.mapping.plainpaths import Node

# Functions that hand each element of one argument to an &expression in another: (list argument, expression argument).
_EACH = {"sort_by": (0, 1), "min_by": (0, 1), "max_by": (0, 1), "map": (1, 0)}
# Functions whose answer is an element of their first argument.
_PICKS = {"first", "last", "min_by", "max_by"}
_SAME_LIST = {"sort_by", "sort", "reverse", "unique", "to_array"}


def paths_of(tree: Node) -> frozenset[str]:
    """Paths from the document's root: ``address.city``, elements as ``contacts[].email``, any field as ``custom.*``.

    What is computed has no path; what is read from it is left out.
    """
    found: set[str] = set()
    end = _walk(tree, "", found)
    if end:
        found.add(end)
    return frozenset(path.removesuffix("[]") for path in found if path.removesuffix("[]"))


def _walk(node: Node, base: str | None, found: set[str]) -> str | None:
    """The path this node ends at, from ``base``; None where it is computed. Finished paths go into ``found``."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return None if base is None else f"{base}.{node['value']}" if base else str(node["value"])
    if kind in ("current", "identity"):
        return base
    if kind in ("subexpression", "index_expression"):
        for child in children:
            base = _walk(child, base, found)
        return base
    if kind == "pipe":
        base = _walk(children[0], base, found)
        return _walk(children[1], base, found)
    if kind in ("index", "slice"):
        return _element(base)
    if kind in ("projection", "filter_projection", "value_projection"):
        left = _walk(children[0], base, found)
        inner = f"{left}.*" if kind == "value_projection" and left else _element(left)
        if kind == "filter_projection":
            _finish(children[2], inner, found)
        return _walk(children[1], inner, found)
    if kind == "flatten":
        return _walk(children[0], base, found)
    if kind == "function_expression":
        return _called(node, base, found)
    for child in children:
        if isinstance(child, dict):
            _finish(child, base, found)
    return None


def _called(node: Node, base: str | None, found: set[str]) -> str | None:
    name, arguments = node["value"], node["children"]
    over, each = _EACH.get(name, (0, None))
    ends: list[str | None] = []
    for at, argument in enumerate(arguments):
        ends.append(None if at == each else _walk(argument, base, found))
    for at, end in enumerate(ends):
        if end and not (at == 0 and name in _PICKS | _SAME_LIST):
            found.add(end)
    if each is not None and each < len(arguments):
        _finish(arguments[each], _element(ends[over]) if over < len(ends) else None, found)
    if ends and ends[0] and name in _PICKS:
        return _element(ends[0])
    return ends[0] if ends and name in _SAME_LIST else None


def _finish(node: Node, base: str | None, found: set[str]) -> None:
    end = _walk(node, base, found)
    if end:
        found.add(end)


def _element(path: str | None) -> str | None:
    return None if path is None else path if path.endswith("[]") else f"{path}[]"
