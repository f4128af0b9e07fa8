"""targets are found by their owner, and what a worker has under way by the worker, in one step

Revision ID: 20261127_owners
Revises: 20261127_numbers
Create Date: 2026-11-26 14:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_owners"
down_revision = "20261127_numbers"
branch_labels = None
depends_on = None

UNDER_WAY = (("deliveries", "claim"), ("targets", "holder"))


def upgrade() -> None:
    op.drop_index("ix_targets_owner", table_name="targets")
    op.create_index(
        "ix_targets_owner", "targets", ["owner_connection_id", "owner_ref", "connection_id", "kind"]
    )
    for table, column in UNDER_WAY:
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    for table, column in UNDER_WAY:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_index("ix_targets_owner", table_name="targets")
    op.create_index("ix_targets_owner", "targets", ["owner_connection_id", "owner_ref"])
