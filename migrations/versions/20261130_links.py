"""which record at a target a part of a source's record was found to be, made by us or not

Revision ID: 20261130_links
Revises: 20261129_news
Create Date: 2026-11-27 00:15:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_links"
down_revision = "20261129_news"
branch_labels = None
depends_on = None


def upgrade() -> None:
    links = op.create_table(
        "links",
        sa.Column(
            "connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "owner_connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("owner_ref", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(30), primary_key=True),
        sa.Column("part", sa.String(200), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    _carry_over(links)


def downgrade() -> None:
    op.drop_table("links")


def _carry_over(links: sa.Table) -> None:
    """What was made so far was known by a fact of its row."""
    row = sa.table(
        "targets",
        *(
            sa.column(name)
            for name in ("connection_id", "owner_connection_id", "owner_ref", "remote_id", "kind")
        ),
        sa.column("facts", sa.JSON),
    )
    there = sa.select(sa.table("connections", sa.column("id")).c.id)
    made = sa.select(row).where(row.c.kind == "article", row.c.owner_connection_id.in_(there))
    known = {}
    for each in op.get_bind().execute(made):
        number, part = (each.remote_id or "").rpartition("/")[2], (each.facts or {}).get("variant")
        if number.isdigit() and part and each.owner_ref:
            known[each.connection_id, each.owner_connection_id, each.owner_ref, each.kind, part] = int(number)
    names = ("connection_id", "owner_connection_id", "owner_ref", "kind", "part")
    values = [dict(zip(names, place, strict=True)) | {"number": number} for place, number in known.items()]
    if values:
        op.bulk_insert(links, values)
