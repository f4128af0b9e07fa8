"""a run can be undone: what each attempt did to which target, and the values before

Revision ID: 20261128_undos
Revises: 20261128_history
Create Date: 2026-11-26 15:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_undos"
down_revision = "20261128_history"
branch_labels = None
depends_on = None

_KEPT = sa.text("before_until IS NOT NULL")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("effects", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("attempts", sa.Column("before_sealed", sa.LargeBinary()))
    op.add_column("attempts", sa.Column("before_until", sa.BigInteger()))
    op.create_index(
        "ix_attempts_before", "attempts", ["before_until"], sqlite_where=_KEPT, postgresql_where=_KEPT
    )
    op.create_table(
        "undos",
        sa.Column("flow_id", sa.String(40), sa.ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("triggers", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("code", sa.String(60)),
        sa.Column("detail", sa.Text()),
    )


def downgrade() -> None:
    op.drop_table("undos")
    op.drop_index("ix_attempts_before", table_name="attempts")
    op.drop_column("attempts", "before_until")
    op.drop_column("attempts", "before_sealed")
    op.drop_column("attempts", "effects")
