"""Adds subscriptions of published libraries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the table of subscriptions."""
    op.create_table(
        "subscribers",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("subscribed", sa.Text(), nullable=False),
        sa.Column("placement", sa.Text(), nullable=False),
        sa.Column("vcenter", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_subscribers_library"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("id", name=op.f("uq_subscribers_id")),
    )
    op.create_index(op.f("ix_subscribers_library"), "subscribers", ["library"])
