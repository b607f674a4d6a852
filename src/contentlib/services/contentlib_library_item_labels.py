"""Implements contentlib.library.item.labels: notes and labels of items.

A service of our own: upstream has none.
"""

from __future__ import annotations

from contentlib.library.catalog.annotations import Annotations
from contentlib.structures.privileges import on_item
from contentlib.structures.queries import (
    AnnotationInfo,
    AnnotationSpec,
    AnnotationUpdateSpec,
    annotation_info,
    given_change,
    given_labels,
)
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/contentlib/library/item/{library_item_id}/labels"


class ItemLabelsService(Service):
    """Notes and labels of items. They are not published."""

    vapi_id = "contentlib.library.item.labels"

    def __init__(self, annotations: Annotations) -> None:
        self._annotations = annotations

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_item("System.Read"),))
    async def get(self, call: Call, library_item_id: Id) -> AnnotationInfo:
        """Returns the notes and labels of an item."""
        return annotation_info(await self._annotations.of_item(library_item_id))

    @operation(
        Route("PUT", _PATH, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(on_item("ContentLibrary.UpdateLibraryItem"),),
    )
    async def set(self, call: Call, library_item_id: Id, spec: AnnotationSpec) -> None:
        """Replaces the notes and labels of an item, also of one in a subscribed library. Its version does not change."""
        await self._annotations.set_item(library_item_id, spec.notes or "", given_labels(spec))

    @operation(
        Route("PATCH", _PATH, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(on_item("ContentLibrary.UpdateLibraryItem"),),
    )
    async def update(self, call: Call, library_item_id: Id, spec: AnnotationUpdateSpec) -> None:
        """Changes some notes and labels of an item, and leaves the others as they are. Its version does not change."""
        await self._annotations.change_item(library_item_id, given_change(spec))
