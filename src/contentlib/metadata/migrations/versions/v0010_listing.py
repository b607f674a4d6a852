"""The items of a library in the order in which they are listed, so that nobody sorts them."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Puts the time of creation into the index of the library."""
    op.drop_index(op.f("ix_items_library"), "items")
    op.create_index(op.f("ix_items_library"), "items", ["library", "created", "id"])
