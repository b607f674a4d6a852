"""Adds credentials of subscribers, and what subscribers have fetched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "subscriber_credentials",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("former_hash", sa.Text(), nullable=True),
        sa.Column("former_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["library"], ["libraries.id"], name=op.f("fk_subscriber_credentials_library"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscriber_credentials")),
        sa.UniqueConstraint("id", name=op.f("uq_subscriber_credentials_id")),
    )
    names = ["library", "folded_name"]
    op.create_index("ux_subscriber_credentials_name", "subscriber_credentials", names, unique=True)
    op.create_table(
        "subscriber_contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("listed", sa.BigInteger(), nullable=True),
        sa.Column("listed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_subscriber_contacts_library"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_contacts")),
    )
    op.create_index(op.f("ix_subscriber_contacts_library"), "subscriber_contacts", ["library"])
    op.create_table(
        "fetched_items",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["subscriber_contacts.id"], name=op.f("fk_fetched_items_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_fetched_items_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", "item", name=op.f("pk_fetched_items")),
    )
    op.create_index(op.f("ix_fetched_items_item"), "fetched_items", ["item"])
