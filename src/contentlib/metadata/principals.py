"""Defines the statements on groups, roles, permissions, API tokens and last uses."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import CTE, bindparam, delete, func, or_, select

from contentlib.library.principals import (
    ApiToken,
    Group,
    LastUse,
    LoginLink,
    Permission,
    Role,
    group_key,
    group_of,
    user_key,
    user_of,
)
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.statement import Connection, Statement, upsert

ACCESS_TABLES = ("users", "user_groups", "memberships", "roles", "permissions", "api_tokens")
"""The tables that `access_generation` counts."""

_GROUPS = Statements(tables.user_groups, Group, key="folded_name")
_ALL_GROUPS = Statement(select(*_GROUPS.columns).order_by(tables.user_groups.c.folded_name))
_MEMBERSHIPS = tables.memberships
_OF_SOURCE = Statement(
    select(*_GROUPS.columns)
    .where(tables.user_groups.c.source == bindparam("of_source"), tables.user_groups.c.external_name.is_not(None))
    .order_by(tables.user_groups.c.folded_name)
)
_BY_SOURCE = _MEMBERSHIPS.c.source == func.coalesce(bindparam("of_source"), _MEMBERSHIPS.c.source)
_MEMBERS = Statement(
    select(_MEMBERSHIPS.c.member)
    .where(_MEMBERSHIPS.c.group == bindparam("of_group"), _BY_SOURCE)
    .distinct()
    .order_by(_MEMBERSHIPS.c.member)
)
_JOIN = Statement(
    upsert(_MEMBERSHIPS)
    .values(group=bindparam("of_group"), member=bindparam("principal"), source=bindparam("of_source"))
    .on_conflict_do_nothing()
)
_LEAVE = Statement(
    delete(_MEMBERSHIPS).where(
        _MEMBERSHIPS.c.member == bindparam("principal"),
        _MEMBERSHIPS.c.group == func.coalesce(bindparam("of_group"), _MEMBERSHIPS.c.group),
        _BY_SOURCE,
    )
)
_ASSERTED = Statement(
    select(_MEMBERSHIPS.c.group)
    .where(_MEMBERSHIPS.c.member == bindparam("principal"), _MEMBERSHIPS.c.source == bindparam("of_source"))
    .order_by(_MEMBERSHIPS.c.group)
)
_LEAVE_EMPTY = Statement(delete(_MEMBERSHIPS).where(_MEMBERSHIPS.c.group == bindparam("of_group")))


def _above() -> CTE:
    """The groups (as principals) that a principal is a member of, also through others; a cycle ends it."""
    first = select((group_key("") + _MEMBERSHIPS.c.group).label("principal")).where(
        _MEMBERSHIPS.c.member == bindparam("principal")
    )
    found = first.cte("above", recursive=True)
    return found.union(
        select((group_key("") + _MEMBERSHIPS.c.group).label("principal")).where(_MEMBERSHIPS.c.member == found.c.principal)
    )


def _below() -> CTE:
    """The principals that are members of a group, also through others."""
    first = select(_MEMBERSHIPS.c.member.label("principal")).where(_MEMBERSHIPS.c.group == bindparam("of_group"))
    found = first.cte("below", recursive=True)
    inner = select(_MEMBERSHIPS.c.member).where(group_key("") + _MEMBERSHIPS.c.group == found.c.principal)
    return found.union(inner)


_above_all = _above()
_GROUPS_OF = Statement(select(_above_all.c.principal).order_by(_above_all.c.principal))
_below_all = _below()
_USERS_IN = Statement(select(_below_all.c.principal).order_by(_below_all.c.principal))


class GroupRows(Keyed[Group]):
    """Groups and their members."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _GROUPS)

    async def all(self) -> list[Group]:
        """All groups."""
        return [_GROUPS.codec.value(row) for row in await self._connection.rows(_ALL_GROUPS, {})]

    async def of_source(self, source: str) -> list[Group]:
        """The groups of a provider."""
        return [_GROUPS.codec.value(row) for row in await self._connection.rows(_OF_SOURCE, {"of_source": source})]

    async def members(self, folded_name: str, source: str | None = None) -> list[str]:
        """The members of a group."""
        return await self._identifiers(_MEMBERS, {"of_group": folded_name, "of_source": source})

    async def join(self, folded_name: str, principal: str, source: str = "") -> None:
        """Makes a principal a member."""
        await self._connection.run(_JOIN, {"of_group": folded_name, "principal": principal, "of_source": source})

    async def leave(self, principal: str, folded_name: str | None = None, source: str | None = None) -> None:
        """Ends the membership of a principal."""
        await self._connection.run(_LEAVE, {"principal": principal, "of_group": folded_name, "of_source": source})
        group = group_of(principal)
        if group is not None and folded_name is None and source is None:
            await self._connection.run(_LEAVE_EMPTY, {"of_group": group})

    async def asserted(self, principal: str, source: str) -> list[str]:
        """The groups that a principal is in by a source."""
        return await self._identifiers(_ASSERTED, {"principal": principal, "of_source": source})

    async def groups_of(self, principal: str) -> list[str]:
        """All groups that a principal is in."""
        found = await self._identifiers(_GROUPS_OF, {"principal": principal})
        return [name for each in found if (name := group_of(each)) is not None]

    async def users_in(self, folded_name: str) -> list[str]:
        """All users that are in a group."""
        found = await self._identifiers(_USERS_IN, {"of_group": folded_name})
        return [name for each in found if (name := user_of(each)) is not None]


_ROLES = Statements(tables.roles, Role, key="folded_name")
_ALL_ROLES = Statement(select(*_ROLES.columns).order_by(tables.roles.c.folded_name))


class RoleRows(Keyed[Role]):
    """Roles."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROLES)

    async def all(self) -> list[Role]:
        """All roles."""
        return [_ROLES.codec.value(row) for row in await self._connection.rows(_ALL_ROLES, {})]


_PERMISSIONS = Statements(tables.permissions, Permission)
_P = tables.permissions.c
_IN_ORDER = (func.coalesce(_P.library, ""), _P.principal)
_ON_LIBRARY = Statement(
    select(*_PERMISSIONS.columns).where(_P.principal == bindparam("principal"), _P.library == bindparam("of_library"))
)
_ON_ALL = Statement(select(*_PERMISSIONS.columns).where(_P.principal == bindparam("principal"), _P.library.is_(None)))
_REMOVE_OF = Statement(delete(tables.permissions).where(_P.principal == bindparam("principal")))
_EVERY_PERMISSION = Statement(
    select(*_PERMISSIONS.columns)
    .where(
        or_(bindparam("of_library").is_(None), _P.library == bindparam("of_library")),
        or_(bindparam("of_role").is_(None), _P.role == bindparam("of_role")),
    )
    .order_by(*_IN_ORDER),
    long=True,
)
_WITH_ROLE = Statement(
    select(*_PERMISSIONS.columns).where(_P.role == bindparam("of_role"), _P.library.is_(None)).order_by(_P.principal)
)
_reaching_above = _above()
_REACHING = Statement(
    select(*_PERMISSIONS.columns).where(
        or_(_P.principal == bindparam("principal"), _P.principal.in_(select(_reaching_above.c.principal)))
    )
)


class PermissionRows(Keyed[Permission]):
    """Permissions."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _PERMISSIONS)

    async def find(self, principal: str, library: str | None) -> Permission | None:
        """The permission of a principal."""
        statement = _ON_ALL if library is None else _ON_LIBRARY
        given = {"principal": principal} | ({} if library is None else {"of_library": library})
        row = await self._connection.row(statement, given)
        return None if row is None else _PERMISSIONS.codec.value(row)

    async def remove_of(self, principal: str) -> None:
        """Removes those of a principal."""
        await self._connection.run(_REMOVE_OF, {"principal": principal})

    async def all(self, library: str | None = None, role: str | None = None) -> list[Permission]:
        """All permissions, or some."""
        return await self._values(_EVERY_PERMISSION, {"of_library": library, "of_role": role})

    async def on_everything(self, role: str) -> list[Permission]:
        """Those on everything with a role."""
        return await self._values(_WITH_ROLE, {"of_role": role})

    async def reaching(self, user: str) -> list[Permission]:
        """Those of a user and its groups."""
        return await self._values(_REACHING, {"principal": user_key(user)})

    async def _values(self, statement: Statement, given: dict[str, Any]) -> list[Permission]:
        return [_PERMISSIONS.codec.value(row) for row in await self._connection.rows(statement, given)]


_TOKENS = Statements(tables.api_tokens, ApiToken)
_T = tables.api_tokens.c
_ALL_TOKENS = Statement(
    select(*_TOKENS.columns)
    .where(or_(bindparam("of_user").is_(None), _T.user == bindparam("of_user")))
    .order_by(_T.created, _T.id)
)


class ApiTokenRows(Keyed[ApiToken]):
    """API tokens."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _TOKENS)

    async def all(self, user: str | None = None) -> list[ApiToken]:
        """All tokens, or those of a user."""
        return [_TOKENS.codec.value(row) for row in await self._connection.rows(_ALL_TOKENS, {"of_user": user})]


_LINKS = Statements(tables.login_links, LoginLink)
_REMOVE_LINKS_OF = Statement(delete(tables.login_links).where(tables.login_links.c.user == bindparam("of_user")))


class LoginLinkRows(Keyed[LoginLink]):
    """Login links."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _LINKS)

    async def remove_of(self, user: str) -> None:
        """Removes the links of a user."""
        await self._connection.run(_REMOVE_LINKS_OF, {"of_user": user})


_USES = Statements(tables.last_uses, LastUse)
_note = upsert(tables.last_uses).values({name: bindparam(name) for name in _USES.codec.names})
_NOTE = Statement(
    _note.on_conflict_do_update(
        index_elements=["id"],
        set_={"time": _note.excluded.time, "address": _note.excluded.address},
        where=tables.last_uses.c.time < _note.excluded.time,
    )
)


class LastUseRows(Keyed[LastUse]):
    """Last uses."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _USES)

    async def note(self, row: LastUse) -> None:
        """Keeps a last use."""
        await self._connection.run(_NOTE, _USES.codec.row(row))

    async def forget(self, identifiers: Collection[str]) -> None:
        """Removes last uses."""
        for each in identifiers:
            await self.remove(each)
