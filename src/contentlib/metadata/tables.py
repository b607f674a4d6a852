"""Defines all tables. A column is named like the field that it stores; lists and structures are JSON text.

Times are milliseconds since 1970 UTC. A change here needs a migration; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ORPHANED = 1_000_000_000
"""`versions.newer` where the item is gone."""

UNDATED = 0
"""`blobs.unreferenced` of blobs that lost their last version, until the time is noted."""


def active(table: Table) -> ColumnElement[bool]:
    """Returns the condition for ACTIVE sessions, with a literal, because a partial index does not support a parameter."""
    return table.c.state == literal_column("'ACTIVE'")


def _partial(name: str, *columns: Column[Any], where: str, unique: bool = False) -> None:
    # the same for another dialect would import that at every start
    Index(name, *columns, unique=unique, sqlite_where=text(where))


def _deletion_columns() -> list[Column[Any]]:
    """Columns for the deletion of a row: by whom, when, and restorable until when. NULL if it is not deleted."""
    return [Column("deleted", BigInteger), Column("deleted_by", Text), Column("deleted_until", BigInteger)]


def _index_deletions(table: Table) -> None:
    _partial(f"ix_{table.name}_deleted_until", table.c.deleted_until, where="deleted_until IS NOT NULL")


libraries = Table(
    "libraries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, index=True),
    Column("description", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("backings", Text, nullable=False),
    Column("storage", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("publishing", Text, nullable=False),
    Column("optimize_remote_publishing", Boolean, nullable=False),
    Column("apply_usage_to_items", Boolean),
    Column("security_policy", Text),
    Column("revision", Integer, nullable=False),
    Column("retention", Text),
    *_deletion_columns(),
    Column("subscription", Text),
    Column("following", Text),
    Column("maintenance", Text),
    Column("unmoved", Text),
)
_index_deletions(libraries)

items = Table(
    "items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("library", Text, ForeignKey("libraries.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("folded_type", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("metadata_version", Integer, nullable=False),
    Column("content_version", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("version_id", Text, ForeignKey("versions.id"), index=True),
    Column("source", Text, index=True),
    Column("abandoned", Boolean, nullable=False),
    *_deletion_columns(),
    Column("synced", BigInteger),
    Column("user", Text, nullable=False, server_default=""),
)
Index("ix_items_library", items.c.library, items.c.created, items.c.id)  # the order in which they are listed
for _sorted in ("folded_name", "folded_type", "created", "modified", "size"):  # the orders in which they are queried
    Index(f"ix_items_{_sorted}", items.c[_sorted], items.c.id)
_partial("ux_items_library_folded_name", items.c.library, items.c.folded_name, where="deleted IS NULL", unique=True)
_index_deletions(items)

usages = Table(
    "usages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False),
    Column("urn", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("ux_usages_library_urn", "library", "urn", unique=True),
)

offers = Table(
    "offers",
    metadata,
    Column("item", Text, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("library", Text, nullable=False),
    Column("offered", Text, nullable=False),
    Column("held", Text),
    Column("fault", Text),
    Index("ix_offers_library_item", "library", "item"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("etag", Text),
    Column("modified", Text),
    Column("total", BigInteger),
    Column("blob", Text, index=True),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, nullable=False),  # no foreign key: a running download outlives its item
    Column("number", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("signature", Text),
    Column("since", BigInteger),  # the revision of the library before it came; NULL where it came before its item
    Column("newer", Integer, nullable=False),  # how many newer versions the item has, ORPHANED when the item is gone
    Column("superseded", BigInteger),  # when the next version was made
    Column("differences", Text),
    Column("warnings", Text),
    Index("ux_versions_item_number", "item", "number", unique=True),
)
_partial("ix_versions_newer", versions.c.newer, where="newer > 0")
_partial("ix_versions_superseded", versions.c.superseded, where="newer > 0")

stored_files = Table(
    "stored_files",
    metadata,
    Column("version", Text, ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("blob", Text, ForeignKey("blobs.id"), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("user", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("version", "position"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("storage", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("digests", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("unreferenced", BigInteger),
    Column("unflushed", Text),
    Index("ix_blobs_sha256_size", "sha256", "size"),
)
_partial("ix_blobs_unreferenced", blobs.c.unreferenced, where="unreferenced IS NOT NULL")


def _session_columns() -> list[Column[object]]:
    return [
        Column("id", Text, primary_key=True),
        Column("user", Text, nullable=False),
        Column("login", Text, nullable=False),
        Column("item", Text, nullable=False),
        Column("content_version", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("progress", Integer, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("touched", BigInteger, nullable=False),
        Column("ended", BigInteger),
        Column("fault", Text),
    ]


def _index_sessions(table: Table, version: str) -> None:
    """Most indexes hold few sessions only, so that starting one writes little."""
    name = table.name
    Index(f"ix_{name}_user_item", table.c.user, table.c.item)
    _partial(f"ix_{name}_touched", table.c.touched, where="state = 'ACTIVE'")
    _partial(f"ix_{name}_{version}", table.c[version], where="state = 'ACTIVE'")
    _partial(f"ix_{name}_ended", table.c.ended, where="ended IS NOT NULL")


update_sessions = Table(
    "update_sessions",
    metadata,
    *_session_columns(),
    Column("base", Text),
    Column("storage", Text, nullable=False),
    Column("ignored_warnings", Text, nullable=False),
    Column("pulled", BigInteger),
    Column("completing", Boolean, nullable=False),
)
_index_sessions(update_sessions, "base")
_partial("ix_update_sessions_pulled", update_sessions.c.pulled, where="state = 'ACTIVE' AND pulled IS NOT NULL")
_partial("ux_update_sessions_active", update_sessions.c.item, where="state = 'ACTIVE'", unique=True)

update_files = Table(
    "update_files",
    metadata,
    Column("id", Text, nullable=False, index=True),
    Column("session", Text, ForeignKey("update_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("size", BigInteger),
    Column("checksum", Text),
    Column("received", BigInteger, nullable=False),
    Column("content", Text),
    Column("blob", Text, index=True),
    Column("fault", Text),
    Column("endpoint", Text),
    Column("task", Text),
    Column("archive", Text),
    Column("writer", Text),
    Column("begun_by", Text),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("session", "name"),
)
_partial("ix_update_files_writer", update_files.c.writer, where="writer IS NOT NULL")

download_sessions = Table("download_sessions", metadata, *_session_columns(), Column("version_id", Text))
_index_sessions(download_sessions, "version_id")

preparations = Table(
    "preparations",
    metadata,
    Column("session", Text, ForeignKey("download_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("fault", Text),
    Column("task", Text),
    PrimaryKeyConstraint("session", "name"),
)

trusted_certificates = Table(
    "trusted_certificates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("subscribed", Text, nullable=False),
    Column("placement", Text, nullable=False),
    Column("vcenter", Text),
)

subscriber_credentials = Table(
    "subscriber_credentials",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("enabled", Boolean, nullable=False),
    Column("former_hash", Text),
    Column("former_until", BigInteger),
    Index("ux_subscriber_credentials_name", "library", "folded_name", unique=True),
)

subscriber_contacts = Table(
    "subscriber_contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("credential", Text),
    Column("told", BigInteger),
    Column("listed", BigInteger),
    Column("listed_at", BigInteger),
)

fetched_items = Table(
    "fetched_items",
    metadata,
    Column("contact", Text, ForeignKey("subscriber_contacts.id", ondelete="CASCADE"), nullable=False),
    Column("item", Text, ForeignKey("items.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    PrimaryKeyConstraint("contact", "item"),
)

categories = Table(
    "categories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("cardinality", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("id", Text, primary_key=True),
    Column("category", Text, ForeignKey("categories.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("ux_tags_category_name", "category", "name", unique=True),
)


def _users(name: str, things: str) -> Table:
    """Who uses the rows of another table, by names."""
    return Table(
        name,
        metadata,
        Column("thing", Text, ForeignKey(f"{things}.id", ondelete="CASCADE"), nullable=False),
        Column("user", Text, nullable=False, index=True),
        PrimaryKeyConstraint("thing", "user"),
    )


category_users = _users("category_users", "categories")
tag_users = _users("tag_users", "tags")

attachments = Table(
    "attachments",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("tag", Text, ForeignKey("tags.id", ondelete="CASCADE"), nullable=False),
    Column("type", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), index=True),  # the object, where it is one
    Column("item", Text, ForeignKey("items.id", ondelete="CASCADE"), index=True),  # the same
    Index("ux_attachments_tag_type_object", "tag", "type", "object", unique=True),
    Index("ix_attachments_object", "object"),
)

notes = Table(
    "notes",
    metadata,
    Column("thing", Text, primary_key=True),  # the library or the item
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), index=True),
    Column("item", Text, ForeignKey("items.id", ondelete="CASCADE"), index=True),
    Column("text", Text, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("thing", Text, ForeignKey("notes.thing", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("thing", "key"),
    Index("ix_labels_key_value", "key", "value", "thing"),
)

search_texts = Table(
    "search_texts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("thing", Text, nullable=False, unique=True),  # a library, an item or a tag
    Column("name", Text, nullable=False),  # folded; empty of a tag
    Column("words", Text, nullable=False),
)

search_words = Table(
    "search_words",
    metadata,
    Column("word", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("word", "name", "number"),
    sqlite_with_rowid=False,
)

tokens = Table(
    "tokens",
    metadata,
    Column("user", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("created", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("user", "operation", "value"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cancelable", Boolean, nullable=False),
    Column("canceling", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger, index=True),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("owner", Text),
    Column("until", BigInteger),
    Column("completed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("target", Text, index=True),
    Column("parent", Text),
    Column("result", Text),
    Column("fault", Text),
    Column("submitter", Text),
)
_partial("ix_tasks_due", tasks.c.due, where="ended IS NULL")

logins = Table(
    "logins",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("touched", BigInteger, nullable=False, index=True),
    Column("api_token", Text),
    Column("provider_session", Text),
)
_partial("ix_logins_provider_session", logins.c.provider_session, where="provider_session IS NOT NULL")

users = Table(
    "users",
    metadata,
    Column("name", Text, nullable=False),
    Column("folded_name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("source", Text),
    Column("subject", Text),
)
_partial("ux_users_source_subject", users.c.source, users.c.subject, where="subject IS NOT NULL", unique=True)

user_groups = Table(
    "user_groups",
    metadata,
    Column("name", Text, nullable=False),
    Column("folded_name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("source", Text),
    Column("external_name", Text),
)
_partial(
    "ux_user_groups_source_external_name",
    user_groups.c.source,
    user_groups.c.external_name,
    where="external_name IS NOT NULL",
    unique=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("group", Text, nullable=False),
    Column("member", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),  # the provider that asserts it, empty where it is kept here
    PrimaryKeyConstraint("group", "member", "source"),
)

roles = Table(
    "roles",
    metadata,
    Column("name", Text, nullable=False),
    Column("folded_name", Text, primary_key=True),
    Column("privileges", Text, nullable=False),
    Column("description", Text, nullable=False),
)

permissions = Table(
    "permissions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("role", Text, nullable=False, index=True),
    Column("library", Text, ForeignKey("libraries.id", ondelete="CASCADE"), index=True),
    Index("ux_permissions_principal_library", "principal", "library", unique=True),
)
_partial("ux_permissions_everything", permissions.c.principal, where="library IS NULL", unique=True)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("user", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("role", Text),
    Column("libraries", Text),
)

login_links = Table(
    "login_links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("user", Text, nullable=False, index=True),
    Column("expires", BigInteger, nullable=False),
)

last_uses = Table(
    "last_uses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
)

used_logins = Table(
    "used_logins",
    metadata,
    Column("state", Text, primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

state = Table("state", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

jobs = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

quotas = Table(
    "quotas",
    metadata,
    Column("owner", Text, primary_key=True),  # library:ID or user:NAME
    Column("bytes", BigInteger, nullable=False),
    Column("items", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("most_bytes", BigInteger),
    Column("most_items", BigInteger),
)

reservations = Table(
    "reservations",
    metadata,
    Column("file", Text, primary_key=True),
    Column("session", Text, nullable=False, index=True),
    Column("library", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False, index=True),
    Column("user", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_user_sequence", "user", "sequence"),
)

audit_things = Table(
    "audit_things",
    metadata,
    Column("thing", Text, nullable=False),
    Column("sequence", BigInteger, ForeignKey("audit.sequence", ondelete="CASCADE"), nullable=False, index=True),
    PrimaryKeyConstraint("thing", "sequence"),
    sqlite_with_rowid=False,
)

audit_ends = Table(
    "audit_ends",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("process", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("beaten", BigInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
)

upload_claims = Table(
    "upload_claims",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("upload", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("shared", Boolean, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)
