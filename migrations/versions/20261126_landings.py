"""targets remember until when a call that was given up on may still land, whoever holds them meanwhile

Revision ID: 20261126_landings
Revises: 20261126_takers
Create Date: 2026-11-26 11:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_landings"
down_revision = "20261126_takers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("lands_until", sa.BigInteger(), nullable=False, server_default="0"))
    # What was held beyond a lost answer was so by a holder of its own.
    op.execute(
        "UPDATE targets SET lands_until = held_until, holder = NULL, held_until = 0 WHERE holder = 'lost'"
    )


def downgrade() -> None:
    op.execute("UPDATE targets SET held_until = lands_until, holder = 'lost' WHERE lands_until > held_until")
    with op.batch_alter_table("targets") as batch:
        batch.drop_column("lands_until")
