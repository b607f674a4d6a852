"""Adds who submitted a task, and what that needed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the column; tasks without it run as they did."""
    op.add_column("tasks", sa.Column("submitter", sa.Text(), nullable=True))
