"""Adds the claims on uploads, which have one writer on all machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"


def upgrade() -> None:
    """Adds the table. A SQLite database leaves it empty, because uploads are locked by files."""
    op.create_table(
        "upload_claims",
        sa.Column("number", sa.BigInteger(), primary_key=True),
        sa.Column("upload", sa.Text(), nullable=False, unique=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
