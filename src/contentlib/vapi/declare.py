"""Declares services: identifier, operations, errors, privileges and `/api` routes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from contentlib.vapi.checking import reaches_any, reaches_union
from contentlib.vapi.errors import VapiError
from contentlib.vapi.types import Field, Type, type_named

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True, slots=True)
class Privilege:
    """A privilege that an operation needs: on everything, or on the resource that a parameter or field names.

    `resource` is that resource's type, `on` the dotted path of the parameter.
    """

    name: str
    resource: str | None = None
    on: str | None = None

    def thing(self, arguments: dict[str, Any]) -> str | None:
        """The identifier that an argument, or a field of one, gives for the resource."""
        return None if self.on is None else _named(self.on, arguments)


@dataclass(frozen=True, slots=True)
class About:
    """The thing that an operation is about, where the contract names no resource: its type, and the path of the parameter.

    Privileges without a resource are asked on it, and `privilege` too. Where it belongs to a user, all others need the
    privilege `others` as well.
    """

    resource: str
    on: str
    privilege: str | None = None
    others: str | None = None

    def thing(self, arguments: dict[str, Any]) -> str | None:
        """The identifier that an argument, or a field of one, gives for the thing."""
        return _named(self.on, arguments)


def _named(path: str, arguments: dict[str, Any]) -> str | None:
    value = arguments.get(path)
    if value is None:
        first, *steps = path.split(".")
        value = arguments.get(first)
        for step in steps:
            value = getattr(value, step, None)  # of a list of structures nothing is named
    return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Route:
    """The address of an operation on `/api`, as the contract maps it.

    `body` names the parameter that is the whole body; `headers` maps header names to parameters, `query` names in the query
    that are not the parameter's own; `dispatch` is what the query must hold (a None value: the name must be present), `path`
    holds `{parameter}` names. `rest` is the address on `/rest`, with this route's method, where upstream publishes another one
    than follows from the operation's name.
    """

    method: str
    path: str
    dispatch: dict[str, str | None] = field(default_factory=dict)
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    rest: str | None = None
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared operation; `parameters` in the order of the signature. A `task` can also be called without waiting for it.

    `beside` are errors that the contract does not list, `tagged` the parameters that can contain a union; `dynamic` says that
    the answer can contain values of any type. `also` are privileges beyond the contract. Of the things of the type `shows` that
    the answer lists, callers are given those that they may read. An operation that is `own` works on nothing but its caller.
    """

    service: str
    name: str
    parameters: tuple[Field, ...]
    output: Type
    errors: tuple[type[VapiError], ...]
    privileges: tuple[Privilege, ...]
    api: Route
    summary: str
    anonymous: bool
    method: str
    task: bool = False
    tagged: tuple[Field, ...] = ()
    dynamic: bool = False
    beside: tuple[type[VapiError], ...] = ()
    about: About | None = None
    also: tuple[Privilege, ...] = ()
    shows: str | None = None
    own: bool = False
    id: str = field(init=False)
    """The service's and the operation's identifier."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.service}.{self.name}")  # the way of frozen dataclasses

    def declares(self, error: type[VapiError]) -> bool:
        """Whether a caller may hear the error from this operation."""
        return error.everywhere or error in self.errors or error in self.beside


class Service:
    """Base of all services; a subclass sets `vapi_id` and marks its operations with `operation`."""

    vapi_id: ClassVar[str] = ""


def operation(
    api: Route,
    *,
    errors: tuple[type[VapiError], ...] = (),
    privileges: tuple[Privilege, ...] = (),
    anonymous: bool = False,
    task: bool = False,
    beside: tuple[type[VapiError], ...] = (),
    about: About | None = None,
    also: tuple[Privilege, ...] = (),
    shows: str | None = None,
    own: bool = False,
) -> Callable[[Method], Method]:
    """Declares a method as an operation of its service; `anonymous` ones are called without a session.

    Every other one says whom it is for: by `privileges`, `about`, `shows`, or by being the caller's `own`.

    A `task` may be long, and doing it twice is doing it once: by a parameter `client_token`, or by what it does. What is wrong
    with its arguments is told before the task is made where the service has a method `check_NAME` of the same parameters. Where
    the operation is a task anyway, the service has a method `begin_NAME` of the same parameters that answers its identifier.
    """

    def mark(method: Method) -> Method:
        method.__dict__["vapi"] = (api, errors, privileges, anonymous, task, beside)
        method.__dict__["vapi_access"] = (about, also, shows, own)
        return method

    return mark


def operations_of(service: type[Service]) -> tuple[Operation, ...]:
    """The declared operations of a service; the first parameter of each method, after self, is the call."""
    if service not in _KNOWN:
        _KNOWN[service] = tuple(_read(service))
    return _KNOWN[service]


_CALL = "call"  # the first parameter of each method, which is not one of the operation
_KNOWN: dict[type[Service], tuple[Operation, ...]] = {}


def _read(service: type[Service]) -> list[Operation]:
    found = []
    for attribute, method in inspect.getmembers(service, inspect.isfunction):
        if "vapi" not in method.__dict__:
            continue
        api, errors, privileges, anonymous, task, beside = method.__dict__["vapi"]
        about, also, shows, own = method.__dict__["vapi_access"]
        hints = {name: type_named(method.__module__, hint) for name, hint in method.__annotations__.items() if name != _CALL}
        output = hints.pop("return")
        parameters = tuple(Field(name, hint) for name, hint in hints.items())
        for parameter in parameters:
            if reaches_any(parameter.type):
                raise TypeError(f"{attribute}: {parameter.name} is of any type, which a caller cannot send")
        found.append(
            Operation(
                service=service.vapi_id,
                name=attribute.rstrip("_"),
                parameters=parameters,
                output=output,
                errors=errors,
                privileges=privileges,
                api=api,
                summary=(method.__doc__ or "").strip().split("\n")[0],
                anonymous=anonymous,
                method=attribute,
                task=task,
                tagged=tuple(each for each in parameters if reaches_union(each.type)),
                dynamic=reaches_any(output),
                beside=beside,
                about=about,
                also=also,
                shows=shows,
                own=own,
            )
        )
    return found
