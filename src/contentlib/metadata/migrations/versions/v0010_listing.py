"""Adds an index for listing items in order."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Puts the time of creation into the index of the library."""
    op.drop_index(op.f("ix_items_library"), "items")
    op.create_index(op.f("ix_items_library"), "items", ["library", "created", "id"])
