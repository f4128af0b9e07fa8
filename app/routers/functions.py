"""The words of a mapping: every function that an expression can call, every comparison that a condition can make."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.mapping.conditions import OPERATORS
from app.mapping.functions import catalogue
from app.routers.access import Reads
from app.routers.bodies import Answer

router = APIRouter(prefix="/api/v1", tags=["Systems"])


class ParameterOut(Answer):
    """One parameter of a function."""

    name: str = Field(examples=["text"])
    type: str = Field(examples=["text"])
    optional: bool
    repeated: bool = Field(description="May be given any number of times")


class ExampleOut(Answer):
    """A call that can be pasted, and what it gives."""

    call: str = Field(examples=["upper('anna')"])
    result: Any = Field(examples=["ANNA"])


class FunctionOut(Answer):
    """One function of the library."""

    name: str = Field(examples=["upper"])
    group: str = Field(examples=["Text"])
    signature: str = Field(examples=["upper(text: text) -> text"])
    parameters: list[ParameterOut]
    returns: str = Field(examples=["text"])
    summary: str
    description: str
    examples: list[ExampleOut]


class ComparisonOut(Answer):
    """One comparison, as conditions name it in `is`."""

    name: str = Field(examples=["equals"])
    description: str


@router.get("/functions")
async def list_functions(_caller: Reads) -> list[FunctionOut]:
    """The functions that expressions can call, by group, each with examples that can be pasted into a row."""
    return [
        FunctionOut(
            name=each.name,
            group=each.group,
            signature=each.signature,
            parameters=[
                ParameterOut(name=one.name, type=one.kind, optional=one.optional, repeated=one.repeated)
                for one in each.parameters
            ],
            returns=each.returns,
            summary=each.summary,
            description=each.text,
            examples=[ExampleOut(call=one.call, result=one.result) for one in each.examples],
        )
        for each in catalogue()
    ]


@router.get("/comparisons")
async def list_comparisons(_caller: Reads) -> list[ComparisonOut]:
    """What the conditions of rules, filters and rows can ask."""
    return [ComparisonOut(name=name, description=text) for name, text in OPERATORS.items()]
