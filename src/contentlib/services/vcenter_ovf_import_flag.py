"""Implements com.vmware.vcenter.ovf.import_flag: flags of OVF imports."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.services import messages
from contentlib.structures.ovf import PREFIX
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import Id, Structure


class Info(Structure):
    """A flag, and what it does."""

    vapi_name: ClassVar[str] = f"{PREFIX}.import_flag.info"
    option: str
    description: LocalizableMessage


class ImportFlagService(Service):
    """Flags of OVF imports, as a vCenter has them."""

    vapi_id = f"{PREFIX}.import_flag"

    @operation(
        Route("GET", "/api/vcenter/ovf/import-flag", query={"resource_pool": "rp"}), errors=(NotFound,), privileges=(READ,)
    )
    async def list(self, call: Call, rp: Id) -> builtins.list[Info]:
        """Lists the flags of imports, whatever the resource pool."""
        return [Info(option="LAX", description=message(messages.FLAG_LAX()))]
