"""since when a record is news that was not brought yet: what is replayed later mails nobody

Revision ID: 20261129_news
Revises: 20261129_stays
Create Date: 2026-11-26 21:15:00
"""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from alembic import op

revision = "20261129_news"
down_revision = "20261129_stays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("news_at", sa.BigInteger()))
    op.execute(  # what was not brought so far, as far as it can be told
        "UPDATE deliveries SET news_at = requested_at WHERE trigger IN ('poll', 'webhook') "
        "AND (outcome IS NULL OR outcome NOT IN ('delivered', 'unchanged'))"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite" or sqlite3.sqlite_version_info >= (3, 35):
        op.drop_column("deliveries", "news_at")
