"""Holds the services of a server and the context of a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from contentlib.vapi.declare import Operation, Service, operations_of
from contentlib.vapi.errors import VapiError
from contentlib.vapi.saml import SamlToken


class Call(msgspec.Struct):
    """The caller and the context of a call.

    `user` is empty until the gate has admitted the call; `login` identifies the user's login session,
    `api_token` the API token of the call or of its session. `token` is the secret of the session, `bearer` is an API token,
    `credentials` are name and password, `saml` is a SAML token. `client` is the address of the client, `gone` returns when it
    has disconnected. `base_url` is the scheme and authority that the client used, for URLs in responses. An operation that
    starts a session sets `new_token`; the wire form then sets the cookie, unless the client declined it. `operation` is the
    operation's identifier, once it is known.
    """

    request_id: str
    base_url: str
    token: str | None = None
    credentials: tuple[str, str] | None = None
    client: str = ""
    gone: Callable[[], Awaitable[None]] | None = None
    user: str = ""
    login: str = ""
    api_token: str = ""
    bearer: str | None = None
    new_token: str | None = None
    operation: str = ""
    saml: SamlToken | None = None


class Gate(Protocol):
    """Decides who may call an operation."""

    async def authenticate(self, call: Call) -> None:
        """Sets `call.user`; raises Unauthenticated. Asked before the body of a call is read and its arguments are judged."""

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        """Raises Unauthorized, Missing for what the caller may not see, or Unauthenticated as above.

        Operations that are `anonymous` pass untouched.
        """

    async def sift(self, call: Call, operation: Operation, answer: Any) -> Any:
        """What the caller may see of the answer of an operation that `shows` things."""


Handler = Callable[..., Awaitable[Any]]
Translate = Callable[[Exception, Operation], VapiError | None]


def untranslated(_error: Exception, _operation: Operation) -> VapiError | None:
    """Knows no error but those of vAPI."""
    return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation, the bound method that performs it, and what the caller hears of errors that are not vAPI's.

    `check` tells what is wrong with the arguments of a task, without doing anything; `begin` begins the operation as a task of
    its own and answers the identifier of that.
    """

    operation: Operation
    handler: Handler
    translate: Translate = untranslated
    check: Handler | None = None
    begin: Handler | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation to perform as a task: its arguments as JSON and the objects (type and identifier) in them."""

    operation: Operation
    arguments: str
    user: str
    things: tuple[tuple[str, str], ...]


Submit = Callable[[Asked], Awaitable[str]]
"""Adds a task and answers its identifier; raises when there is no such thing."""


class Registry:
    """All endpoints by service and operation identifier."""

    def __init__(self, services: Iterable[Service], translate: Translate = untranslated) -> None:
        self.endpoints: dict[tuple[str, str], Endpoint] = {}
        for service in services:
            for declared in operations_of(type(service)):
                handler = getattr(service, declared.method)
                check, begin = (getattr(service, f"{what}_{declared.method}", None) for what in ("check", "begin"))
                self.endpoints[declared.service, declared.name] = Endpoint(declared, handler, translate, check, begin)

    def services(self) -> dict[str, list[Endpoint]]:
        """The endpoints of each service, by its identifier."""
        found: dict[str, list[Endpoint]] = {}
        for endpoint in self.endpoints.values():
            found.setdefault(endpoint.operation.service, []).append(endpoint)
        return found
