"""known_fields: what each connection's records can hold, as its system told it last

Revision ID: 20261127_known_fields
Revises: 20261126_backfills
Create Date: 2026-11-27 08:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_known_fields"
down_revision = "20261126_backfills"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_fields",
        sa.Column(
            "connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(30), primary_key=True),
        sa.Column("way", sa.String(3), primary_key=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("known_fields")
