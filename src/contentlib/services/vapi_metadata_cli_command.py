"""Implements com.vmware.vapi.metadata.cli.command: the commands of command-line clients."""

from __future__ import annotations

import builtins

from contentlib.structures.cli_metadata import PREFIX, CommandIdentity, CommandInfo
from contentlib.structures.commands import Commands
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call

_PATH = "/api/vapi/metadata/cli/command"


class CommandService(Service):
    """The commands of command-line clients."""

    vapi_id = f"{PREFIX}.command"

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, path: str | None) -> builtins.list[CommandIdentity]:
        """Lists the commands in the namespace at a path, or all commands."""
        return self._commands.identities(path)

    @operation(Route("POST", _PATH, {"action": "get"}), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, identity: CommandIdentity) -> CommandInfo:
        """Returns a command with its options."""
        return self._commands.command(identity)

    @operation(Route("GET", f"{_PATH}/fingerprint"), also=(VIEW,))
    async def fingerprint(self, call: Call) -> str:
        """Returns a text that changes with the commands."""
        return self._commands.fingerprint
