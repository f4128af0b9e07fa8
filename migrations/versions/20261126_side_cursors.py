"""flows read other sequences beside their own: a category that is renamed tells of its products

Revision ID: 20261126_side_cursors
Revises: 20261124_cursor_epochs
Create Date: 2026-11-26 00:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_side_cursors"
down_revision = "20261124_cursor_epochs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "side_cursors",
        sa.Column("flow_id", sa.String(40), sa.ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sequence", sa.String(30), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("side_cursors")
