"""Implements contentlib.access.users: the users of the server.

A service of our own: upstream has users in a directory of its own.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.api_tokens import ApiTokens
from contentlib.access.roles import MODIFY_USERS, VIEW_ACCESS
from contentlib.access.users import NewUser, UserChange, Users
from contentlib.library.principals import user_key
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Secret, Structure

_PREFIX = "contentlib.access.users"
_PATH = "/api/contentlib/access/users"
_USER = f"{_PATH}/{{user}}"
_CHANGING = (Privilege(MODIFY_USERS),)
_READING = (Privilege(VIEW_ACCESS),)


class CreateSpec(Structure):
    """A user to be created; one without a password can log in with API tokens only, and one that is not enabled not at all.

    `name` is NAME@DOMAIN; without a domain it gets the default one.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    name: str
    display_name: str | None = None
    email: str | None = None
    enabled: bool | None = None
    password: Secret | None = None


class UpdateSpec(Structure):
    """What is to be changed of a user; what is not given stays."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.update_spec"
    display_name: str | None = None
    email: str | None = None
    enabled: bool | None = None


class Info(Structure):
    """A user; `groups` are all that the user is in, directly or by other groups. The last login is that of a password."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    display_name: str
    email: str
    enabled: bool
    groups: builtins.list[str]
    has_password: bool
    name: Id
    last_address: str | None = None
    last_login: DateTime | None = None
    source: str | None = None


class UsersService(Service):
    """Users of this server.

    The last enabled user with the role Administrator on everything cannot be removed, disabled or demoted.
    """

    vapi_id = _PREFIX

    def __init__(self, users: Users, tokens: ApiTokens) -> None:
        self._users = users
        self._tokens = tokens

    @operation(Route("POST", _PATH, body="spec", status=201), errors=(AlreadyExists, InvalidArgument), privileges=_CHANGING)
    async def create(self, call: Call, spec: CreateSpec) -> Id:
        """Creates a user, who may do nothing yet, and answers the user's whole name."""
        enabled = spec.enabled is not False
        return await self._users.create(NewUser(spec.name, spec.password, spec.display_name or "", spec.email or "", enabled))

    @operation(Route("GET", _PATH), privileges=_READING)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the names of all users."""
        return [each.name for each in await self._users.all()]

    @operation(Route("GET", _USER), errors=(NotFound,), privileges=_READING)
    async def get(self, call: Call, user: Id) -> Info:
        """Returns a user."""
        found = await self._users.get(user)
        use = await self._tokens.last_use(user_key(found.folded_name))
        return Info(
            display_name=found.display_name,
            email=found.email,
            enabled=found.enabled,
            groups=await self._users.groups_of(user),
            has_password=bool(found.password_hash),
            last_address=None if use is None else use.address,
            last_login=None if use is None else DateTime(use.time),
            name=found.name,
            source=found.source,
        )

    @operation(
        Route("PATCH", _USER, body="spec", status=204),
        errors=(InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_CHANGING,
    )
    async def update(self, call: Call, spec: UpdateSpec, user: Id) -> None:
        """Changes what is given; the sessions of a user who is disabled end."""
        await self._users.update(user, UserChange(spec.display_name, spec.email, spec.enabled))

    @operation(Route("DELETE", _USER, status=204), errors=(NotAllowedInCurrentState, NotFound), privileges=_CHANGING)
    async def delete(self, call: Call, user: Id) -> None:
        """Removes a user with sessions, tokens, permissions and memberships; libraries of the user stay."""
        await self._users.remove(user)

    @operation(
        Route("POST", _USER, {"action": "set-password"}, status=204),
        errors=(InvalidArgument, NotFound),
        privileges=_CHANGING,
    )
    async def set_password(self, call: Call, password: Secret, user: Id) -> None:
        """Gives a user a new password, and ends the user's sessions; tokens stay."""
        await self._users.set_password(user, password)
