"""Finds the operation of an address in tables built from the declarations, for `/rest` and `/api`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidRequest, OperationNotFound, Unsupported
from contentlib.vapi.registry import Endpoint, Registry
from contentlib.wire import messages
from contentlib.wire.hints import Hints
from contentlib.wire.json_values import Members, Whole, members_of
from contentlib.wire.upstream import AbsentServices, absence

Pairs = list[tuple[str, str]]

_ACTION = "action"  # query parameter with the name of the action on `/api`


class OperationAddress:
    """An operation at an address: which of its parameters stand in the path, and how the others are read."""

    __slots__ = (
        "body",
        "dispatch",
        "elsewhere",
        "endpoint",
        "headers",
        "in_path",
        "members",
        "parameters",
        "reads",
        "renamed",
        "service_path",
    )

    def __init__(self, endpoint: Endpoint, in_path: tuple[str, ...]) -> None:
        operation = endpoint.operation
        self.endpoint = endpoint
        self.in_path = in_path
        self.parameters = operation.parameters
        self.elsewhere = tuple(parameter for parameter in operation.parameters if parameter.name not in in_path)
        self.members = members_of(self.elsewhere)
        self.dispatch = operation.api.dispatch
        self.renamed = operation.api.query
        self.headers = [
            (name.lower(), parameter)
            for name, named in operation.api.headers.items()
            for parameter in self.elsewhere
            if parameter.name == named
        ]
        self.body = self._body(operation)
        self.service_path = service_path(operation.service)
        self.reads = "GET" in (operation.api.method, rest_address(operation)[0])

    def _body(self, operation: Operation) -> Members | Whole:
        """Type of the body on `/api`: the parameter named by the route, or an object of the remaining parameters."""
        for parameter in self.elsewhere:
            if parameter.name == operation.api.body:
                return Whole(parameter)
        return self.members

    def named(self, pairs: Pairs) -> Pairs:
        """What a query holds, under the names of the parameters."""
        return [(self.renamed.get(name, name), value) for name, value in pairs] if self.renamed else pairs

    def chosen_by(self, query: dict[str, str]) -> bool:
        """Whether the query has what the route requires, and no action of another operation."""
        if not all(name in query and value in (None, query[name]) for name, value in self.dispatch.items()):
            return False
        return self.suits(query.get(_ACTION))

    def suits(self, action: str | None) -> bool:
        """Whether an action that the query names is the operation's own, or a parameter of it."""
        if action is None or self.dispatch.get(_ACTION) == action:
            return True
        name = self.endpoint.operation.name
        return action == name.replace("_", "-") or any(parameter.name == _ACTION for parameter in self.parameters)


Found = tuple[OperationAddress, dict[str, str]]


@dataclass(slots=True)
class AddressOperations:
    """The operations at one address of `/rest`."""

    methods: dict[str, OperationAddress] = field(default_factory=dict)
    actions: dict[str, OperationAddress] = field(default_factory=dict)

    def choose(self, method: str, action: str | None, path: str, pairs: Pairs) -> OperationAddress:
        """The target of a method or, before it, an action."""
        if action is not None:
            target = self.actions.get(action)
            if target is None:
                raise no_action(path, action, self.actions)
            return target
        target = self.methods.get("GET" if method == "HEAD" else method)
        if target is not None:
            return target
        if method == "POST":
            raise no_action(path, None, self.actions, dict(pairs).get(_ACTION))
        raise unsupported_method(method, path, [*self.methods, "POST"])


def no_action(path: str, action: str | None, actions: Iterable[str], mistaken: str | None = None) -> OperationNotFound:
    """Returns the error for an unknown or missing action, with the valid ones.

    `mistaken` is an action that was given by its `/api` name.
    """
    if mistaken is not None and mistaken in actions:
        return OperationNotFound(messages.ACTION_NAME(path=path, action=mistaken))
    known = sorted(actions)
    if not action:
        return OperationNotFound(messages.ACTION_REQUIRED(path=path, available=known))
    if not known:
        return OperationNotFound(messages.ACTION_NONE(path=path, action=action))
    return OperationNotFound(messages.ACTION_UNKNOWN(path=path, action=action, available=known))


def unsupported_method(method: str, path: str, methods: Iterable[str]) -> OperationNotFound:
    """The error for a method that a known address does not take."""
    known = set(methods)
    allow = ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))
    error = OperationNotFound(messages.METHOD_NOT_ALLOWED(path=path, method=method, allowed=allow), status=405)
    error.allow = allow
    return error


def no_such_address(path: str, near: str | None = None, absent: str | None = None) -> OperationNotFound | Unsupported:
    """Returns the error for an unknown address.

    `near` is the address that was probably meant, `absent` the service of a vCenter that has the address there.
    """
    if absent is not None:
        return absence(absent, messages.ADDRESS_NOT_AVAILABLE)
    if near is None:
        return OperationNotFound(messages.NO_SUCH_ADDRESS(path=path))
    return OperationNotFound(messages.NO_SUCH_ADDRESS_BUT(path=path, similar=near))


def service_path(service: str) -> str:
    """The address of a service on `/rest`."""
    return "/rest/" + service.replace(".", "/").replace("_", "-")


def identifier_of(operation: Operation) -> str | None:
    """Returns the first parameter of an id type, which is in the path."""
    return next((parameter.name for parameter in operation.parameters if parameter.type.kind == "id"), None)


def rest_address(operation: Operation) -> tuple[str, str]:
    """The method and the address of an operation on `/rest`, with its identifier as `id:{name}`."""
    if operation.api.rest is not None:
        return operation.api.method, operation.api.rest
    path, identifier = service_path(operation.service), identifier_of(operation)
    needs_action = operation.name in ("get", "delete") and identifier is None
    method = None if needs_action else _method(operation, identifier is not None and operation.name != "list")
    action = "" if method else "?~action=" + operation.name.replace("_", "-")
    at = f"/id:{{{identifier}}}" if identifier and operation.name != "list" else ""
    return method or "POST", path + at + action


def _method(operation: Operation, at_identifier: bool) -> str | None:
    """The method that means the operation without an action, at the service's or at an identifier's address."""
    match operation.name:
        case "create":
            return "POST"
        case "list":
            return "GET"
        case "update":
            return "PATCH"
        case "get" if len(operation.parameters) <= at_identifier:
            return "GET"
        case "delete" if len(operation.parameters) <= at_identifier:
            return "DELETE"
    return None


class RestAddresses:
    """All addresses of `/rest`: of services, of things (`…/id:X`), and those of `/api` under another name."""

    def __init__(self, registry: Registry) -> None:
        self._services: dict[str, AddressOperations] = {}
        self._things: dict[str, AddressOperations] = {}
        self.aliases = ApiAddresses(registry, "/rest")
        for service, endpoints in registry.services().items():
            path = service_path(service)
            self._services[path] = AddressOperations()
            for endpoint in endpoints:
                self._add(path, endpoint)
        self.known = [*self._services, *(f"{path}/{{id}}" for path in self._things), *self.aliases.known]

    def _add(self, path: str, endpoint: Endpoint) -> None:
        operation = endpoint.operation
        identifier = identifier_of(operation)
        action = operation.name.replace("_", "-")
        place = self._services[path]
        whole = place.actions[action] = OperationAddress(endpoint, ())
        if identifier is None or operation.name in ("create", "list"):
            _put(place, _method(operation, at_identifier=False), whole)
        if identifier is not None:
            place = self._things.setdefault(path, AddressOperations())
            target = place.actions[action] = OperationAddress(endpoint, (identifier,))
            if operation.name != "list":
                _put(place, _method(operation, at_identifier=True), target)

    def find(self, method: str, path: str, action: str | None, pairs: Pairs) -> Found:
        """The operation at an address, and the parameters that the path holds."""
        place = self._services.get(path)
        if place is not None:
            return place.choose(method, action, path, pairs), {}
        service, _, name = path.rpartition("/")
        place = self._things.get(service)
        if place is None or not name:
            return self.aliases.find(method, path, pairs if action is None else [(_ACTION, action), *pairs])
        target = place.choose(method, action, path, pairs)
        return target, {target.in_path[0]: identifier(name)}


def _put(place: AddressOperations, method: str | None, target: OperationAddress) -> None:
    if method is not None:
        place.methods.setdefault(method, target)


def identifier(segment: str) -> str:
    """The identifier that a segment of a path holds; `id:` before it is not part of it, but may be missing or encoded."""
    if segment.startswith("id:"):
        return unquoted(segment[3:])
    return unquoted(segment).removeprefix("id:")


def unquoted(segment: str) -> str:
    """A segment of a path without its percent encoding."""
    if "%" not in segment:
        return segment
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest(messages.PATH_NOT_UTF8(segment=segment)) from error


class _Node:
    """A segment of the paths of `/api`."""

    __slots__ = ("fixed", "methods", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.methods: dict[str, list[tuple[OperationAddress, list[tuple[int, str]]]]] = {}


class ApiAddresses:
    """The addresses declared by the routes, below a prefix in place of `/api`."""

    def __init__(self, registry: Registry, prefix: str) -> None:
        self._root = _Node()
        self.known: list[str] = []
        self.hints = Hints(())
        self.absent: AbsentServices | None = None
        for endpoint in registry.endpoints.values():
            self._add(endpoint, prefix)

    def _add(self, endpoint: Endpoint, prefix: str) -> None:
        route = endpoint.operation.api
        self.known.append(prefix + route.path.removeprefix("/api"))
        segments = self.known[-1].split("/")
        node, variables = self._root, []
        for n, segment in enumerate(segments):
            if segment.startswith("{"):
                variables.append((n, segment[1:-1]))
                node.variable = node = node.variable or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        target = OperationAddress(endpoint, tuple(name for _, name in variables))
        candidates = node.methods.setdefault(route.method, [])
        candidates.append((target, variables))
        candidates.sort(key=lambda candidate: -len(candidate[0].dispatch))

    def find(self, method: str, path: str, pairs: Pairs) -> Found:
        """The operation at an address, and the parameters that the path holds."""
        segments = path.split("/")
        node = _walk(self._root, segments, 0)
        if node is None:
            absent = None if self.absent is None else self.absent.at(path)
            raise no_such_address(path, None if absent else self.hints.nearest(path), absent)
        candidates = node.methods.get("GET" if method == "HEAD" else method)
        if candidates is None:
            raise unsupported_method(method, path, node.methods)
        target, variables = _choose(candidates, pairs, path)
        return target, {name: unquoted(segments[n]) for n, name in variables}


def _walk(node: _Node, segments: list[str], n: int) -> _Node | None:
    if n == len(segments):
        return node if node.methods else None
    segment = segments[n]
    fixed = node.fixed.get(segment)
    found = _walk(fixed, segments, n + 1) if fixed is not None else None
    if found is None and node.variable is not None and segment:
        return _walk(node.variable, segments, n + 1)
    return found


def _choose(
    candidates: list[tuple[OperationAddress, list[tuple[int, str]]]], pairs: Pairs, path: str
) -> tuple[OperationAddress, list[tuple[int, str]]]:
    """Returns the candidate whose dispatch query is present. One that only lacks a parameter matches too, and reports it."""
    query = dict(pairs) if pairs else {}
    for candidate in candidates:
        if candidate[0].chosen_by(query):
            return candidate
    action = query.get(_ACTION)
    for candidate in candidates:
        if not any(candidate[0].dispatch.values()) and candidate[0].suits(action):
            return candidate
    raise no_action(path, action, {known for target, _ in candidates if (known := target.dispatch.get(_ACTION))})
