"""Adds usages of libraries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the table of usages."""
    op.create_table(
        "usages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("urn", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_usages_library"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usages")),
    )
    op.create_index("ux_usages_library_urn", "usages", ["library", "urn"], unique=True)
