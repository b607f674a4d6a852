"""Adds maintenance and incomplete migrations of libraries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("libraries", sa.Column("maintenance", sa.Text(), nullable=True))
    op.add_column("libraries", sa.Column("unmoved", sa.Text(), nullable=True))
