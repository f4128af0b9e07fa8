"""addresses that somebody left for others are kept a day, sealed

Revision ID: 20261128_moves
Revises: 20261128_undos
Create Date: 2026-11-26 15:50:00
"""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from alembic import op

revision = "20261128_moves"
down_revision = "20261128_undos"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column(
            "connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("old_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    if op.get_bind().dialect.name != "sqlite" or sqlite3.sqlite_version_info >= (3, 35):
        # Nobody ever read them. Never by making the table anew: dropping the old one would take its attempts along.
        op.drop_column("deliveries", "hint_sealed")
        op.drop_column("deliveries", "hint_until")


def downgrade() -> None:
    kept = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("deliveries")}
    if "hint_sealed" not in kept:
        op.add_column("deliveries", sa.Column("hint_sealed", sa.LargeBinary()))
        op.add_column("deliveries", sa.Column("hint_until", sa.BigInteger()))
    op.drop_table("moves")
