"""Implements com.vmware.content.type: the item types that the server knows."""

from __future__ import annotations

from typing import ClassVar

from contentlib import __version__
from contentlib.library.packages import ovf
from contentlib.structures.security import SecurityRuleType
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Structure


class TypeInfo(Structure):
    """An item type, and the plugin that supports it."""

    vapi_name: ClassVar[str] = "com.vmware.content.type.info"
    description: str
    name: str
    type: str
    vendor: str
    version: str
    supported_rules: list[SecurityRuleType] | None = None


_RULES = {ovf.TYPE: [SecurityRuleType.OVF_STRICT_VERIFICATION]}
_TYPES = {ovf.TYPE: "OVF packages: a descriptor and the files that it references", "iso": "ISO images"}


class TypeService(Service):
    """The types of items."""

    vapi_id = "com.vmware.content.type"

    @operation(Route("GET", "/api/content/type"), privileges=(Privilege("ContentLibrary.TypeIntrospection"),))
    async def list(self, call: Call) -> list[TypeInfo]:
        """Lists the item types that the server knows. Items of other types are stored as plain files."""
        return [
            TypeInfo(
                description=text,
                name=kind,
                supported_rules=_RULES.get(kind),
                type=kind,
                vendor="contentlib",
                version=__version__,
            )
            for kind, text in _TYPES.items()
        ]
