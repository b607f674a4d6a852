"""Adds signatures of content versions and trusted certificates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the signature of a version, and the table of trusted certificates."""
    op.add_column("versions", sa.Column("signature", sa.Text(), nullable=True))
    op.create_table(
        "trusted_certificates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_certificates")),
    )
