"""Adds the processes of all servers of a database, and the counters of changed tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
_SLOTS = 128


def upgrade() -> None:
    """Adds the tables. A SQLite database keeps both in files beside it, and leaves them empty."""
    op.create_table(
        "nodes",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("beaten", sa.BigInteger(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
    )
    generations = op.create_table(
        "generations",
        sa.Column("slot", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        postgresql_with={"fillfactor": 10},  # all old versions of the rows of a page are removed together
    )
    op.bulk_insert(generations, [{"slot": slot, "value": 1} for slot in range(_SLOTS)])
