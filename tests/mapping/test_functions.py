"""The function library: every example of the catalogue is true, and nothing, empty and odd values do no harm."""

from __future__ import annotations

import pytest

from app.mapping.expressions import compile_expression
from app.mapping.functions import catalogue
from app.mapping.library.entry import Function
from app.mapping.run import Run

EXAMPLES = [(example.call, example.result) for function in catalogue() for example in function.examples]


@pytest.mark.parametrize(("call", "expected"), EXAMPLES)
def test_every_example_of_the_catalogue_is_true(call: str, expected: object) -> None:
    assert expected == compile_expression(call).evaluate({}, Run())


@pytest.mark.parametrize("function", catalogue(), ids=lambda function: function.name)
def test_every_function_is_explained(function: Function) -> None:
    assert function.examples
    assert function.summary.endswith(".")
    assert function.group
