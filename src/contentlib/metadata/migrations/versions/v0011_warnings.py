"""Adds warnings of content versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the warnings of a version."""
    op.add_column("versions", sa.Column("warnings", sa.Text(), nullable=True))
