"""Adds the library revision before each content version, to export changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the revision that the library had before it came; of versions that are there, it is as if they came now."""
    op.add_column("versions", sa.Column("since", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE versions SET since = (SELECT libraries.revision FROM items JOIN libraries ON libraries.id = items.library "
        "WHERE items.id = versions.item)"
    )
