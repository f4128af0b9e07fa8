"""config_changes: every change of settings, mapping, hours or timing is kept with who, when, and the whole content after it

Revision ID: 20261126_config_changes
Revises: 20261126_cursor_floors
Create Date: 2026-11-26 00:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_config_changes"
down_revision = "20261126_cursor_floors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "config_changes",
        sa.Column(
            "id",
            sa.Integer().with_variant(sa.BigInteger(), "postgresql"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("integration_id", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(40)),
        sa.Column("key_name", sa.String(200)),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("restored", sa.Integer()),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_changes")),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_config_changes_integration_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "integration_id",
            "subject",
            "number",
            name=op.f("uq_config_changes_integration_id_subject_number"),
        ),
    )


def downgrade() -> None:
    op.drop_table("config_changes")
