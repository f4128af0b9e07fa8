"""addresses that somebody left for others are kept a day, sealed

Revision ID: 20261128_moves
Revises: 20261128_undos
Create Date: 2026-11-26 15:50:00
"""

from __future__ import annotations

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


def downgrade() -> None:
    op.drop_table("moves")
