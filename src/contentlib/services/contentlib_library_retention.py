"""Implements contentlib.library.retention: how many earlier content versions a library keeps, and how long.

This service is our own: vCenter keeps earlier versions of virtual machine templates only.
"""

from __future__ import annotations

from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.retention import Retentions
from contentlib.structures.privileges import on_library
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Integer, Structure

_PREFIX = "contentlib.library.retention"
_PATH = "/api/contentlib/library/{library_id}/retention"
_CHANGING = (on_library("ContentLibrary.UpdateLibrary"),)


class RetentionSpec(Structure):
    """A retention rule: keep the last `versions` of an item, each for `seconds` after it was replaced.

    An unset field means no limit. The current version, and versions that an active session reads, are always kept.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.spec"
    seconds: Integer | None = None
    versions: Integer | None = None


class RetentionInfo(Structure):
    """The rule of a library, and whether it is its own or that of the settings.

    The library and its items can be restored for `trash_seconds` after they were deleted; 0 is not at all.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    own: bool
    trash_seconds: Integer
    seconds: Integer | None = None
    versions: Integer | None = None


class RetentionService(Service):
    """Retention rules of libraries."""

    vapi_id = _PREFIX

    def __init__(self, retentions: Retentions, trash_seconds: int) -> None:
        self._retentions = retentions
        self._trash_seconds = trash_seconds

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_library("System.Read"),))
    async def get(self, call: Call, library_id: Id) -> RetentionInfo:
        """Returns the rule of a library."""
        rule, own = await self._retentions.get(library_id)
        return RetentionInfo(own=own, seconds=rule.seconds, trash_seconds=self._trash_seconds, versions=rule.versions)

    @operation(Route("PUT", _PATH, body="spec", status=204), errors=(InvalidArgument, NotFound), privileges=_CHANGING)
    async def set(self, call: Call, library_id: Id, spec: RetentionSpec) -> None:
        """Sets the rule of a library. It is applied at the next cleanup."""
        await self._retentions.set(library_id, model.Retention(versions=spec.versions, seconds=spec.seconds))

    @operation(Route("DELETE", _PATH, status=204), errors=(NotFound,), privileges=_CHANGING)
    async def reset(self, call: Call, library_id: Id) -> None:
        """Restores the rule of the settings for a library."""
        await self._retentions.set(library_id, None)
