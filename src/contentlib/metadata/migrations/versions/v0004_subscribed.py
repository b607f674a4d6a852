"""Adds subscriptions, offers of publishers and files being fetched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates columns and tables."""
    op.add_column("libraries", sa.Column("subscription", sa.Text(), nullable=True))
    op.add_column("libraries", sa.Column("following", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("synced", sa.BigInteger(), nullable=True))
    op.add_column("preparations", sa.Column("task", sa.Text(), nullable=True))
    op.create_table(
        "offers",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("offered", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_offers_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_offers")),
    )
    op.create_index("ix_offers_library_item", "offers", ["library", "item"], unique=False)
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("modified", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("blob", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_arrivals_library"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
    )
    op.create_index(op.f("ix_arrivals_blob"), "arrivals", ["blob"], unique=False)
    op.create_index(op.f("ix_arrivals_library"), "arrivals", ["library"], unique=False)
