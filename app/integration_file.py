"""One integration as one YAML file, without secrets: written, and read from whoever sends it.

Only what JSON can hold: text is text (``no`` and ``012`` stay what they are), no aliases, no tags, no name twice. What a
stranger sends is bounded before it is built: in bytes, in depth and in the number of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput

FORMAT = 1
MOST_BYTES = 1024 * 1024
MOST_PARTS = 100_000
DEEPEST = 40


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(_Strict):
    """A connection by its name; its credentials never stand in a file. ``settings`` help whoever must make it."""

    system: str = Field(min_length=1, max_length=20)
    name: str | None = Field(default=None, min_length=1, max_length=200)
    settings: dict[str, Any] = Field(default_factory=dict)


class FlowPart(_Strict):
    """One flow. What is absent is the default of its kind."""

    kind: str = Field(min_length=1, max_length=30)
    source: Literal["left", "right"] = Field(default="left")
    settings: dict[str, Any] = Field(default_factory=dict)
    mapping: dict[str, Any] = Field(default_factory=dict)
    hours: dict[str, Any] | None = None
    window_s: float | None = None
    deadline_s: float | None = None


class IntegrationFile(_Strict):
    """The whole file. ``format`` is the version of this shape; ``title`` and ``description`` are for people."""

    format: int
    title: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    name: str = Field(min_length=1, max_length=200)
    left: Side
    right: Side
    settings: dict[str, Any] = Field(default_factory=dict)
    flows: tuple[FlowPart, ...] = Field(default=(), max_length=50)


# --- writing --------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's
        """Everything is written out where it stands."""
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    """Quoted where it holds a line break that YAML would fold away."""
    style = '"' if any(mark in value for mark in "\x85\u2028\u2029\ufeff") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def written(document: Mapping[str, Any]) -> str:
    """Plain data as YAML, in the order given."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


# --- reading --------------------------------------------------------------------------------------------------------


_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fast):  # type: ignore[misc]
    """JSON's kinds of value only: what looks like a date, an octal or a Norwegian ``no`` is text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_SIGNS = list("-+0123456789")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), _SIGNS)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]{1,30}\.[0-9]{0,30}(?:[eE][-+][0-9]{1,3})?$"), _SIGNS
)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _wrong("A name must be a text.", key_node.start_mark)
        key = str(key_node.value)
        if key in found:
            raise _wrong(f"The name {key[:40]!r} stands there twice.", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(raw: bytes) -> Any:
    """The file's plain data. Raises InvalidInput with the line where it cannot be read."""
    if len(raw) > MOST_BYTES:
        raise InvalidInput(
            f"The file is larger than {MOST_BYTES // 1024} KB.", advice="One file holds one integration."
        )
    try:
        text = raw.decode("utf-8-sig")
        _bounded(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, narrowed
    except UnicodeDecodeError:
        raise InvalidInput("The file is not text in UTF-8.", advice="Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        raise _wrong("The file is not YAML that can be read.", error.problem_mark) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InvalidInput("The file is not YAML that can be read.", code="yaml_unreadable") from None


def _bounded(text: str) -> None:
    """Look at the file's events before anything is built of them."""
    depth = 0
    for parts, event in enumerate(yaml.parse(text, Loader=_Fast)):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _wrong("Anchors and aliases are not taken.", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _wrong("Tags are not taken.", event.start_mark)
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _wrong(f"Nested deeper than {DEEPEST} levels.", event.start_mark)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if parts > MOST_PARTS:
            raise _wrong(f"More than {MOST_PARTS} parts.", event.start_mark)


def _wrong(sentence: str, mark: Any) -> InvalidInput:
    where = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
    return InvalidInput(f"{sentence.rstrip('.')}{where}.", code="yaml_unreadable")


def of_this_version(document: Any) -> Mapping[str, Any]:
    """The document, if it is a file of this version. Raises InvalidInput naming ``format``."""
    if not isinstance(document, Mapping):
        raise InvalidInput(
            "The file must hold names with values.", advice="Export an integration to see one."
        )
    given = document.get("format")
    if given is None:
        raise InvalidInput(
            "The file does not say its format.", advice=f"Begin it with: format: {FORMAT}", field="format"
        )
    if given is True or given != FORMAT:
        raise InvalidInput(
            f"This installation reads files of format {FORMAT}, and this one is of another.",
            advice="Export it again with this version, or bring this installation up to date.",
            field="format",
            code="wrong_format",
        )
    return document
