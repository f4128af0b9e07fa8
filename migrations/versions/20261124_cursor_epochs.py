"""cursors count how often they were placed, so that a rewound stretch is read anew

Revision ID: 20261124_cursor_epochs
Revises: 20261124_first_schema
Create Date: 2026-11-24 03:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_cursor_epochs"
down_revision = "20261124_first_schema"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursors", sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("cursors") as batch:
        batch.drop_column("epoch")
