"""Implements com.vmware.vcenter.ovf.export_flag: flags of OVF exports."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.services import messages
from contentlib.structures.ovf import PREFIX
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import Structure


class Info(Structure):
    """A flag, and what it does."""

    vapi_name: ClassVar[str] = f"{PREFIX}.export_flag.info"
    option: str
    description: LocalizableMessage


class ExportFlagService(Service):
    """Flags of OVF exports, as a vCenter has them."""

    vapi_id = f"{PREFIX}.export_flag"

    @operation(Route("GET", "/api/vcenter/ovf/export-flag"), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[Info]:
        """Lists the flags of exports."""
        return [
            Info(option="PRESERVE_MAC", description=message(messages.FLAG_MAC())),
            Info(option="EXTRA_CONFIG", description=message(messages.FLAG_EXTRA())),
        ]
