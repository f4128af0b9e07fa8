"""in which branch somebody first bought, by the keyed hash of their address

Revision ID: 20261128_first_branches
Revises: 20261128_moves
Create Date: 2026-11-26 20:45:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_first_branches"
down_revision = "20261128_moves"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "first_branches",
        sa.Column(
            "connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("person", sa.String(100), primary_key=True),
        sa.Column("branch", sa.String(40), nullable=False),
        sa.Column("sale", sa.String(200), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("first_branches")
