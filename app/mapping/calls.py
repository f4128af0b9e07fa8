"""Function calls as closures: arguments as the parameters want them, and what happens where one is nothing.

A call that stands once in an expression costs at most what its text costs, so only calls that repeat (in a projection,
in an ``&expression``) pay for themselves. Functions that choose look only at what they choose.
"""

# ruff: noqa: ARG005 - all closures are called alike, whether they look at the value or the purse or not

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.errors import MappingFailed
from app.mapping.functions import LIBRARY
from app.mapping.library import choices
from app.mapping.library.choices import is_hollow
from app.mapping.library.entry import Function, coerced, is_true
from app.mapping.library.patterns import compile_pattern
from app.mapping.run import SHORT, Run

Evaluate = Callable[[Any, Run], Any]
Node = dict[str, Any]


def compile_call(node: Node, arguments: Sequence[Evaluate], *, repeats: bool) -> Evaluate:
    """The call of a node whose arguments are compiled already."""
    function = LIBRARY[node["value"]]
    choose = _CHOOSING.get(function.call)
    if choose is not None:
        call = choose(arguments)
    else:
        call = _bound(
            function,
            [
                _argument(function, at, child, evaluate)
                for at, (child, evaluate) in enumerate(zip(node["children"], arguments, strict=True))
            ],
        )
    return _paying(call) if repeats else call


def _paying(call: Evaluate) -> Evaluate:
    def pay(value: Any, run: Run) -> Any:
        run.pay(2)
        found = call(value, run)
        if found.__class__ is str:
            run.spend(len(found))
        elif found.__class__ is list:
            run.pay(len(found))
        return found

    return pay


# --- arguments --------------------------------------------------------------------------------------------------------


def _argument(function: Function, at: int, node: Node, evaluate: Evaluate) -> Evaluate:
    """The closure of one argument, with its value as the parameter's kind."""
    parameter = function.parameter(at)
    kind, name = parameter.kind, function.name
    if kind == "pattern":
        regex = compile_pattern(node["value"])
        return lambda value, run: regex
    if kind in ("anything", "&expression"):
        return evaluate

    def fit(given: Any, run: Run) -> Any:
        if given is None:
            return None
        if given.__class__ is str and len(given) > SHORT:
            run.pay(len(given) >> 8)
        found = coerced(kind, given, name)
        if found is None and given != "":
            run.note(f"{name}() could not read {parameter.name} as {kind}.")
        return found

    if node["type"] == "literal":
        return _written_out(evaluate, fit)
    if kind != "text":
        return lambda value, run: fit(evaluate(value, run), run)
    if node["type"] == "field":
        return _text_field(node["value"], fit)

    def text(value: Any, run: Run) -> Any:
        given = evaluate(value, run)
        return given if given.__class__ is str and len(given) <= SHORT else fit(given, run)

    return text


def _text_field(field: str, fit: Evaluate) -> Evaluate:
    def text(value: Any, run: Run) -> Any:
        given = value.get(field) if value.__class__ is dict else None
        return given if given.__class__ is str and len(given) <= SHORT else fit(given, run)

    return text


def _written_out(evaluate: Evaluate, fit: Evaluate) -> Evaluate:
    """A literal is fitted once; one that does not fit is told with every record, where people look."""
    try:
        constant = fit(evaluate(None, Run()), Run())
    except MappingFailed:
        constant = None
    if constant is None:
        return lambda value, run: fit(evaluate(value, run), run)
    return lambda value, run: constant


# --- calls ------------------------------------------------------------------------------------------------------------


def _bound(function: Function, arguments: Sequence[Evaluate]) -> Evaluate:
    """The call with its arguments. Where all of them are there, it is called straight away."""
    call, with_run = function.call, function.takes_run
    fill = _filling(function, len(arguments))
    strict = [not function.parameter(at).nothing for at in range(len(arguments))]
    needs = tuple(zip(arguments, strict, strict=True))
    noted = f"{function.name}() could not read its value." if function.reads else None

    if len(arguments) == 1 and strict[0]:
        (only,) = arguments

        def one(value: Any, run: Run) -> Any:
            given = only(value, run)
            if given is None:
                return None
            found = call(run, given) if with_run else call(given)
            if found is None and noted is not None and given != "":
                run.note(noted)
            return found

        return one

    if len(arguments) == 2 and strict[0]:
        first, second = arguments

        def two(value: Any, run: Run) -> Any:
            one = first(value, run)
            if one is None:
                return fill((None, second(value, run)), run)
            other = second(value, run)
            if other is None:
                found = fill((one, None), run)
            else:
                found = call(run, one, other) if with_run else call(one, other)
            if found is None and noted is not None and one != "":
                run.note(noted)
            return found

        return two

    def several(value: Any, run: Run) -> Any:
        given: list[Any] = []
        lacking = False
        for argument, needed in needs:
            found = argument(value, run)
            if found is None and needed:
                lacking = True
            given.append(found)
        found = fill(given, run) if lacking else call(run, *given) if with_run else call(*given)
        if found is None and noted is not None and given and given[0] is not None and given[0] != "":
            run.note(noted)
        return found

    return several


def _filling(function: Function, count: int) -> Callable[[Sequence[Any], Run], Any]:
    """The call where something is nothing, by each parameter's rule (``library/entry.py``)."""
    call = function.call
    parameters = [function.parameter(at) for at in range(count)]
    repeated = any(parameter.repeated for parameter in function.parameters)
    strict = [not parameter.nothing and not parameter.repeated for parameter in parameters]

    def fill(given: Sequence[Any], run: Run) -> Any:
        by_name: dict[str, Any] = {}
        for parameter, needed, found in zip(parameters, strict, given, strict=True):
            if found is None and needed:
                if not parameter.optional:
                    return None
            elif not repeated:
                by_name[parameter.name] = found
        if repeated:
            return call(run, *given) if function.takes_run else call(*given)
        return call(run=run, **by_name) if function.takes_run else call(**by_name)

    return fill


# --- functions that choose --------------------------------------------------------------------------------------------


def _coalesce(parts: Sequence[Evaluate]) -> Evaluate:
    def first_filled(value: Any, run: Run) -> Any:
        for part in parts:
            found = part(value, run)
            if found if found.__class__ is str else not is_hollow(found):
                return found
        return None

    return first_filled


def _not_null(parts: Sequence[Evaluate]) -> Evaluate:
    def first_there(value: Any, run: Run) -> Any:
        for part in parts:
            found = part(value, run)
            if found is not None:
                return found
        return None

    return first_there


def _default(parts: Sequence[Evaluate]) -> Evaluate:
    first, second = parts

    def filled(value: Any, run: Run) -> Any:
        found = first(value, run)
        return second(value, run) if is_hollow(found) else found

    return filled


def _if(parts: Sequence[Evaluate]) -> Evaluate:
    ask, yes, *rest = parts
    no: Evaluate = rest[0] if rest else lambda value, run: None
    return lambda value, run: yes(value, run) if is_true(ask(value, run)) else no(value, run)


_CHOOSING: dict[Callable[..., Any], Callable[[Sequence[Evaluate]], Evaluate]] = {
    choices.coalesce: _coalesce,
    choices.not_null: _not_null,
    choices.default: _default,
    choices.if_: _if,
}
