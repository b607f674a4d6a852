"""Implements com.vmware.vapi.metadata.cli.namespace: the namespaces of commands."""

from __future__ import annotations

import builtins

from contentlib.structures.cli_metadata import PREFIX, NamespaceIdentity, NamespaceInfo
from contentlib.structures.commands import Commands
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call

_PATH = "/api/vapi/metadata/cli/namespace"


class NamespaceService(Service):
    """The namespaces of commands."""

    vapi_id = f"{PREFIX}.namespace"

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[NamespaceIdentity]:
        """Lists all namespaces."""
        return self._commands.namespaces()

    @operation(Route("POST", _PATH, {"action": "get"}), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, identity: NamespaceIdentity) -> NamespaceInfo:
        """Returns a namespace with those in it."""
        return self._commands.namespace(identity)

    @operation(Route("GET", f"{_PATH}/fingerprint"), also=(VIEW,))
    async def fingerprint(self, call: Call) -> str:
        """Returns a text that changes with the namespaces."""
        return self._commands.fingerprint
