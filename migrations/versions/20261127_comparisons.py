"""both sides of a flow are compared, and what differs is named

Revision ID: 20261127_comparisons
Revises: 20261127_owners
Create Date: 2026-11-26 14:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_comparisons"
down_revision = "20261127_owners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("flow_id", sa.String(40), sa.ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.String(20), nullable=False),
        sa.Column("heal", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("differ", sa.Integer(), nullable=False),
        sa.Column("healing", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(60)),
        sa.Column("detail", sa.Text()),
    )
    op.create_table(
        "differences",
        sa.Column("flow_id", sa.String(40), sa.ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("remote_id", sa.String(100)),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("healing", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("differences")
    op.drop_table("comparisons")
