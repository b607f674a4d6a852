"""Implements com.vmware.content.library.subscribed_item: the items of subscribed libraries."""

from __future__ import annotations

from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.structures.privileges import on_item
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidElementConfiguration, InvalidElementType, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_ITEM = "/api/content/library/subscribed-item/{library_item_id}"


class SubscribedItemService(Service):
    """Items of subscribed libraries."""

    vapi_id = "com.vmware.content.library.subscribed_item"

    def __init__(self, subscribed: SubscribedLibraries) -> None:
        self._subscribed = subscribed

    @operation(
        Route("POST", _ITEM, {"action": "sync"}, status=204),
        errors=(InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_item("ContentLibrary.SyncLibraryItem"),),
        task=True,
    )
    async def sync(self, call: Call, library_item_id: Id, force_sync_content: bool, sync_optional_files: bool | None) -> None:
        """Starts to synchronize an item, as a task.

        If the library is synchronized on demand, files are only fetched with `force_sync_content`; then all files are fetched,
        regardless of `sync_optional_files`. The call waits up to `sync_wait_seconds` for the end of the task.
        """
        begun = await self.begin_sync(call, library_item_id, force_sync_content, sync_optional_files)
        await self._subscribed.wait(begun)

    async def begin_sync(
        self, call: Call, library_item_id: Id, force_sync_content: bool, sync_optional_files: bool | None
    ) -> str:
        """Returns the identifier of the task."""
        return await self._subscribed.sync_item(library_item_id, call.user, content=force_sync_content)

    @operation(
        Route("POST", _ITEM, {"action": "evict"}, status=204),
        errors=(InvalidElementConfiguration, InvalidElementType, NotAllowedInCurrentState, NotFound),
        privileges=(on_item("ContentLibrary.EvictLibraryItem"),),
    )
    async def evict(self, call: Call, library_item_id: Id) -> None:
        """Removes the files of an item. They are fetched again when they are requested."""
        await self._subscribed.evict_item(library_item_id)
