"""The manual's pages about mapping and settings, made from the definitions themselves, so that they cannot be wrong.

``python -m app.manual`` (or ``make docs``) writes them into ``docs``; a test fails while they are not current.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.connectors.registry import SYSTEMS
from app.flows.mapping import FlowMapping
from app.flows.registry import KINDS
from app.flows.shared import IntegrationSettings
from app.mapping import actions
from app.mapping.conditions import OPERATORS, Condition, Group
from app.mapping.filters import Filter
from app.mapping.functions import catalogue
from app.mapping.library.entry import Function
from app.mapping.lists import Listed, Lists
from app.mapping.rows import Row
from app.mapping.rules import Rule
from app.mapping.run import MAX_STEPS, MAX_TEXT
from app.mapping.tables import Table

DOCS = Path(__file__).resolve().parent.parent / "docs"
ACTIONS = typing.get_args(typing.get_args(actions.Action)[0])


def pages() -> dict[str, str]:
    """Every generated page by its name in ``docs``."""
    return {"mapping.md": "\n".join(_mapping()) + "\n", "settings.md": "\n".join(_settings()) + "\n"}


def main() -> None:
    """Write the pages that are not current."""
    for name, text in pages().items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"docs/{name} was written.\n")


def models_in(hint: Any, known: dict[type[BaseModel], None] | None = None) -> tuple[type[BaseModel], ...]:
    """The models that a type speaks of, each once, and those that their fields speak of."""
    known = {} if known is None else known
    if isinstance(hint, type) and issubclass(hint, BaseModel) and hint not in known:
        known[hint] = None
        for field in hint.model_fields.values():
            models_in(field.annotation, known)
    for part in typing.get_args(hint):
        models_in(part, known)
    return tuple(known)


def settings_models() -> dict[str, type[BaseModel]]:
    """Every model of settings by its heading."""
    flows = {f"Flow: {name}": kind.settings for name, kind in KINDS.items()}
    systems: dict[str, type[BaseModel]] = {}
    for system in SYSTEMS.values():
        systems[f"Connection: {system.title}"] = system.settings
        systems[f"Credentials: {system.title}"] = system.credentials
    return {"Integration": IntegrationSettings} | flows | systems


# --- the page about mapping -------------------------------------------------------------------------------------------


def _mapping() -> Iterator[str]:
    yield "# Mapping"
    yield ""
    yield "<!-- Made by `make docs` from the definitions in `app/mapping`; change those. -->"
    yield ""
    yield (
        "A record travels from the source to the target in this order: filters that ask about the source's fields, "
        "the rows of leg 1, business rules, filters and lists that ask about the record, the flow's own decision, the "
        "rows of leg 2. Each leg can be edited alone; a leg that was never edited follows the shipped rows, and "
        "restoring one means taking the edited leg away."
    )
    yield ""
    yield from _model("A flow's mapping", FlowMapping, level=2)
    yield from _model("Rows", Row, level=2)
    yield (
        "An expression that gives nothing leaves its target out; an empty text empties it. Rows run in order: a row "
        "that writes a whole object comes first, rows inside it add to it. What fits no field of the record goes to "
        "`custom.<name>`. In rows of a list `item` is the element and `whole` the document around it; everywhere "
        "`settings` are the flow's settings. Which fields there are at both ends of a flow, custom fields and merge fields "
        "included, tells `GET /api/v1/flows/{id}/fields`."
    )
    yield ""
    yield from _expressions()
    yield from _model("Tables", Table, level=2)
    yield (
        "A value is looked up once, and the answer is not looked up again. Lists are translated element by element."
    )
    yield ""
    yield from _model("Conditions", Condition, level=2)
    yield "| comparison | holds for |"
    yield "| --- | --- |"
    yield from (f"| `{name}` | {_cell(text)} |" for name, text in OPERATORS.items())
    yield ""
    yield "A condition never fails: what is empty or of an odd kind is not greater, not listed, not matching."
    yield ""
    yield from _model("Groups of conditions", Group, level=3)
    yield from _model("Business rules", Rule, level=2)
    yield (
        "Rules run once each, in order, and see what the rules before them changed; none can call another, so rules "
        "cannot run in circles."
    )
    yield ""
    yield "### Actions"
    yield ""
    for action in ACTIONS:
        name = typing.get_args(action.model_fields["do"].annotation)[0]
        yield from _model(f"`{name}`", action, level=4, but=("do",))
    yield from _model("Filters", Filter, level=2)
    yield "What is kept back is logged as filtered by that filter, with its reason."
    yield ""
    yield from _model("Block and allow lists", Lists, level=2)
    yield from _model("What lists name", Listed, level=3)
    yield (
        "An address on a list is kept as a keyed hash, in the flow, in its versions and in an exported file: nobody reads it "
        "there, and versions only count them. `POST /api/v1/flows/{id}/lists` puts one person on a list, takes him off, or tells "
        "whether he is there. A file may name addresses, which are hashed on their way in; hashes of a file work where the same "
        "`HASH_SECRET` is, and are refused elsewhere. Rules, filters and tables are kept as they are written: people belong on "
        "lists, not there."
    )
    yield ""


def _expressions() -> Iterator[str]:
    yield "## Expressions"
    yield ""
    yield (
        "Expressions are [JMESPath](https://jmespath.org): `address.city`, `lines[0].sku`, `lines[*].sku`, "
        "`` lines[?qty > `1`].sku ``, `a || b`, `first | [0]`. Texts stand in 'single quotes', numbers in backticks. "
        "Numbers are exact decimals. A function that is given nothing answers nothing; one that cannot read its value "
        f"answers nothing and leaves a note. A record may take {MAX_STEPS:,} steps and a value {MAX_TEXT:,} characters; "
        "what takes more is held back for somebody to mend, and other records go on."
    )
    yield ""
    group = ""
    for function in catalogue():
        if function.group != group:
            group = function.group
            yield f"### {group}"
            yield ""
        yield from _function(function)


def _function(function: Function) -> Iterator[str]:
    yield f"**`{function.signature}`**  "
    yield _prose(function.text)
    yield ""
    if function.examples:
        yield "```"
        yield from (f"{each.call}  →  {_json(each.result)}" for each in function.examples)
        yield "```"
        yield ""


# --- the page about settings ------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "<!-- Made by `make docs` from the definitions of flows and connectors; change those. -->"
    yield ""
    for heading, model in settings_models().items():
        yield from _model(heading, model, level=2)
        for inner in models_in(model)[1:]:
            yield from _model(inner.__name__, inner, level=3)


# --- a model as a table -----------------------------------------------------------------------------------------------


def _model(heading: str, model: type[BaseModel], *, level: int, but: Sequence[str] = ()) -> Iterator[str]:
    yield f"{'#' * level} {heading}"
    yield ""
    yield _prose(model.__doc__ or "")
    yield ""
    fields = {name: field for name, field in model.model_fields.items() if name not in but}
    if not fields:
        return
    yield "| setting | what it is | values | default | example |"
    yield "| --- | --- | --- | --- | --- |"
    for name, field in fields.items():
        yield _line(field.alias or name, field)
    yield ""


def _line(name: str, field: FieldInfo) -> str:
    told = f"**{_cell(field.title or '')}.** {_cell(field.description or '')}"
    examples = " or ".join(f"`{_cell(_shown(example))}`" for example in field.examples or ())
    return (
        f"| `{name}` | {told} | {_cell(_values(field.annotation))} | {_cell(_default(field))} | {examples} |"
    )


def _values(hint: Any) -> str:
    """``yes or no``, ``number``, ``one of …``: the kinds of value a setting takes."""
    if typing.get_origin(hint) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(hint))
    if typing.get_origin(hint) is typing.Annotated:
        return _values(typing.get_args(hint)[0])
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = [_values(part) for part in typing.get_args(hint) if part is not type(None)]
        return " or ".join(dict.fromkeys(parts))
    if typing.get_origin(hint) in (tuple, list):
        return f"list of {_values(typing.get_args(hint)[0])}"
    if typing.get_origin(hint) is dict:
        return f"by name: {_values(typing.get_args(hint)[1])}"
    return _KINDS.get(getattr(hint, "__name__", ""), "text")


_KINDS: dict[str, str] = {
    "bool": "yes or no", "int": "number", "float": "number", "Decimal": "number", "date": "day", "datetime": "moment",
    "SecretStr": "secret text", "Table": "table", "Condition": "condition", "Group": "group", "Row": "row",
    "Rule": "rule", "Filter": "filter", "Lists": "lists", "Listed": "listed values",
} | {action.__name__: "action" for action in ACTIONS}  # fmt: skip


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}, "", frozenset()):
        return "empty"
    if isinstance(value, BaseModel):
        return (
            _shown(value.model_dump(mode="json", exclude_defaults=True))
            if value != type(value)()
            else "empty"
        )
    return f"`{_shown(value)}`"


def _shown(value: Any) -> str:
    """As JSON, which is how the API takes it."""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda number: float(number))


def _prose(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")


if __name__ == "__main__":
    main()
