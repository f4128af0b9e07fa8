"""targets remember who may have brought them about, so that nothing of an unknown outcome is left behind

Revision ID: 20261126_takers
Revises: 20261126_side_cursor_floors
Create Date: 2026-11-26 00:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_takers"
down_revision = "20261126_side_cursor_floors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("taker_connection_id", sa.String(40)))
    op.add_column("targets", sa.Column("taker_ref", sa.String(200)))
    op.add_column("targets", sa.Column("natural_sealed", sa.LargeBinary()))
    taken = sa.text("taker_ref IS NOT NULL")
    op.create_index(
        "ix_targets_taker",
        "targets",
        ["taker_connection_id", "taker_ref"],
        sqlite_where=taken,
        postgresql_where=taken,
    )


def downgrade() -> None:
    op.drop_index("ix_targets_taker", table_name="targets")
    with op.batch_alter_table("targets") as batch:
        for name in ("natural_sealed", "taker_ref", "taker_connection_id"):
            batch.drop_column(name)
