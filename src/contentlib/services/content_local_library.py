"""Implements com.vmware.content.local_library: local libraries and their publishing."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.libraries import Libraries
from contentlib.library.following.subscribers import Subscribers
from contentlib.library.idempotence import check_token
from contentlib.structures.conversions import library_change, library_model, new_library
from contentlib.structures.errors import PUBLISHING
from contentlib.structures.library import LibraryModel
from contentlib.structures.privileges import LIBRARY, READ, on_library
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import (
    AlreadyExists,
    ConcurrentChange,
    InvalidArgument,
    InvalidElementType,
    NotAllowedInCurrentState,
    NotFound,
    ResourceBusy,
    Unsupported,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/content/local-library"
_LIBRARY = f"{_PATH}/{{library_id}}"
_LOCAL = model.LibraryType.LOCAL


class DestinationSpec(Structure):
    """A subscription to publish to."""

    vapi_name: ClassVar[str] = "com.vmware.content.local_library.destination_spec"
    subscription: Id


class LocalLibraryService(Service):
    """Local libraries."""

    vapi_id = "com.vmware.content.local_library"

    def __init__(self, libraries: Libraries, subscribers: Subscribers, server_guid: str) -> None:
        self._libraries = libraries
        self._subscribers = subscribers
        self._server_guid = server_guid

    @operation(
        Route("POST", _PATH, body="create_spec", headers={"Client-Token": "client_token"}, status=201),
        errors=(InvalidArgument, Unsupported),
        beside=(AlreadyExists,),
        privileges=(
            Privilege("ContentLibrary.CreateLocalLibrary"),
            Privilege("Datastore.AllocateSpace", "Datastore", "create_spec.storage_backings.datastore_id"),
        ),
    )
    async def create(self, call: Call, client_token: str | None, create_spec: LibraryModel) -> Id:
        """Creates a local library and returns its identifier. Without a storage backing, it uses the default storage."""
        token = check_token(call.user, f"{self.vapi_id}.create", client_token)
        return await self._libraries.create(new_library(create_spec), token, call.user)

    @operation(
        Route("GET", _LIBRARY),
        errors=(InvalidElementType, NotFound),
        privileges=(on_library("System.Read"),),
    )
    async def get(self, call: Call, library_id: Id) -> LibraryModel:
        """Returns a local library."""
        return library_model(await self._libraries.get(library_id, _LOCAL), call, self._server_guid)

    @operation(Route("GET", _PATH), privileges=(READ,), shows=LIBRARY)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of all local libraries, in order of creation."""
        return await self._libraries.ids(_LOCAL)

    @operation(
        Route("PATCH", _LIBRARY, body="update_spec", status=204),
        errors=(
            ConcurrentChange,
            InvalidArgument,
            InvalidElementType,
            NotAllowedInCurrentState,
            NotFound,
            ResourceBusy,
        ),
        beside=(AlreadyExists,),
        privileges=(on_library("ContentLibrary.UpdateLocalLibrary"),),
    )
    async def update(self, call: Call, library_id: Id, update_spec: LibraryModel) -> None:
        """Changes the given properties. Changing or disabling a BASIC password requires the current one."""
        await self._libraries.update(library_id, library_change(update_spec, publishing=True), _LOCAL)

    @operation(
        Route("DELETE", _LIBRARY, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.DeleteLocalLibrary"),),
    )
    async def delete(self, call: Call, library_id: Id) -> None:
        """Deletes a local library with all its items. Running downloads complete."""
        await self._libraries.delete(library_id, _LOCAL, call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "force-delete"}, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.DeleteLocalLibrary"),),
    )
    async def force_delete(self, call: Call, library_id: Id) -> None:
        """Deletes a local library even if it is in use."""
        await self._libraries.delete(library_id, _LOCAL, call.user, force=True)

    @operation(
        Route("POST", _LIBRARY, {"action": "publish"}, status=204),
        errors=(InvalidArgument, *PUBLISHING),
        privileges=(on_library("ContentLibrary.PublishLibrary"),),
        task=True,
    )
    async def publish(
        self,
        call: Call,
        library_id: Id,
        subscriptions: builtins.list[DestinationSpec] | None,
    ) -> None:
        """Starts to synchronize the subscribed libraries of the given subscriptions on this server, or of all of them."""
        chosen = None if subscriptions is None else [each.subscription for each in subscriptions]
        await self._subscribers.publish(library_id, chosen, call.user)
