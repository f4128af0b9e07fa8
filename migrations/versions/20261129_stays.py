"""a comparison says why what differs stays so

Revision ID: 20261129_stays
Revises: 20261128_first_branches
Create Date: 2026-11-26 21:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_stays"
down_revision = "20261128_first_branches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("differences", sa.Column("stays", sa.String(60)))


def downgrade() -> None:
    op.drop_column("differences", "stays")
