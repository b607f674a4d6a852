"""Implements com.vmware.content.subscribed_library: libraries that follow a published one."""

from __future__ import annotations

import builtins

from contentlib.library import model
from contentlib.library.catalog.libraries import Libraries
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.following.subscriptions import SubscriptionChange
from contentlib.library.idempotence import check_token
from contentlib.structures.conversions import library_change, library_model, new_library, probe_result, subscription_change
from contentlib.structures.library import LibraryModel, SubscriptionInfo
from contentlib.structures.privileges import LIBRARY, READ, on_library
from contentlib.structures.probes import ProbeResult
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import (
    AlreadyExists,
    ConcurrentChange,
    InvalidArgument,
    InvalidElementType,
    NotAllowedInCurrentState,
    NotFound,
    ResourceBusy,
    ResourceInaccessible,
    Unsupported,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/content/subscribed-library"
_LIBRARY = f"{_PATH}/{{library_id}}"
_SUBSCRIBED = model.LibraryType.SUBSCRIBED


class SubscribedLibraryService(Service):
    """Libraries that follow a published one, on this server or another."""

    vapi_id = "com.vmware.content.subscribed_library"

    def __init__(self, libraries: Libraries, subscribed: SubscribedLibraries, server_guid: str) -> None:
        self._libraries = libraries
        self._subscribed = subscribed
        self._server_guid = server_guid

    @operation(
        Route("POST", _PATH, body="create_spec", headers={"Client-Token": "client_token"}, status=201),
        errors=(InvalidArgument, ResourceInaccessible, Unsupported),
        beside=(AlreadyExists,),
        privileges=(
            Privilege("ContentLibrary.CreateSubscribedLibrary"),
            Privilege("Datastore.AllocateSpace", "Datastore", "create_spec.storage_backings.datastore_id"),
        ),
    )
    async def create(self, call: Call, client_token: str | None, create_spec: LibraryModel) -> Id:
        """Creates a library that follows a published one and returns its identifier. Its first sync runs as a task.

        With `publish_info`, the library is itself published, which vCenter does not support.
        """
        token = check_token(call.user, f"{self.vapi_id}.create", client_token)
        followed = subscription_change(create_spec.subscription_info)
        return await self._subscribed.create(new_library(create_spec), followed, token, call.user, call.base_url)

    @operation(
        Route("GET", _LIBRARY),
        errors=(InvalidElementType, NotFound),
        privileges=(on_library("System.Read"),),
    )
    async def get(self, call: Call, library_id: Id) -> LibraryModel:
        """Returns a subscribed library."""
        return library_model(await self._libraries.get(library_id, _SUBSCRIBED), call, self._server_guid)

    @operation(Route("GET", _PATH), privileges=(READ,), shows=LIBRARY)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of all subscribed libraries, in order of creation."""
        return await self._libraries.ids(_SUBSCRIBED)

    @operation(
        Route("PATCH", _LIBRARY, body="update_spec", status=204),
        errors=(
            ConcurrentChange,
            InvalidArgument,
            InvalidElementType,
            NotAllowedInCurrentState,
            NotFound,
            ResourceBusy,
            ResourceInaccessible,
        ),
        beside=(AlreadyExists,),
        privileges=(on_library("ContentLibrary.UpdateSubscribedLibrary"),),
    )
    async def update(self, call: Call, library_id: Id, update_spec: LibraryModel) -> None:
        """Changes the given properties. A changed subscription starts a sync.

        With `publish_info`, the stored content is published, which vCenter does not support.
        """
        change = library_change(update_spec, publishing=True)
        followed = subscription_change(update_spec.subscription_info)
        await self._subscribed.update(library_id, change, followed, call.user, call.base_url)

    @operation(
        Route("DELETE", _LIBRARY, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.DeleteSubscribedLibrary"),),
    )
    async def delete(self, call: Call, library_id: Id) -> None:
        """Deletes a subscribed library with all its items. Running downloads complete."""
        await self._libraries.delete(library_id, _SUBSCRIBED, call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "force-delete"}, status=204),
        errors=(InvalidElementType, NotFound),
        privileges=(on_library("ContentLibrary.DeleteSubscribedLibrary"),),
    )
    async def force_delete(self, call: Call, library_id: Id) -> None:
        """Deletes a subscribed library even if it is in use."""
        await self._libraries.delete(library_id, _SUBSCRIBED, call.user, force=True)

    @operation(
        Route("POST", _LIBRARY, {"action": "sync"}, status=204),
        errors=(InvalidArgument, InvalidElementType, NotAllowedInCurrentState, NotFound, ResourceInaccessible),
        privileges=(on_library("ContentLibrary.SyncLibrary"),),
        task=True,
    )
    async def sync(self, call: Call, library_id: Id) -> None:
        """Starts to synchronize a library, as a task, or joins a running sync.

        The call waits up to `sync_wait_seconds` for the end of the sync, and fails if the publisher's library cannot be read in
        this time.
        """
        await self._subscribed.wait_for_publisher(await self.begin_sync(call, library_id))

    async def begin_sync(self, call: Call, library_id: Id) -> str:
        """Returns the identifier of the task."""
        return await self._subscribed.sync(library_id, call.user)

    @operation(
        Route("POST", _LIBRARY, {"action": "evict"}, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_library("ContentLibrary.EvictSubscribedLibrary"),),
    )
    async def evict(self, call: Call, library_id: Id) -> None:
        """Removes the files of an on-demand library. They are fetched again when they are requested."""
        await self._subscribed.evict(library_id)

    @operation(
        Route("POST", _PATH, {"action": "probe"}),
        privileges=(Privilege("ContentLibrary.ProbeSubscription"),),
    )
    async def probe(self, call: Call, subscription_info: SubscriptionInfo) -> ProbeResult:
        """Checks whether a published library can be subscribed to."""
        change = subscription_change(subscription_info) or SubscriptionChange()
        return probe_result(await self._subscribed.probe(change, call.base_url))
