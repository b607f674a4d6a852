"""Adds the claims on uploads, which have one writer on all machines, and the process that has begun to receive a file last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"


def upgrade() -> None:
    """Adds both. A SQLite database leaves the table empty, because uploads are locked by files."""
    op.add_column("update_files", sa.Column("begun_by", sa.Text(), nullable=True))
    op.create_table(
        "upload_claims",
        sa.Column("number", sa.BigInteger(), primary_key=True),
        sa.Column("upload", sa.Text(), nullable=False, unique=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
