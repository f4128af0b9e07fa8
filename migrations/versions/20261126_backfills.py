"""a flow's history is brought when a person asks for it, stops and goes on

Revision ID: 20261126_backfills
Revises: 20261126_glimpses
Create Date: 2026-11-26 12:15:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_backfills"
down_revision = "20261126_glimpses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("flow_id", sa.String(40), sa.ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("mails", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("count", sa.Integer()),
        sa.Column("total", sa.Integer()),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("positions", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("run_done", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.BigInteger()),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
    )


def downgrade() -> None:
    op.drop_table("backfills")
