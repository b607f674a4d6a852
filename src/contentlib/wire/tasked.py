"""Runs operations as tasks, when called with `vmw-task=true` or as `OPERATION$task`.

Invalid arguments, missing objects and missing privileges are reported immediately; otherwise the result is the identifier of
the task. Arguments are stored as JSON, so that any worker can continue the task.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import cache, partial
from typing import Any

import msgspec

from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidRequest, OperationNotFound, VapiError
from contentlib.vapi.registry import Asked, Call, Endpoint, Gate, Registry, Submit
from contentlib.vapi.types import Type, Typed
from contentlib.wire import messages
from contentlib.wire.dispatch import Pairs
from contentlib.wire.json_values import annotation, decoder, encode, members_of
from contentlib.wire.walk import complete

QUERY = "vmw-task"
MARK = "$task"
_ACCEPTED = 202
_TOKEN = "client_token"  # noqa: S105 - a parameter's name, not a token
_TASK = Type("id")


def asked_for(pairs: Pairs) -> tuple[bool, Pairs]:
    """Returns whether a query requests a task, and its other parameters."""
    values = [value for name, value in pairs if name == QUERY]
    if not values:
        return False, pairs
    if any(value.lower() != "true" for value in values):
        raise InvalidRequest(messages.TASK_NOT_TRUE(parameter=QUERY, given=values[0]))
    return True, [pair for pair in pairs if pair[0] != QUERY]


async def no_tasks(asked: Asked) -> str:
    """For servers without tasks."""
    raise OperationNotFound(messages.NO_TASK(operation=asked.operation.id))


class Tasked:
    """Creates tasks of operations and performs them."""

    def __init__(self, registry: Registry, gate: Gate, submit: Submit) -> None:
        self._endpoints = registry.endpoints
        self._gate = gate
        self._submit = submit

    def endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Returns the endpoint for calling the operation as a task. Raises OperationNotFound if that is not supported."""
        operation = endpoint.operation
        if not operation.task:
            raise OperationNotFound(messages.NO_TASK(operation=operation.id))
        route = replace(operation.api, status=_ACCEPTED)
        twin = replace(operation, name=operation.name + MARK, output=_TASK, api=route)
        return Endpoint(twin, endpoint.begin or partial(self._add, endpoint, twin), endpoint.translate)

    async def _add(self, endpoint: Endpoint, twin: Operation, call: Call, /, **arguments: Any) -> str:
        if endpoint.check is not None:
            await endpoint.check(call, **arguments)
        if _TOKEN in arguments and arguments[_TOKEN] is None:  # so that a second attempt finds what the first has made
            arguments[_TOKEN] = str(uuid.uuid4())
        return await self._submit(Asked(twin, encode(arguments).decode(), call.user, _things(twin, arguments)))

    async def perform(self, service: str, name: str, arguments: str, caller: Call) -> str | None:
        """Performs a stored operation for the user who requested it, and returns its result as JSON."""
        endpoint = self._endpoints[service, name.removesuffix(MARK)]
        operation = endpoint.operation
        given = complete(operation.parameters, members_of(operation.parameters).read(arguments.encode()))
        try:
            await self._gate.admit(caller, operation, given)
            result = await endpoint.handler(caller, **given)
        except Exception as error:
            known = error if isinstance(error, VapiError) else endpoint.translate(error, operation)
            if known is None or known is error:
                raise
            raise known from error
        return None if operation.output.kind == "void" else encode(result).decode()

    def result(self, service: str, name: str, kept: str) -> Typed | None:
        """The result that `perform` answered; None where the operation returns none, or another kind of result by now."""
        endpoint = self._endpoints.get((service, name.removesuffix(MARK)))
        if endpoint is None or endpoint.operation.output.kind == "void":
            return None
        try:
            return Typed(endpoint.operation.output, _decoder(endpoint.operation.output).decode(kept))
        except (msgspec.DecodeError, ValueError):
            return None


@cache
def _decoder(declared: Type) -> msgspec.json.Decoder[Any]:
    return decoder(annotation(declared))


def _things(operation: Operation, arguments: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Returns the objects to which the privileges of an operation refer."""
    named = ((each.resource, each.thing(arguments)) for each in operation.privileges)
    return tuple((resource, thing) for resource, thing in named if resource is not None and thing is not None)
