"""block and allow lists keep people's addresses as keyed hashes, in flows and in every version of them

Revision ID: 20261128_hashed_lists
Revises: 20261127_comparisons
Create Date: 2026-11-28 08:00:00
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from app.values.email import normalise_email

revision = "20261128_hashed_lists"
down_revision = "20261127_comparisons"
branch_labels = None
depends_on = None

Entry = Callable[[str], str]

flows = sa.table("flows", sa.column("id", sa.String), sa.column("mapping", sa.JSON))
versions = sa.table(
    "config_changes",
    sa.column("id", sa.BigInteger),
    sa.column("content", sa.JSON),
    sa.column("differences", sa.JSON),
)
_ONE = re.compile(r"(mapping\.lists\.(?:block|allow)\.email)(?:\[(.*)\])?", re.DOTALL)
_AROUND = re.compile(r"mapping(?:\.lists(?:\.(block|allow))?)?")


def upgrade() -> None:
    db = op.get_bind()
    for row in db.execute(sa.select(flows)).all():
        mapping = hidden_mapping(row.mapping, _entry)
        if mapping != row.mapping:
            db.execute(flows.update().where(flows.c.id == row.id).values(mapping=mapping))
    for number in db.execute(sa.select(versions.c.id)).scalars().all():
        row = db.execute(sa.select(versions).where(versions.c.id == number)).one()
        content = {**row.content}
        if isinstance(content.get("mapping"), Mapping):
            content["mapping"] = hidden_mapping(content["mapping"], _entry)
        differences = [hidden_difference(each, _entry) for each in row.differences]
        if (content, differences) != (row.content, list(row.differences)):
            db.execute(
                versions.update()
                .where(versions.c.id == number)
                .values(content=content, differences=differences)
            )


def downgrade() -> None:
    """A hash is no address any more: the lists stay as they are, and must be written anew."""


def _entry(value: str) -> str:
    """A list's value as it is kept from now on."""
    if not value.strip() or value.startswith("hashed:"):
        return value
    keyed_hash = context.config.attributes.get("keyed_hash")
    if keyed_hash is None:
        raise RuntimeError(
            "Block or allow lists hold addresses that must be hashed with this installation's key: run `python -m app migrate`."
        )
    address = normalise_email(value) or value.strip().lower()
    return f"hashed:{keyed_hash('lists', length=8)}:{keyed_hash('target', 'customer', address)}"


def hidden_mapping(mapping: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """A mapping without an address in its lists."""
    if not isinstance(mapping.get("lists"), Mapping):
        return {**mapping}
    return {**mapping, "lists": hidden_lists(mapping["lists"], entry)}


def hidden_lists(lists: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    return {
        name: hidden_side(side, entry) if isinstance(side, Mapping) else side for name, side in lists.items()
    }


def hidden_side(side: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    return {name: hidden(values, entry) if name == "email" else values for name, values in side.items()}


def hidden(value: Any, entry: Entry) -> Any:
    if isinstance(value, str):
        return entry(value)
    return [hidden(each, entry) for each in value] if isinstance(value, Sequence) else value


def hidden_difference(told: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """What a version says of its changes, without an address in its path or in its values."""
    path, found = told["path"], {**told}
    one, around = _ONE.fullmatch(path), _AROUND.fullmatch(path)
    if one is not None:
        if one[2] is not None:
            found["path"] = f"{one[1]}[{_element(one[2], entry)}]"
        within: Callable[[Any, Entry], Any] = hidden
    elif around is not None:
        within = hidden_side if around[1] else hidden_lists if path.endswith("lists") else hidden_mapping
    else:
        return found
    if told["how"] != "moved":
        for name in ("before", "after"):
            if told.get(name) is not None:
                found[name] = within(told[name], entry)
    return found


def _element(text: str, entry: Entry) -> str:
    try:
        return json.dumps(entry(json.loads(text)))
    except (ValueError, AttributeError):  # it was cut in the middle
        return "…"
