"""The manual is made from the definitions: it is current, mentions everything, and no setting lacks its texts (U18)."""

from __future__ import annotations

import typing
from typing import Any

import pytest
from pydantic import BaseModel

from app.flows.mapping import FlowMapping
from app.manual import ACTIONS, DOCS, models_in, pages, settings_models
from app.mapping.conditions import OPERATORS, Operator
from app.mapping.functions import catalogue
from app.mapping.tables import Missing

MODELS = sorted(
    {inner for model in (FlowMapping, *settings_models().values()) for inner in models_in(model)},
    key=lambda model: (model.__module__, model.__name__),
)
FIELDS = [(model, name) for model in MODELS for name in model.model_fields]


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_current(name: str) -> None:
    kept = (DOCS / name).read_text(encoding="utf-8")

    assert kept == pages()[name], "run: make docs"


@pytest.mark.parametrize(
    ("model", "name"), FIELDS, ids=[f"{model.__name__}.{name}" for model, name in FIELDS]
)
def test_every_setting_has_a_title_a_description_and_an_example(model: type[BaseModel], name: str) -> None:
    field = model.model_fields[name]

    assert field.title
    assert field.description
    assert field.examples


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_group_of_settings_says_what_it_is(model: type[BaseModel]) -> None:
    assert (model.__doc__ or "").strip().endswith(".")


def test_a_setting_without_a_text_would_be_found() -> None:
    class Outer(BaseModel):
        """Outer."""

        inner: dict[str, tuple[_Inner, ...]] | None = None

    assert (Outer, _Inner) == models_in(Outer)


class _Inner(BaseModel):
    """Inner."""

    bare: int = 0


def _words(hint: Any) -> tuple[str, ...]:
    return typing.get_args(hint)


@pytest.mark.parametrize("name", ["settings.md", "mapping.md"])
def test_every_setting_is_mentioned(name: str) -> None:
    page = pages()[name]
    models = settings_models().values() if name == "settings.md" else (FlowMapping,)
    for model in (inner for outer in models for inner in models_in(outer)):
        for field_name, field in model.model_fields.items():
            if (model in ACTIONS) and field_name == "do":
                continue
            assert f"| `{field.alias or field_name}` |" in page


def test_functions_comparisons_actions_and_policies_are_all_explained() -> None:
    page = pages()["mapping.md"]

    assert set(_words(Operator)) == set(OPERATORS)
    for function in catalogue():
        assert f"**`{function.signature}`**" in page
    for operator, text in OPERATORS.items():
        assert f"| `{operator}` | {text} |" in page
    for action in ACTIONS:
        (word,) = _words(action.model_fields["do"].annotation)
        assert f"#### `{word}`" in page
    for policy in _words(Missing):
        assert f"`{policy}`" in page
