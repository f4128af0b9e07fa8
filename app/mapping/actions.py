"""What a rule may do: one small model per action. What each does to a record stands in ``effects.py``.

Values are data. ``from`` may be a path or an expression; ``value`` never is one. A field's path is ``name(.name)*``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.mapping.scalars import Scalar
from app.mapping.tables import Table


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)


_FIELD = Field(
    title="Field", description="Path of the field that changes.", examples=["address.city"], max_length=200
)


class _Valued(_Action):
    """An action that takes a value written out, or one from the record."""

    field: str = _FIELD
    value: Scalar = Field(
        default=None, title="Value", description="A value; it is written as it stands.", examples=["VIP"]
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        title="From",
        description="A path or expression over the record that gives the value instead.",
        examples=["concat(first_name, ' ', last_name)"],
        max_length=2_000,
    )

    @model_validator(mode="after")
    def _one_source(self) -> _Valued:
        if (self.value is None) is (self.from_ is None):
            raise ValueError("give either `value` or `from`")
        return self


class Set(_Valued):
    """Give the field this value."""

    do: Literal["set"] = Field(title="Action", description="Give the field this value.", examples=["set"])


class Append(_Valued):
    """Add behind the text, or as the last element of a list."""

    do: Literal["append"] = Field(
        title="Action", description="Add behind the text, or as last element of a list.", examples=["append"]
    )
    separator: str = Field(
        default="",
        title="Separator",
        description="What stands between, where the field holds a text already.",
        examples=[", "],
        max_length=20,
    )


class Prepend(_Valued):
    """Add in front of the text, or as the first element of a list."""

    do: Literal["prepend"] = Field(
        title="Action",
        description="Add in front of the text, or as first element of a list.",
        examples=["prepend"],
    )
    separator: str = Field(
        default="",
        title="Separator",
        description="What stands between, where the field holds a text already.",
        examples=[" "],
        max_length=20,
    )


class Copy(_Action):
    """Copy a field, lists and objects too."""

    do: Literal["copy"] = Field(title="Action", description="Copy one field to another.", examples=["copy"])
    field: str = _FIELD
    from_: str = Field(
        alias="from",
        title="From",
        description="The path or expression that is copied.",
        examples=["billing"],
        max_length=2_000,
    )


class Math(_Valued):
    """Reckon with the field."""

    do: Literal["math"] = Field(title="Action", description="Reckon with the field.", examples=["math"])
    operator: Literal["add", "subtract", "multiply", "divide", "add_percent", "subtract_percent"] = Field(
        title="Operation", description="What is done with the value.", examples=["add_percent"]
    )
    places: int | None = Field(
        default=None,
        title="Decimals",
        description="Round half up to so many decimals; nothing: do not round.",
        examples=[2],
        ge=0,
        le=12,
    )


class Clear(_Action):
    """Empty the field."""

    do: Literal["clear"] = Field(title="Action", description="Empty the field.", examples=["clear"])
    field: str = _FIELD


class Translate(_Action):
    """Send the field through a table."""

    do: Literal["map"] = Field(
        title="Action", description="Send the field through a table.", examples=["map"]
    )
    field: str = _FIELD
    table: Table | str = Field(
        title="Table",
        description="Default, force, table and policy; or the name of one of the flow's tables.",
        examples=[{"entries": {"high": "V21"}}, "tax_classes"],
    )


class Skip(_Action):
    """Leave this record out; in a rule over a list, this element."""

    do: Literal["skip"] = Field(
        title="Action",
        description="Leave the record out; in a rule over a list, the element.",
        examples=["skip"],
    )
    reason: str = Field(
        title="Reason",
        description="What the log says.",
        examples=["Test customer"],
        min_length=1,
        max_length=500,
    )


class Stop(_Action):
    """Hold this record back with a message for people."""

    do: Literal["stop"] = Field(
        title="Action", description="Hold the record back until somebody acts.", examples=["stop"]
    )
    message: str = Field(
        title="Message",
        description="What the person who must act reads.",
        examples=["The customer has no VAT number"],
        min_length=1,
        max_length=500,
    )


class AddTag(_Action):
    """Add a tag; on an order to its customer."""

    do: Literal["add_tag"] = Field(
        title="Action", description="Add a tag; on an order to its customer.", examples=["add_tag"]
    )
    tag: str | None = Field(
        default=None,
        title="Tag",
        description="The tag's name.",
        examples=["Loyal"],
        min_length=1,
        max_length=100,
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        title="From",
        description="A path or expression that gives the tag, or a list of tags.",
        examples=["lines[].category"],
        max_length=2_000,
    )

    @model_validator(mode="after")
    def _one_source(self) -> AddTag:
        if (self.tag is None) is (self.from_ is None):
            raise ValueError("give either `tag` or `from`")
        return self


Action = Annotated[
    Set | Append | Prepend | Copy | Math | Clear | Translate | Skip | Stop | AddTag, Field(discriminator="do")
]
