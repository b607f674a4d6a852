"""Adds which process receives a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"


def upgrade() -> None:
    """Adds the column. Files that a client was sending belong to a process that has ended, so they are interrupted."""
    op.add_column("update_files", sa.Column("writer", sa.Text(), nullable=True))
    where = sa.text("writer IS NOT NULL")
    op.create_index("ix_update_files_writer", "update_files", ["writer"], sqlite_where=where, postgresql_where=where)
    files = sa.table("update_files", sa.column("writer"), sa.column("status"))
    op.execute(sa.update(files).where(files.c.status == "TRANSFERRING").values(writer="an earlier version"))
