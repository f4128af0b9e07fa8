"""Function calls as closures: arguments as the parameters want them, and what happens where one is nothing.

A call that stands once in an expression costs at most what its text costs, so only calls that repeat (in a projection,
in an ``&expression``) pay for themselves. Functions that choose look only at what they choose.
"""

# ruff: noqa: ARG005 - all closures are called alike, whether they look at the value or the purse or not

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.mapping.arguments import Argument, compile_argument
from app.mapping.functions import LIBRARY
from app.mapping.library import choices
from app.mapping.library.choices import is_hollow
from app.mapping.library.entry import Function, is_true
from app.mapping.plainpaths import Evaluate, Node
from app.mapping.run import Run


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
                compile_argument(function, at, child, evaluate)
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


# --- calls ------------------------------------------------------------------------------------------------------------


def _bound(function: Function, arguments: Sequence[Argument]) -> Evaluate:
    """The call with its arguments, in the shape that takes the fewest steps. What cannot be read is noted."""
    if not arguments:
        call = function.call
        return (lambda value, run: call(run)) if function.takes_run else (lambda value, run: call())
    if not any(argument.varies for argument in arguments[1:]):
        return _of_one(function, arguments[0].evaluate, tuple(each.constant for each in arguments[1:]))
    if len(arguments) == 2:
        return _of_two(function, arguments[0].evaluate, arguments[1].evaluate)
    return _of_many(function, [argument.evaluate for argument in arguments])


def _of_one(function: Function, first: Evaluate, written: tuple[Any, ...]) -> Evaluate:
    """Only the first argument comes from the record; those ``written`` out behind it are the same for all."""
    call, with_run, noted = function.call, function.takes_run, _unread(function)
    needed = not function.parameter(0).nothing

    def one(value: Any, run: Run) -> Any:
        given = first(value, run)
        if given is None and needed:
            return None
        if written:
            found = call(run, given, *written) if with_run else call(given, *written)
        else:
            found = call(run, given) if with_run else call(given)
        if found is None and noted is not None and given is not None and given != "":
            run.note(noted)
        return found

    return one


def _of_two(function: Function, first: Evaluate, second: Evaluate) -> Evaluate:
    call, with_run, noted = function.call, function.takes_run, _unread(function)
    needs_first, needs_second = not function.parameter(0).nothing, not function.parameter(1).nothing
    spare = function.parameter(1).optional

    def two(value: Any, run: Run) -> Any:
        one = first(value, run)
        other = second(value, run)
        if one is None and needs_first:
            return None
        if other is not None or not needs_second:
            found = call(run, one, other) if with_run else call(one, other)
        elif spare:
            found = call(run, one) if with_run else call(one)
        else:
            found = None
        if found is None and noted is not None and one is not None and one != "":
            run.note(noted)
        return found

    return two


def _of_many(function: Function, arguments: Sequence[Evaluate]) -> Evaluate:
    call, with_run, noted = function.call, function.takes_run, _unread(function)
    fill = _filling(function, len(arguments))
    needs = [not function.parameter(at).nothing for at in range(len(arguments))]
    needed = tuple(zip(arguments, needs, strict=True))

    def many(value: Any, run: Run) -> Any:
        given: list[Any] = []
        lacking = False
        for argument, need in needed:
            found = argument(value, run)
            if found is None and need:
                lacking = True
            given.append(found)
        found = fill(given, run) if lacking else call(run, *given) if with_run else call(*given)
        if found is None and noted is not None and given[0] is not None and given[0] != "":
            run.note(noted)
        return found

    return many


def _filling(function: Function, count: int) -> Callable[[Sequence[Any], Run], Any]:
    """The call where something is nothing, by each parameter's rule (``library/entry.py``)."""
    call = function.call
    parameters = [function.parameter(at) for at in range(count)]

    def fill(given: Sequence[Any], run: Run) -> Any:
        by_name: dict[str, Any] = {}
        for parameter, found in zip(parameters, given, strict=True):
            if found is not None or parameter.nothing:
                by_name[parameter.name] = found
            elif not parameter.optional:
                return None
        return call(run=run, **by_name) if function.takes_run else call(**by_name)

    return fill


def _unread(function: Function) -> str | None:
    return f"{function.name}() could not read its value." if function.reads else None


# --- functions that choose --------------------------------------------------------------------------------------------


def _coalesce(parts: Sequence[Evaluate]) -> Evaluate:
    def first_filled(value: Any, run: Run) -> Any:
        for part in parts:
            found = part(value, run)
            if found is not None and (found if found.__class__ is str else not is_hollow(found)):
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

    def choose(value: Any, run: Run) -> Any:
        asked = ask(value, run)
        holds = asked if asked.__class__ is bool or asked is None else is_true(asked)
        return yes(value, run) if holds else no(value, run)

    return choose


_CHOOSING: dict[Callable[..., Any], Callable[[Sequence[Evaluate]], Evaluate]] = {
    choices.coalesce: _coalesce,
    choices.not_null: _not_null,
    choices.default: _default,
    choices.if_: _if,
}
