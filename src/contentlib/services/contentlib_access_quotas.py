"""Implements contentlib.access.quotas: how much a user holds and may hold.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins

from contentlib.access.roles import MODIFY_USERS, VIEW_ACCESS
from contentlib.access.scopes import USER
from contentlib.library.catalog.quotas import Quotas
from contentlib.structures.quotas import QuotaInfo, QuotaSpec, limits_of, quota_info
from contentlib.vapi.declare import About, Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/contentlib/access/quotas"
_USER = f"{_PATH}/{{user}}"


class UserQuotasService(Service):
    """Quotas of users.

    A file counts for the user of the update session that brought it, an item for the user who created it, in all libraries.
    """

    vapi_id = "contentlib.access.quotas"

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    @operation(Route("GET", _PATH), privileges=(Privilege(VIEW_ACCESS),))
    async def list(self, call: Call) -> builtins.list[QuotaInfo]:
        """Lists the quotas of all users who hold content or have limits, also of removed users."""
        return [quota_info(user, quota) for user, quota in (await self._quotas.of_users()).items()]

    @operation(Route("GET", _USER), errors=(NotFound,), about=About(USER, "user", "System.View", VIEW_ACCESS))
    async def get(self, call: Call, user: Id) -> QuotaInfo:
        """Returns what a user holds, and the limits."""
        return quota_info(user, await self._quotas.of_user(user))

    @operation(
        Route("PUT", _USER, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(Privilege(MODIFY_USERS),),
    )
    async def set(self, call: Call, user: Id, spec: QuotaSpec) -> None:
        """Sets the limits of a user. Existing content stays if it is more; only growth is refused."""
        await self._quotas.limit_user(user, limits_of(spec))
