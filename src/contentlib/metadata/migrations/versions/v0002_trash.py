"""Adds the trash; deleted rows no longer reserve their names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds who deleted a row, when, and until when it can be restored."""
    for table in ("libraries", "items"):
        op.add_column(table, sa.Column("deleted", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("deleted_by", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("deleted_until", sa.BigInteger(), nullable=True))
        _index(f"ix_{table}_deleted_until", table, ["deleted_until"], "deleted_until IS NOT NULL")
    op.drop_index("ux_items_library_folded_name", "items")
    _index("ux_items_library_folded_name", "items", ["library", "folded_name"], "deleted IS NULL", unique=True)
    op.create_index("ix_items_library", "items", ["library"])


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
