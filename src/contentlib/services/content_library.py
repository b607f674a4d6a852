"""Implements com.vmware.content.library: operations on libraries of any type."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.conversion import Conversions
from contentlib.library.catalog.libraries import Libraries
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.upkeep import Upkeep
from contentlib.structures.conversions import backing, library_change, library_model
from contentlib.structures.errors import PUBLISHING, UPKEEP
from contentlib.structures.library import LibraryModel, LibraryType, StorageBacking
from contentlib.structures.privileges import LIBRARY, READ, on_library
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import (
    AlreadyExists,
    AlreadyInDesiredState,
    InvalidArgument,
    NotAllowedInCurrentState,
    NotFound,
    Unsupported,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Enumeration, Id, Structure, enumeration

_PATH = "/api/content/library"
_LIBRARY = f"{_PATH}/{{library_id}}"


class FindSpec(Structure):
    """Search criteria for libraries. At least one must be set, and a library must match all that are set."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.find_spec"
    name: str | None = None
    storage_backing: StorageBacking | None = None
    type: LibraryType | None = None


@enumeration("com.vmware.content.library.conversion_spec.conversion_type")
class ConversionType(Enumeration):
    """Type to which a library can be converted."""

    TO_PUBLISHED_LIBRARY = "TO_PUBLISHED_LIBRARY"


class ConversionSpec(Structure):
    """Target of a conversion."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.conversion_spec"
    conversion_type: ConversionType


class MigrateSpec(Structure):
    """Target of a migration."""

    vapi_name: ClassVar[str] = "com.vmware.content.library.migrate_spec"
    storage_backings: list[StorageBacking]


class LibraryService(Service):
    """Libraries of every type."""

    vapi_id = "com.vmware.content.library"

    def __init__(
        self, libraries: Libraries, upkeep: Upkeep, conversions: Conversions, migrations: Migrations, server_guid: str
    ) -> None:
        self._libraries = libraries
        self._upkeep = upkeep
        self._conversions = conversions
        self._migrations = migrations
        self._server_guid = server_guid

    @operation(Route("GET", _LIBRARY), errors=(NotFound,), privileges=(on_library("System.Read"),))
    async def get(self, call: Call, library_id: Id) -> LibraryModel:
        """Returns a library."""
        return library_model(await self._libraries.get(library_id), call, self._server_guid)

    @operation(Route("GET", _PATH), privileges=(READ,), shows=LIBRARY)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of all libraries, in order of creation."""
        return await self._libraries.ids()

    @operation(
        Route("POST", _PATH, {"action": "find"}, body="spec"), errors=(InvalidArgument,), privileges=(READ,), shows=LIBRARY
    )
    async def find(self, call: Call, spec: FindSpec) -> builtins.list[Id]:
        """Finds the libraries that match all criteria. Names are compared ignoring case."""
        kind = None if spec.type is None else model.LibraryType(spec.type.value)
        wanted = None if spec.storage_backing is None else backing(spec.storage_backing)
        return await self._libraries.find(spec.name, kind, wanted)

    @operation(
        Route("PATCH", _LIBRARY, body="update_spec", status=204),
        errors=(InvalidArgument, NotFound),
        beside=(AlreadyExists,),
        privileges=(on_library("ContentLibrary.UpdateLibrary"),),
    )
    async def update(self, call: Call, library_id: Id, update_spec: LibraryModel) -> None:
        """Changes the given properties that all types of libraries have, which excludes publishing."""
        await self._libraries.update(library_id, library_change(update_spec, publishing=False))

    @operation(
        Route("DELETE", _LIBRARY, status=204),
        errors=(NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.DeleteLibrary"),),
    )
    async def delete(self, call: Call, library_id: Id) -> None:
        """Deletes a library with all its items. Running downloads complete."""
        await self._libraries.delete(library_id, user=call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "force-delete"}, status=204),
        errors=(NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.DeleteLibrary"),),
    )
    async def force_delete(self, call: Call, library_id: Id) -> None:
        """Deletes a library even if it is in use."""
        await self._libraries.delete(library_id, user=call.user, force=True)

    @operation(
        Route("POST", _LIBRARY, {"action": "migrate"}, body="migrate_spec", status=204),
        errors=(AlreadyInDesiredState, InvalidArgument, *UPKEEP, Unsupported),
        privileges=(on_library("ContentLibrary.MigrateLibrary"),),
        task=True,
    )
    async def migrate(self, call: Call, library_id: Id, migrate_spec: MigrateSpec) -> None:
        """Starts to move the content of a library to another storage, as a task. The library is in maintenance meanwhile."""
        await self.begin_migrate(call, library_id, migrate_spec)

    async def begin_migrate(self, call: Call, library_id: Id, migrate_spec: MigrateSpec) -> str:
        """Returns the identifier of the task."""
        backings = tuple(backing(each) for each in migrate_spec.storage_backings)
        return await self._migrations.begin(library_id, backings, call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "convert"}, body="conversion_spec", status=204),
        errors=(InvalidArgument, *PUBLISHING),
        privileges=(on_library("ContentLibrary.ConvertLibrary"),),
    )
    async def convert(self, call: Call, library_id: Id, conversion_spec: ConversionSpec) -> None:
        """Converts a subscribed library that has all of its content to a published local library."""
        await self._conversions.to_published(library_id)

    @operation(
        Route("POST", _LIBRARY, {"action": "enter-maintenance"}, status=204),
        errors=UPKEEP,
        privileges=(on_library("ContentLibrary.LibraryMaintenance"),),
    )
    async def enter_maintenance(self, call: Call, library_id: Id) -> None:
        """Stops changes of a library's content, which can still be read. Fails while an update session or sync is active."""
        await self._upkeep.enter(library_id, call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "exit-maintenance"}, status=204),
        errors=UPKEEP,
        privileges=(on_library("ContentLibrary.LibraryMaintenance"),),
    )
    async def exit_maintenance(self, call: Call, library_id: Id) -> None:
        """Allows changes of a library's content again."""
        await self._upkeep.exit(library_id)
