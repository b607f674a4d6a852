"""Implements contentlib.library.labels: notes and labels of libraries.

A service of our own: upstream has none.
"""

from __future__ import annotations

from contentlib.library.catalog.annotations import Annotations
from contentlib.structures.privileges import on_library
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

_PATH = "/api/contentlib/library/{library_id}/labels"


class LibraryLabelsService(Service):
    """Notes and labels of libraries. They are not published."""

    vapi_id = "contentlib.library.labels"

    def __init__(self, annotations: Annotations) -> None:
        self._annotations = annotations

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_library("System.Read"),))
    async def get(self, call: Call, library_id: Id) -> AnnotationInfo:
        """Returns the notes and labels of a library."""
        return annotation_info(await self._annotations.of_library(library_id))

    @operation(
        Route("PUT", _PATH, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(on_library("ContentLibrary.UpdateLibrary"),),
    )
    async def set(self, call: Call, library_id: Id, spec: AnnotationSpec) -> None:
        """Replaces the notes and labels of a library, also of a subscribed one."""
        await self._annotations.set_library(library_id, spec.notes or "", given_labels(spec))

    @operation(
        Route("PATCH", _PATH, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(on_library("ContentLibrary.UpdateLibrary"),),
    )
    async def update(self, call: Call, library_id: Id, spec: AnnotationUpdateSpec) -> None:
        """Changes some notes and labels of a library, and leaves the others as they are."""
        await self._annotations.change_library(library_id, given_change(spec))
