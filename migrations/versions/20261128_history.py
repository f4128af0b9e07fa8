"""cursors say up to where the records are history

Revision ID: 20261128_history
Revises: 20261128_hashed_lists
Create Date: 2026-11-26 15:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_history"
down_revision = "20261128_hashed_lists"
branch_labels = None
depends_on = None

TABLES = ("cursors", "side_cursors")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(
            table, sa.Column("history_to", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
        # What was read by now is no news, should somebody have it read again.
        op.execute(sa.text(f"UPDATE {table} SET history_to = position"))  # noqa: S608 - names of our own


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "history_to")
