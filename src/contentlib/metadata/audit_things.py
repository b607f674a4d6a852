"""Names the things that a change is about: from the rows that it writes, and from the identifiers that a call was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, bindparam, null, select

from contentlib.library.model import AuditThing
from contentlib.metadata import tables
from contentlib.metadata.statement import Connection, Statement

LIBRARY, ITEM = "library", "library item"
UPDATE, DOWNLOAD = "update session", "download session"


class _Parameters(NamedTuple):
    """The type of the things in a table, and the parameters of its statements with their identifier and name."""

    type: str
    identifier: tuple[str, ...] = ("id", "key")
    name: tuple[str, ...] = ("name",)


_NAMED = ("folded_name", "key")
PARAMETERS: Mapping[str, _Parameters] = {
    "api_tokens": _Parameters("API token"),
    "attachments": _Parameters("tagged object", ("object", "of_object"), ()),
    "categories": _Parameters("category"),
    "items": _Parameters(ITEM),
    "libraries": _Parameters(LIBRARY),
    "login_links": _Parameters("login link", name=("user", "of_user")),
    "logins": _Parameters("login session", ("token_hash", "key"), ()),
    "memberships": _Parameters("group", ("of_group",), ("principal",)),
    "permissions": _Parameters("permission", name=("principal",)),
    "quotas": _Parameters("quota", ("of_owner", "owner"), ()),
    "preparations": _Parameters("file", (), ("name",)),
    "roles": _Parameters("role", _NAMED),
    "subscriber_credentials": _Parameters("subscriber"),
    "subscribers": _Parameters("subscription", name=()),
    "tags": _Parameters("tag"),
    "tasks": _Parameters("task", name=("operation",)),
    "trusted_certificates": _Parameters("certificate", name=()),
    "update_files": _Parameters("file", ("id",), ("name", "file_name")),
    "update_sessions": _Parameters(UPDATE),
    "usages": _Parameters("usage"),
    "user_groups": _Parameters("group", _NAMED),
    "users": _Parameters("user", _NAMED),
}
"""The tables of things that entries name; changes of other tables are counted."""


def written(table: str, values: Mapping[str, Any]) -> AuditThing | None:
    """The thing whose row a statement with these values changes; None where it is none, or any number of them."""
    known = PARAMETERS.get(table)
    if known is None:
        return None
    identifier, name = (_first(values, names) for names in (known.identifier, known.name))
    library = values.get("library") if table in ("items", "permissions") else None
    return AuditThing(known.type, identifier, name, library or "") if identifier or name else None


def item_of(table: str, values: Mapping[str, Any]) -> str | None:
    """The item that an update session belongs to, where its whole row is written."""
    return values.get("item") if table == "update_sessions" else None


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(values[name]) for name in names if values.get(name) is not None), "")


def _of_item(source: Any, item: Any) -> Any:
    items, libraries = tables.items, tables.libraries
    return source.outerjoin(items, items.c.id == item).outerjoin(libraries, libraries.c.id == items.c.library)


def _session(table: Table) -> Select[Any]:
    items, libraries = tables.items, tables.libraries
    found = select(null().label("name"), items.c.id, items.c.name, libraries.c.id, libraries.c.name)
    return found.select_from(_of_item(table, table.c.item)).where(table.c.id == bindparam("key"))


def _item() -> Select[Any]:
    items, libraries = tables.items, tables.libraries
    found = select(items.c.name, null().label("item"), null().label("item_name"), libraries.c.id, libraries.c.name)
    source = items.outerjoin(libraries, libraries.c.id == items.c.library)
    return found.select_from(source).where(items.c.id == bindparam("key"))


def _only(table: Table) -> Statement:
    return Statement(select(table.c.name).where(table.c.id == bindparam("key")))


_FIND: Mapping[str, Statement] = {
    LIBRARY: _only(tables.libraries),
    ITEM: Statement(_item()),
    UPDATE: Statement(_session(tables.update_sessions)),
    DOWNLOAD: Statement(_session(tables.download_sessions)),
    "API token": _only(tables.api_tokens),
    "category": _only(tables.categories),
    "tag": _only(tables.tags),
}


def has_name(kind: str) -> bool:
    """Whether things of a type are found by their identifier."""
    return kind in _FIND


async def look_up(connection: Connection, kind: str, identifier: str) -> list[AuditThing]:
    """A thing with its name, and the item and the library that it is in, also if these are in the trash."""
    statement = _FIND.get(kind)
    row = None if statement is None else await connection.row(statement, {"key": identifier})
    if row is None:
        return [AuditThing(kind, identifier)]
    if len(row) == 1:
        return [AuditThing(kind, identifier, row[0] or "")]
    name, item, item_name, library, library_name = row
    things = [AuditThing(kind, identifier, name or "", library or "")]
    if item is not None:
        things.append(AuditThing(ITEM, item, item_name or "", library or ""))
    if library is not None:
        things.append(AuditThing(LIBRARY, library, library_name or ""))
    return things
