"""numbers that were given to articles are remembered, each once

Revision ID: 20261127_numbers
Revises: 20261127_known_fields
Create Date: 2026-11-27 08:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_numbers"
down_revision = "20261127_known_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "numbers",
        sa.Column(
            "connection_id",
            sa.String(40),
            sa.ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(30), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("connection_id", "kind", "number", name="uq_numbers_connection_id_kind_number"),
    )


def downgrade() -> None:
    op.drop_table("numbers")
