"""Adds what identity providers say of users and groups; existing memberships are kept here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"


def upgrade() -> None:
    """Adds the columns, and gives each membership a source."""
    op.add_column("users", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index(
        "ux_users_source_subject", "users", ["source", "subject"], unique=True, sqlite_where=sa.text("subject IS NOT NULL")
    )
    op.add_column("user_groups", sa.Column("external_name", sa.Text(), nullable=True))
    op.create_index(
        "ux_user_groups_source_external_name",
        "user_groups",
        ["source", "external_name"],
        unique=True,
        sqlite_where=sa.text("external_name IS NOT NULL"),
    )
    _renew_memberships()


def _renew_memberships() -> None:
    op.drop_index(op.f("ix_memberships_member"), "memberships")
    op.rename_table("memberships", "memberships_before")
    op.create_table(
        "memberships",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group", "member", "source", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_member"), "memberships", ["member"])
    op.execute('INSERT INTO memberships ("group", member, source) SELECT "group", member, \'\' FROM memberships_before')
    op.drop_table("memberships_before")
