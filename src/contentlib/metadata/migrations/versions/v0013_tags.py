"""Adds tags, their categories and attachments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the tables of categories, tags, attachments, and of those who use categories and tags."""
    op.create_table(
        "categories",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cardinality", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name=op.f("uq_categories_name")),
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["categories.id"], name=op.f("fk_tags_category"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
    )
    op.create_index("ux_tags_category_name", "tags", ["category", "name"], unique=True)
    _create_users("category_users", "categories")
    _create_users("tag_users", "tags")
    op.create_table(
        "attachments",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tag"], ["tags.id"], name=op.f("fk_attachments_tag"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_attachments_library"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_attachments_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attachments")),
    )
    op.create_index("ux_attachments_tag_type_object", "attachments", ["tag", "type", "object"], unique=True)
    op.create_index("ix_attachments_object", "attachments", ["object"])
    op.create_index(op.f("ix_attachments_library"), "attachments", ["library"])
    op.create_index(op.f("ix_attachments_item"), "attachments", ["item"])


def _create_users(name: str, things: str) -> None:
    op.create_table(
        name,
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["thing"], [f"{things}.id"], name=op.f(f"fk_{name}_thing"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thing", "user", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_user"), name, ["user"])
