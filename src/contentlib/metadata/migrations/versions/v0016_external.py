"""Adds what identity providers say of users and groups; existing memberships are kept here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Adds the columns, and gives each membership a source."""
    op.add_column("users", sa.Column("subject", sa.Text(), nullable=True))
    _unique("ux_users_source_subject", "users", ["source", "subject"], "subject IS NOT NULL")
    op.add_column("user_groups", sa.Column("external_name", sa.Text(), nullable=True))
    _unique("ux_user_groups_source_external_name", "user_groups", ["source", "external_name"], "external_name IS NOT NULL")
    op.create_table(
        "used_logins",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_used_logins")),
    )
    op.create_index(op.f("ix_used_logins_until"), "used_logins", ["until"])
    _renew_memberships()


def _unique(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _renew_memberships() -> None:
    op.execute("CREATE TABLE memberships_before AS SELECT * FROM memberships")
    op.drop_table("memberships")
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
