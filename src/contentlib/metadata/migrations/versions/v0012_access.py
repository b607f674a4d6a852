"""Adds groups, roles, permissions and API tokens; existing administrators get a permission."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Creates the tables, and says by a permission what the column `roles` said."""
    op.add_column("logins", sa.Column("api_token", sa.Text(), nullable=True))
    _create_groups()
    _create_permissions()
    _create_tokens()
    _renew_users()


def _renew_users() -> None:
    op.execute("CREATE TABLE users_before AS SELECT name, folded_name, password_hash, roles FROM users")
    op.drop_table("users")  # not renamed: PostgreSQL would keep the name of its primary key
    op.create_table(
        "users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("folded_name", name=op.f("pk_users")),
    )
    op.execute(
        "INSERT INTO users (name, folded_name, password_hash, display_name, email, enabled) "
        "SELECT name, folded_name, password_hash, '', '', true FROM users_before"
    )
    found = op.get_bind().execute(sa.text("SELECT folded_name FROM users_before WHERE roles LIKE '%\"admin\"%'"))
    for (name,) in found.fetchall():
        given = {"id": str(uuid.uuid4()), "principal": f"user:{name}"}
        op.get_bind().execute(
            sa.text("INSERT INTO permissions (id, principal, role) VALUES (:id, :principal, 'administrator')"), given
        )
    op.drop_table("users_before")


def _create_groups() -> None:
    op.create_table(
        "user_groups",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("folded_name", name=op.f("pk_user_groups")),
    )
    op.create_table(
        "memberships",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group", "member", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_member"), "memberships", ["member"])


def _create_permissions() -> None:
    op.create_table(
        "roles",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("privileges", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("folded_name", name=op.f("pk_roles")),
    )
    op.create_table(
        "permissions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library"], ["libraries.id"], name=op.f("fk_permissions_library"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions")),
    )
    op.create_index(op.f("ix_permissions_role"), "permissions", ["role"])
    op.create_index(op.f("ix_permissions_library"), "permissions", ["library"])
    op.create_index("ux_permissions_principal_library", "permissions", ["principal", "library"], unique=True)
    everything = sa.text("library IS NULL")
    op.create_index(
        "ux_permissions_everything",
        "permissions",
        ["principal"],
        unique=True,
        sqlite_where=everything,
        postgresql_where=everything,
    )


def _create_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("libraries", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    )
    op.create_index(op.f("ix_api_tokens_user"), "api_tokens", ["user"])
    op.create_table(
        "last_uses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_last_uses")),
    )
