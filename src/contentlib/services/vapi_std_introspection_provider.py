"""Implements com.vmware.vapi.std.introspection.provider: the name of this server and a checksum of its declarations."""

from __future__ import annotations

from typing import ClassVar

from contentlib.structures.introspection import PREFIX
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure


class Info(Structure):
    """The name of the provider, and a checksum that changes when a declaration does."""

    vapi_name: ClassVar[str] = f"{PREFIX}.provider.info"
    id: Id
    checksum: str


class ProviderService(Service):
    """What this server says of itself to clients that read declarations."""

    vapi_id = f"{PREFIX}.provider"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", "/api/vapi/std/introspection/provider"), also=(VIEW,))
    async def get(self, call: Call) -> Info:
        """Returns the name of the provider and the checksum of its declarations."""
        return Info(id="contentlib", checksum=self._catalogue.checksum)
