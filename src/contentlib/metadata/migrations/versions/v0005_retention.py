"""Adds retention rules of libraries and differences between versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
_SUPERSEDED = (
    "UPDATE versions SET superseded = (SELECT MIN(later.created) FROM versions AS later"
    " WHERE later.item = versions.item AND later.number > versions.number) WHERE newer > 0"
)


def upgrade() -> None:
    """Adds the retention of a library, and to a version the time of the next one and the differences to the one before."""
    op.add_column("libraries", sa.Column("retention", sa.Text(), nullable=True))
    op.add_column("versions", sa.Column("superseded", sa.BigInteger(), nullable=True))
    op.add_column("versions", sa.Column("differences", sa.Text(), nullable=True))
    op.execute(_SUPERSEDED)
    condition = sa.text("newer > 0")
    op.create_index("ix_versions_superseded", "versions", ["superseded"], sqlite_where=condition, postgresql_where=condition)
