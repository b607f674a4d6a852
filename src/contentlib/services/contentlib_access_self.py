"""Implements contentlib.access.self: the caller's privileges and password.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.gate import AccessGate
from contentlib.access.guessing import Attempt
from contentlib.access.scopes import LIBRARY
from contentlib.access.users import Users
from contentlib.access.workloads import is_workload
from contentlib.http.message import never
from contentlib.vapi.declare import About, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Secret, Structure

_PREFIX = "contentlib.access.self"
_PATH = "/api/contentlib/access/self"


class Info(Structure):
    """The caller; `groups` are all that the caller is in, directly or by other groups.

    `privileges` are those on everything, `token` is the API token by which the caller came.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    display_name: str
    email: str
    groups: builtins.list[str]
    privileges: set[str]
    user: Id
    token: Id | None = None


class SelfService(Service):
    """The caller's own account."""

    vapi_id = _PREFIX

    def __init__(self, users: Users, gate: AccessGate) -> None:
        self._users = users
        self._gate = gate

    @operation(Route("GET", _PATH), own=True)
    async def get(self, call: Call) -> Info:
        """Tells who calls."""
        rights = await self._gate.rights(call)
        if is_workload(call.user):
            return Info(display_name="", email="", groups=[], privileges=set(rights.everything), user=call.user)
        user = await self._users.get(call.user)
        return Info(
            display_name=user.display_name,
            email=user.email,
            groups=await self._users.groups_of(call.user),
            privileges=set(rights.everything),
            token=call.api_token or None,
            user=user.name,
        )

    @operation(
        Route("GET", f"{_PATH}/privileges/{{library}}"), errors=(NotFound,), about=About(LIBRARY, "library", "System.Read")
    )
    async def privileges(self, call: Call, library: Id) -> set[str]:
        """Tells which privileges the caller has on a library and its items."""
        return set((await self._gate.rights(call)).on(library))

    @operation(Route("POST", _PATH, {"action": "change-password"}, status=204), errors=(InvalidArgument,), own=True)
    async def change_password(self, call: Call, new_password: Secret, old_password: Secret) -> None:
        """Changes the caller's password; the caller's other sessions end, tokens stay."""
        attempt = Attempt(call.user, call.client, call.gone or never)
        await self._users.change_password(attempt, call.login, old_password, new_password)
