"""flows remember what a look at everything showed, where a source does not tell what changed

Revision ID: 20261126_glimpses
Revises: 20261126_landings
Create Date: 2026-11-26 11:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_glimpses"
down_revision = "20261126_landings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "glimpses",
        sa.Column("flow_id", sa.String(40), nullable=False),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(40), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_glimpses_flow_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flow_id", "ref", name="pk_glimpses"),
    )


def downgrade() -> None:
    op.drop_table("glimpses")
