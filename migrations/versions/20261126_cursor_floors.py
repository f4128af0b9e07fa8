"""cursors remember where they were placed: what lies below is not read again, not even by the small window that polls read twice

Revision ID: 20261126_cursor_floors
Revises: 20261126_side_cursors
Create Date: 2026-11-26 00:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_cursor_floors"
down_revision = "20261126_side_cursors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursors", sa.Column("floor", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("cursors") as batch:
        batch.drop_column("floor")
