"""Implements contentlib.access.tokens: secrets that replace a password, for pipelines and other programs.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.api_tokens import ApiTokens, NewApiToken
from contentlib.access.gate import AccessGate
from contentlib.access.messages import TOKEN_BY_TOKEN
from contentlib.access.roles import MODIFY_USERS, READ, VIEW_ACCESS
from contentlib.access.scopes import API_TOKEN, LIBRARY, USER
from contentlib.library.model import Need
from contentlib.vapi.declare import About, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Secret, Structure

_PREFIX = "contentlib.access.tokens"
_PATH = "/api/contentlib/access/tokens"
_TOKEN = f"{_PATH}/{{token}}"


class CreateSpec(Structure):
    """A token to be made, for the caller or for another user.

    `role` and `libraries` narrow what its user may do; they never add to it.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    name: str
    expires: DateTime | None = None
    libraries: builtins.list[Id] | None = None
    role: Id | None = None
    user: Id | None = None


class CreateResult(Structure):
    """A new token. Its secret is returned only here."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_result"
    secret: Secret
    token: Id


class Info(Structure):
    """A token, without its secret; times are in UTC. Its last use is written down with a delay of some seconds."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    created: DateTime
    id: Id
    name: str
    user: Id
    expires: DateTime | None = None
    last_address: str | None = None
    last_used: DateTime | None = None
    libraries: builtins.list[Id] | None = None
    role: Id | None = None


class TokensService(Service):
    """API tokens.

    A token is given in place of the password of its user, or alone as `Authorization: Bearer`.
    """

    vapi_id = _PREFIX

    def __init__(self, tokens: ApiTokens, gate: AccessGate) -> None:
        self._tokens = tokens
        self._gate = gate

    @operation(
        Route("POST", _PATH, body="spec", status=201),
        errors=(InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized),
        about=About(USER, "spec.user", "System.View", MODIFY_USERS),
    )
    async def create(self, call: Call, spec: CreateSpec) -> CreateResult:
        """Makes a token and tells its secret, for the caller or, with the privilege to change users, for another user."""
        if call.api_token:
            raise Unauthorized(TOKEN_BY_TOKEN())
        for library in spec.libraries or ():
            await self._gate.demand(call, Need(READ, LIBRARY, library), "a token for it")
        libraries = None if spec.libraries is None else tuple(spec.libraries)
        expires = None if spec.expires is None else spec.expires.milliseconds
        token, secret = await self._tokens.issue(spec.user or call.user, NewApiToken(spec.name, expires, spec.role, libraries))
        return CreateResult(secret=secret, token=token)

    @operation(Route("GET", _PATH), errors=(NotFound,), shows=API_TOKEN)
    async def list(self, call: Call, user: Id | None) -> builtins.list[Id]:
        """Lists the identifiers of the tokens of a user or, where none is named, of all; others than one's own if allowed."""
        return [each.id for each in await self._tokens.all(user)]

    @operation(Route("GET", _TOKEN), errors=(NotFound,), about=About(API_TOKEN, "token", "System.View", VIEW_ACCESS))
    async def get(self, call: Call, token: Id) -> Info:
        """Returns a token without its secret."""
        found, use = await self._tokens.get(token), await self._tokens.last_use(token)
        return Info(
            created=DateTime(found.created),
            expires=None if found.expires is None else DateTime(found.expires),
            id=found.id,
            last_address=None if use is None else use.address,
            last_used=None if use is None else DateTime(use.time),
            libraries=None if found.libraries is None else [*found.libraries],
            name=found.name,
            role=found.role,
            user=found.user,
        )

    @operation(
        Route("DELETE", _TOKEN, status=204),
        errors=(NotFound,),
        about=About(API_TOKEN, "token", "System.View", MODIFY_USERS),
    )
    async def delete(self, call: Call, token: Id) -> None:
        """Removes a token, and ends the sessions that were started with it."""
        await self._tokens.remove(token)
