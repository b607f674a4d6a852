"""Counts the failed attempts of tasks apart from those that ended with their process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Adds the column. Tasks that run now begin to count."""
    op.add_column("tasks", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
