"""contentlib.library.retention: how many earlier content versions of its items a library keeps, and for how long.

A service of our own: upstream keeps none, but of virtual machine templates.
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
    """A rule: the last `versions` of an item are kept, the current one included, and each for `seconds` after it was replaced.

    What is not given is no limit. The current version, and one that an active session reads, is always kept.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.spec"
    seconds: Integer | None = None
    versions: Integer | None = None


class RetentionInfo(Structure):
    """The rule of a library, and whether it is its own; else it is the one of the settings."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    own: bool
    seconds: Integer | None = None
    versions: Integer | None = None


class RetentionService(Service):
    """The rules by which libraries keep earlier content versions."""

    vapi_id = _PREFIX

    def __init__(self, retentions: Retentions) -> None:
        self._retentions = retentions

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_library("System.Read"),))
    async def get(self, call: Call, library_id: Id) -> RetentionInfo:
        """Returns the rule of a library."""
        rule, own = await self._retentions.get(library_id)
        return RetentionInfo(own=own, seconds=rule.seconds, versions=rule.versions)

    @operation(Route("PUT", _PATH, body="spec", status=204), errors=(InvalidArgument, NotFound), privileges=_CHANGING)
    async def set(self, call: Call, library_id: Id, spec: RetentionSpec) -> None:
        """Gives a library a rule of its own; it is applied at the next sweep."""
        await self._retentions.set(library_id, model.Retention(versions=spec.versions, seconds=spec.seconds))

    @operation(Route("DELETE", _PATH, status=204), errors=(NotFound,), privileges=_CHANGING)
    async def reset(self, call: Call, library_id: Id) -> None:
        """Gives a library the rule of the settings again."""
        await self._retentions.set(library_id, None)
