"""Implements `contentlib call`: calls any operation of the API by its name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, ProfileName, at_server, failing
from contentlib.cli.remote.showing import show_json

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.vapi.declare import Operation
    from contentlib.wire.json_values import Members

OperationId = Annotated[
    str, typer.Argument(metavar="OPERATION", help="Such as contentlib.access.users.list, or content.library.item.get.")
]
Arguments = Annotated[str, typer.Argument(metavar="JSON", help="The parameters as a JSON object; - is standard input.")]


def call(operation: OperationId, arguments: Arguments = "{}", profile: ProfileName = DEFAULT_PROFILE) -> None:
    """Calls an operation of a server's API and prints its result as JSON. docs/api describes all operations."""
    from contentlib.wire.json_values import members_of

    with failing():
        declared = _declared(operation)
        given = _given(members_of(declared.parameters), arguments)

    async def work(connection: ServerConnection) -> Any:
        return await connection.call_by_name(declared, given)

    found = at_server(profile, work)
    if declared.output.kind != "void":
        show_json(found)


def _declared(name: str) -> Operation:
    """The declaration of an operation; `com.vmware.` may be left out."""
    from contentlib.client.declarations import declared_operations
    from contentlib.client.failures import ClientFailed

    known = declared_operations()
    found = known.get(name) or known.get(f"com.vmware.{name}")
    if found is not None:
        return found
    service = name.rpartition(".")[0]
    near = [each for each in known if each.rpartition(".")[0].endswith(service)] if service else []
    raise ClientFailed(f"unknown operation {name!r}" + (f"; operations of the service: {', '.join(near)}" if near else ""))


def _given(members: Members, arguments: str) -> dict[str, Any]:
    """The parameters, each checked against its declaration."""
    from contentlib.client.failures import ClientFailed
    from contentlib.vapi.errors import VapiError

    text = (sys.stdin.read() if arguments == "-" else arguments).encode()
    try:
        found = members.read(text)
        members.check(text)
    except VapiError as error:
        raise ClientFailed(str(error)) from error
    return found
