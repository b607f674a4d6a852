"""Adds quotas: who created items and brought files, the totals of libraries and users, and reservations of uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"

_CREATORS = """
    UPDATE items SET "user" = COALESCE(
        (SELECT v."user" FROM versions v WHERE v.item = items.id AND v.newer < 1000000000 ORDER BY v.number LIMIT 1), '')
"""
_BRINGERS = """
    UPDATE stored_files SET "user" = COALESCE(
        (SELECT v."user" FROM versions mine
        JOIN versions v ON v.item = mine.item
        JOIN stored_files f ON f.version = v.id
        WHERE mine.id = stored_files.version AND f.blob = stored_files.blob
        ORDER BY v.number LIMIT 1), '')
"""
_TOTALS = """
    INSERT INTO quotas (owner, bytes, items, reserved)
    WITH held AS (
        SELECT i.library AS library, f."user" AS holder, v.item AS item, f.blob AS blob, f.size AS size
        FROM stored_files f JOIN versions v ON v.id = f.version JOIN items i ON i.id = v.item
        WHERE v.newer < 1000000000
    )
    SELECT owner, SUM(bytes), SUM(items), 0 FROM (
        SELECT 'library:' || library AS owner, size AS bytes, 0 AS items
        FROM (SELECT DISTINCT library, item, blob, size FROM held) AS distinct_of_library
        UNION ALL SELECT 'user:' || holder, size, 0
        FROM (SELECT DISTINCT holder, item, blob, size FROM held WHERE holder <> '') AS distinct_of_user
        UNION ALL SELECT 'library:' || library, 0, 1 FROM items
        UNION ALL SELECT 'user:' || "user", 0, 1 FROM items WHERE "user" <> ''
    ) AS parts GROUP BY owner
"""


def upgrade() -> None:
    """Creates the tables, and computes the totals of existing content; bytes belong to the user of the first version."""
    for table in ("items", "stored_files"):
        op.add_column(table, sa.Column("user", sa.Text(), nullable=False, server_default=""))
    _create_tables()
    for statement in (_CREATORS, _BRINGERS, _TOTALS):
        op.execute(statement)


def _create_tables() -> None:
    op.create_table(
        "quotas",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("most_bytes", sa.BigInteger(), nullable=True),
        sa.Column("most_items", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_quotas")),
    )
    op.create_table(
        "reservations",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_session"), "reservations", ["session"])
