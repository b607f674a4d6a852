"""Adds which session at an identity provider a login session came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Adds the column; sessions that are there already end with all sessions of their user."""
    op.add_column("logins", sa.Column("provider_session", sa.Text(), nullable=True))
    where = sa.text("provider_session IS NOT NULL")
    op.create_index("ix_logins_provider_session", "logins", ["provider_session"], sqlite_where=where, postgresql_where=where)
