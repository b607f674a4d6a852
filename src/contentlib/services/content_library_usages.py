"""Implements com.vmware.content.library.usages: the usages of a library."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library.catalog.usages import Usages
from contentlib.structures.privileges import ABOUT_LIBRARY, READ
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotFound, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Structure, Uri

_PREFIX = "com.vmware.content.library.usages"
_PATH = "/api/content/library/{library}/usages"
_USAGE = f"{_PATH}/{{usage}}"
_FINDING = (NotFound, Unauthenticated, Unauthorized)


class AddSpec(Structure):
    """The user of a library: a name of the form SCHEME:NAMESPACE:TYPE:IDENTIFIER, such as `urn:vmomi:vm:vm-12`."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.add_spec"
    resource_urn: Uri


class Info(Structure):
    """A usage of a library and its start. The time is in UTC."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    addition_time: DateTime
    resource_urn: Uri
    usage: Id


class Summary(Structure):
    """A usage of a library."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    resource_urn: Uri
    usage: Id


class ListResult(Structure):
    """All usages of a library."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.list_result"
    library_usage_list: builtins.list[Summary]


class UsagesService(Service):
    """Usages of libraries.

    A library in use can only be deleted with `force_delete`. If its `apply_library_usage_to_items` is set, its items cannot be
    deleted either.
    """

    vapi_id = _PREFIX

    def __init__(self, usages: Usages) -> None:
        self._usages = usages

    @operation(
        Route("POST", _PATH, body="spec", status=201),
        errors=(AlreadyExists, InvalidArgument, *_FINDING),
        privileges=(Privilege("ContentLibrary.AddLibraryUsage"),),
        about=ABOUT_LIBRARY,
    )
    async def add(self, call: Call, library: Id, spec: AddSpec) -> Id:
        """Declares that a resource uses a library and returns the identifier of the usage."""
        return await self._usages.add(library, spec.resource_urn)

    @operation(Route("GET", _USAGE), errors=_FINDING, privileges=(READ,), about=ABOUT_LIBRARY)
    async def get(self, call: Call, library: Id, usage: Id) -> Info:
        """Returns a usage."""
        found = await self._usages.get(library, usage)
        return Info(addition_time=DateTime(found.created), resource_urn=found.urn, usage=found.id)

    @operation(Route("GET", _PATH), errors=_FINDING, privileges=(READ,), about=ABOUT_LIBRARY)
    async def list(self, call: Call, library: Id) -> ListResult:
        """Lists the usages of a library, in order of creation."""
        found = await self._usages.of(library)
        return ListResult(library_usage_list=[Summary(resource_urn=each.urn, usage=each.id) for each in found])

    @operation(
        Route("DELETE", _USAGE, status=204),
        errors=_FINDING,
        privileges=(Privilege("ContentLibrary.RemoveLibraryUsage"),),
        about=ABOUT_LIBRARY,
    )
    async def remove(self, call: Call, library: Id, usage: Id) -> None:
        """Ends a usage. A library without usages can be deleted."""
        await self._usages.remove(library, usage)
