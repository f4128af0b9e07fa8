"""side cursors remember where they were placed, as a flow's own cursor does

Revision ID: 20261126_side_cursor_floors
Revises: 20261126_config_changes
Create Date: 2026-11-26 01:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_side_cursor_floors"
down_revision = "20261126_config_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Those that were placed before: what lies below where they stand now was told already.
    op.add_column("side_cursors", sa.Column("floor", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE side_cursors SET floor = position")


def downgrade() -> None:
    with op.batch_alter_table("side_cursors") as batch:
        batch.drop_column("floor")
